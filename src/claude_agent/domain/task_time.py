"""What follows for a task when time passes: it is due, or a timeout acts."""

from dataclasses import dataclass

from claude_agent.domain import task_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time has passed."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The wall clock jumped by so many milliseconds."""

    jump: int


def passed(task: Task, command: Tick | Move) -> tuple[Payload, ...]:
    """Return what time brings."""
    if isinstance(command, Tick):
        return _ticked(task, command.at)
    return () if task.terminal else (ev.TaskMoved(jump=command.jump),)


def _ticked(task: Task, at: int) -> tuple[Payload, ...]:
    deadline = task.deadline_at
    if deadline is not None and deadline <= at:
        return _timed_out(task, at)
    if task.state == TaskState.SCHEDULED and task.not_before <= at:
        return (ev.TaskDue(),)
    return ()


def _timed_out(task: Task, at: int) -> tuple[Payload, ...]:
    total = task.spec.limits.total_ms
    over_total = total is not None and task.asked_at + total <= at
    if task.state in (TaskState.READY, TaskState.SCHEDULED):
        if over_total:
            error = {"kind": "timeout.total", "message": "It did not end within its total timeout."}
            return (ev.TaskDead(reason="timeout.total", error=error),)
        return (ev.TaskExpired(reason="It was not started within its start timeout."),)
    reason = "timeout.total" if over_total else "timeout.run"
    return (ev.TaskStopRequested(run=task.run, reason=reason),)
