"""Folds what time and limits do to a task that waits; the meaning is in `task_parking`."""

from typing import TYPE_CHECKING

from claude_agent.domain import takeover_fold
from claude_agent.domain import task_events as ev
from claude_agent.domain.copying import replace
from claude_agent.domain.states import TaskState

if TYPE_CHECKING:
    from claude_agent.domain.task import Task


def parked(task: "Task", said: ev.TaskParked, at: int) -> "Task":
    """Return the task after its run met a limit: an attempt that had begun is given back."""
    return replace(
        takeover_fold.returned(task, at),
        takeover={},
        not_before=said.until,
        attempt=task.attempt - (1 if said.counted else 0),
        reason=said.reason,
        error={"kind": said.kind, "message": said.reason},
        verdict=said.verdict or task.verdict,
        parked={"account": said.account, "kind": said.kind, "dated": said.dated},
    )


def due(task: "Task", said: ev.TaskDue) -> "Task":
    """Return the task when its time has come, or a person ended its parking early."""
    at = task.not_before if said.at is None else said.at
    return replace(task, state=TaskState.READY, not_before=at)


def moved(task: "Task", said: ev.TaskMoved) -> "Task":
    """Return the task after a jump of the wall clock: lengths of time move, dates do not."""
    began = task.attempt_started_at
    return replace(
        task,
        not_before=task.not_before + (0 if task.parked.get("dated") else said.jump),
        attempt_started_at=None if began is None else began + said.jump,
    )
