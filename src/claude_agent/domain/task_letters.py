"""What a person may do with a dead letter: let it run again, or put it aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claude_agent.domain import task_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """A person lets a dead task run again, with its attempts reset."""

    at: int
    reason: str = ""
    spec: Mapping[str, Any] | None = None
    """The whole new specification; None: as it was."""
    approval: str = ""
    """The approval that it waits for; empty: it needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """A person puts a dead letter aside for good."""

    reason: str


def redriven(task: Task, command: Redrive) -> tuple[Payload, ...]:
    """Return what follows. Raises `Conflict` unless it is a dead letter outside a workflow."""
    _must_be_dead(task, "re-driven")
    if task.spec.purpose != "task":
        message = f"Task {task.ref} belongs to step {task.spec.step_id} of a workflow."
        execution = task.spec.execution_id
        raise Conflict(
            message,
            hint="A step has run its course with its workflow. Look at it and start the workflow "
            f"again: claude-agent execution show {execution}",
        )
    said = ev.TaskRedriven(
        generation=task.generation + 1,
        at=command.at,
        reason=command.reason,
        spec=command.spec,
        approval=command.approval,
    )
    return (said,)


def discarded(task: Task, command: Discard) -> tuple[Payload, ...]:
    """Return what follows. Raises `Conflict` unless it is a dead letter."""
    _must_be_dead(task, "discarded")
    return (ev.TaskDiscarded(reason=command.reason),)


def _must_be_dead(task: Task, done: str) -> None:
    if task.state != TaskState.DEAD:
        message = f"Task {task.ref} is {task.state}; only a dead letter is {done}."
        raise Conflict(message, hint="List them: claude-agent deadletter list")
