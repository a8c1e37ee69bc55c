"""Tells the server's log what happened to tasks and executions: one line each, with their ids.

The events hold the truth; these lines are for whoever reads logs. Only what changes a person's
picture is told: a task that succeeds at once has three lines.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence

from claude_agent.domain import execution_events as ex
from claude_agent.domain import takeover_events as takeover
from claude_agent.domain import task_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.execution import Execution
from claude_agent.domain.task import Task

_LOG = logging.getLogger("claude_agent.work")
_INFO, _WARNING = logging.INFO, logging.WARNING

# Level and words; {0} is the payload.
_OF_TASK: Mapping[type[Payload], tuple[int, str]] = {
    ev.TaskStarted: (_INFO, "started: attempt {0.attempt}, run {0.run}"),
    ev.TaskAdopted: (_INFO, "adopted: run {0.run} has a new owner"),
    ev.TaskReleased: (_INFO, "given back: {0.reason}"),
    ev.TaskUncertain: (_WARNING, "uncertain: {0.reason}"),
    ev.TaskReaped: (_INFO, "reaped: {0.killed} processes of run {0.run}"),
    ev.TaskResolved: (_INFO, "resolved by {0.how}: {0.outcome}"),
    ev.TaskAttemptFailed: (_WARNING, "attempt {0.attempt} failed: {0.message}"),
    ev.TaskParked: (_WARNING, "is parked: {0.reason}"),
    ev.TaskStopRequested: (_WARNING, "is being stopped: {0.reason}"),
    ev.TaskCancelRequested: (_INFO, "is being cancelled: {0.reason}"),
    takeover.TaskTakeoverRequested: (_INFO, "is taken over by {0.by}"),
    takeover.TaskTakenOver: (_INFO, "shows its conversation to a person"),
    takeover.TaskHandedBack: (_INFO, "is handed back to its agent ({0.how})"),
    ev.TaskSucceeded: (_INFO, "succeeded"),
    ev.TaskDead: (_WARNING, "is a dead letter: {0.reason}"),
    ev.TaskCancelled: (_INFO, "cancelled: {0.reason}"),
    ev.TaskRedriven: (_INFO, "re-driven: generation {0.generation}"),
    ev.TaskDiscarded: (_INFO, "discarded: {0.reason}"),
    ev.TaskExpired: (_WARNING, "expired: {0.reason}"),
}
_OF_EXECUTION: Mapping[type[Payload], tuple[int, str]] = {
    ex.ExecutionStarted: (_INFO, "started"),
    ex.ExecutionFailing: (_WARNING, "step {0.step} failed: {0.message}"),
    ex.CompensationPlanned: (_INFO, "is undone: {0.groups}"),
    ex.ExecutionEnded: (_INFO, "ended as {0.state}"),
}


def tell_submitted(task: Task) -> None:
    """Log that a task was accepted."""
    _tell(_INFO, f"task {task.ref} accepted: {task.spec.title}", _ids(task))


def tell_task(task: Task, said: Sequence[Payload]) -> None:
    """Log what was said of a task, once it is committed."""
    for level, words in _lines(_OF_TASK, said):
        _tell(level, f"task {task.ref} {words}", _ids(task))


def tell_execution(run: Execution, said: Sequence[Payload]) -> None:
    """Log what was said of an execution, once it is committed."""
    for level, words in _lines(_OF_EXECUTION, said):
        _tell(level, f"execution {run.ref} {words}", {"execution_id": run.id})


def _lines(
    table: Mapping[type[Payload], tuple[int, str]], said: Sequence[Payload]
) -> Iterator[tuple[int, str]]:
    for one in said:
        if (known := table.get(type(one))) is not None:
            level, words = known
            if _LOG.isEnabledFor(level):
                yield level, words.format(one)


def _tell(level: int, text: str, ids: dict[str, str]) -> None:
    if _LOG.isEnabledFor(level):
        _LOG.log(level, "%s", text, extra=ids)


def _ids(task: Task) -> dict[str, str]:
    spec = task.spec
    ids = {
        "task_id": task.id,
        "agent": spec.agent,
        "run_id": task.run_id if task.run else "",
        "execution_id": spec.execution_id or "",
        "step_id": spec.step_id or "",
    }
    return {name: value for name, value in ids.items() if value}
