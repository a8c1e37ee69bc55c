"""A person takes a task over and hands it back: the same task, attempt and conversation.

Where it stands is `Task.takeover`: `phase` is `asked` (the agent's run is being stopped), `screen`
(the person has it), `back` (the screen is being closed) or `agent` (it was handed back and the
attempt goes on); an empty mapping: nobody took this attempt over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claude_agent.domain import takeover_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.retry import Failure
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_events import TaskRetryScheduled, TaskStarting
from claude_agent.domain.task_failure import SHUTDOWN
from claude_agent.errors import Conflict, Invalid

Said = tuple[Payload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """A person goes on in the agent's conversation."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack:
    """The person lets the agent go on."""

    by: str
    note: str = ""


def ordered(task: Task, command: TakeOver | HandBack) -> Said:
    """Return what follows from a person's order. Raises `Conflict`, `Invalid`."""
    if isinstance(command, TakeOver):
        return _taken(task, command)
    return _back(task, command)


def _taken(task: Task, command: TakeOver) -> Said:
    if task.spec.kind != "prompt":
        message = f"Task {task.ref} runs a command: there is no conversation to take over."
        raise Invalid(message, hint=f"Look at it: claude-agent task logs -f {task.ref}")
    if task.state != TaskState.RUNNING:
        message = f"Task {task.ref} is {task.state}: only what runs can be taken over."
        raise Conflict(message, hint=f"See where it stands: claude-agent task show {task.ref}")
    if task.taken_over:
        by = str(task.takeover["by"])
        if by == command.by and task.takeover["phase"] != "back":
            return ()
        message = f"Task {task.ref} is taken over by {by} already."
        raise Conflict(message, hint=f"It is handed back by: claude-agent task handback {task.ref}")
    if task.cancel_requested or task.stop_requested:
        message = f"Task {task.ref} is being stopped: {task.cancel_requested or 'a limit'}."
        raise Conflict(message)
    if task.attempt_started_at is None:
        message = f"Task {task.ref} has not begun yet."
        raise Conflict(message, hint="Try it again in a moment.")
    if task.approval:
        message = f"Task {task.ref} was approved as it was shown: nobody may go on by hand in it."
        hint = f"Cancel it and submit it without an approval: claude-agent task cancel {task.ref}"
        raise Conflict(message, hint=hint)
    return (ev.TaskTakeoverRequested(run=task.run, by=command.by),)


def _back(task: Task, command: HandBack) -> Said:
    if not task.taken_over or task.state != TaskState.RUNNING:
        message = f"Nobody has taken task {task.ref} over."
        raise Conflict(message, hint=f"See where it stands: claude-agent task show {task.ref}")
    if task.takeover["phase"] == "back":
        return ()
    return (ev.TaskHandbackRequested(run=task.run, by=command.by, note=command.note),)


def after_run(
    task: Task,
    failure: Failure | None,
    verdict: Mapping[str, Any],
    *,
    conversation: str,
    at: int,
) -> Said | None:
    """Return what follows when a run ends that was taken over; None: what follows any run."""
    phase = task.takeover["phase"]
    if phase != "screen" and failure is None and not verdict.get("stopped"):
        return None  # the agent was done before it could be stopped
    if task.stop_requested == SHUTDOWN:
        why = "It was stopped with the server."
        again = TaskRetryScheduled(
            due=at,
            attempt=task.attempt,
            reason=why,
            counted=False,
            verdict=verdict,
            evidence=["E1"],
        )
        return (again,)
    go_on = TaskStarting(run=task.run + 1, host=task.host)
    if phase != "asked":
        how, said = _how_it_closed(task, failure, verdict)
        back = ev.TaskHandedBack(
            run=task.run, how=how, message=said, verdict=verdict, evidence=["E1"]
        )
        return (back, go_on)
    if conversation:
        taken = ev.TaskTakenOver(
            run=task.run, conversation=conversation, verdict=verdict, evidence=["E1"]
        )
        return (taken, go_on)
    if not verdict.get("stopped"):
        return None  # it failed before it had a conversation: as if nobody had asked
    early = "The agent had not begun its conversation yet."
    back = ev.TaskHandedBack(
        run=task.run, how="too_early", message=early, verdict=verdict, evidence=["E1"]
    )
    return (back, go_on)


def _how_it_closed(
    task: Task, failure: Failure | None, verdict: Mapping[str, Any]
) -> tuple[str, str]:
    if task.takeover["phase"] == "back":
        return "person", ""
    if verdict.get("error") or "code" not in verdict:
        return "refused", failure.message if failure is not None else str(verdict.get("error"))
    return ("left" if verdict.get("signal") is None else "window"), ""
