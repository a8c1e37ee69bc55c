"""What a decision about its approval makes of a task."""

from dataclasses import dataclass

from claude_agent.domain import task_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """It may start."""

    at: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """It must not start."""

    reason: str
    """`rejected`, `approval_expired`."""
    by: str
    note: str = ""


def approved(task: Task, command: Approve) -> tuple[Payload, ...]:
    """Return what follows. Raises `Conflict` unless it waits for its approval."""
    _must_be_held(task)
    return (ev.TaskApproved(at=command.at, approval=task.approval, by=command.by),)


def rejected(task: Task, command: Reject) -> tuple[Payload, ...]:
    """Return what follows. Raises `Conflict` unless it waits for its approval."""
    _must_be_held(task)
    return (ev.TaskRejected(reason=command.reason, by=command.by, note=command.note),)


def _must_be_held(task: Task) -> None:
    if task.state != TaskState.HELD:
        message = f"Task {task.ref} is {task.state}; it waits for no approval."
        raise Conflict(message)
