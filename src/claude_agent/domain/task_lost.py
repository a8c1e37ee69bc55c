"""What follows where nobody saw how a run ended: proof first, then a decision; and late reports."""

from dataclasses import dataclass

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import HOST_UNREACHABLE, MAX_DELIVERIES, Task
from claude_agent.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose:
    """Neither a verdict nor a live shim was found."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reap:
    """Nothing of the run is alive any more."""

    killed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """What happened in the lost run is decided."""

    outcome: str
    """`succeeded`, `retry` or `failed`."""
    how: str
    """`probe`, `idempotent`, `rule`, `person`."""
    note: str = ""
    outputs: Data | None = None
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLate:
    """A run ended that had been decided without its verdict."""

    run: int
    verdict: Data
    kind: str = ""
    """The error kind; empty: it ended well."""
    message: str = ""
    outputs: Data | None = None
    evidence: tuple[str, ...] = ()


def lost(task: Task, command: Lose | Reap | Resolve | ReportLate) -> tuple[Payload, ...]:
    """Return what follows. Raises `Conflict` where its state or a missing proof forbids it."""
    match command:
        case Lose():
            if task.state == TaskState.UNCERTAIN:
                return ()
            _must_be(task, TaskState.RUNNING)  # gates are repeatable: they run again instead
            return (ev.TaskUncertain(run=task.run, reason=command.reason),)
        case Reap():
            _must_be(task, TaskState.UNCERTAIN)
            return (ev.TaskReaped(run=task.run, killed=command.killed),)
        case Resolve():
            return _resolve(task, command)
        case ReportLate():
            return _reported_late(task, command)


def _resolve(task: Task, command: Resolve) -> tuple[Payload, ...]:
    _must_be(task, TaskState.UNCERTAIN)
    if task.reaped_run != task.run:
        message = f"Run {task.run} of task {task.ref} is not proved ended yet."
        hint = "Wait until it was reaped; this takes seconds."
        if task.reason == HOST_UNREACHABLE:
            message = f"{message[:-1]}: its host {task.host} is unreachable."
            hint = f"Wait until it is back, or say: claude-agent host lost {task.host}"
        raise Conflict(message, hint=hint)
    if task.cancel_requested:
        return (
            ev.TaskCancelled(
                reason=task.cancel_requested,
                ended_well=command.outcome == "succeeded",
                evidence=["E1"],
            ),
        )
    resolved = ev.TaskResolved(
        run=task.run,
        how=command.how,
        outcome=command.outcome,
        note=command.note,
        evidence=["E1"],
    )
    error = {"kind": "crash", "message": task.reason or "Its run was lost."}
    match command.outcome:
        case "succeeded":
            result = (task.report or {}).get("result")
            done = ev.TaskSucceeded(
                outputs=command.outputs if command.outputs is not None else result,
                verdict=task.verdict or {},
                evidence=["E1"] if result is None else ["E1", "E4"],
                run=task.run,
            )
            return (resolved, done)
        case "retry" if task.deliveries + 1 > MAX_DELIVERIES:
            return (resolved, ev.TaskDead(reason="poison", error=error))
        case "retry":
            again = ev.TaskRetryScheduled(
                due=command.at, attempt=task.attempt + 1, reason=task.reason
            )
            return (resolved, again)
        case _:
            return (resolved, ev.TaskDead(reason="crash", error=error))


def _reported_late(task: Task, command: ReportLate) -> tuple[Payload, ...]:
    """Return the record of it; whatever the task has become since, it stays."""
    open_still = task.state in (TaskState.RUNNING, TaskState.VERIFYING, TaskState.UNCERTAIN)
    if command.run > task.run or (command.run == task.run and open_still):
        message = f"Run {command.run} of task {task.ref} is not decided yet: it is not late."
        raise Conflict(message)
    said = ev.TaskReportedLate(
        run=command.run,
        kind=command.kind,
        message=command.message,
        outputs=command.outputs,
        verdict=command.verdict,
        evidence=list(command.evidence),
    )
    return (said,)


def _must_be(task: Task, state: TaskState) -> None:
    if task.state != state:
        message = f"Task {task.ref} is {task.state}, not {state}."
        raise Conflict(message)
