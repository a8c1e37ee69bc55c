"""What an agent says of its own work: notes while it works, and its result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict

_OPEN = frozenset({TaskState.RUNNING, TaskState.UNCERTAIN})
"""Also while nobody knows what became of it: the agent may live on without its shim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The agent said something worth keeping."""

    kind: str
    text: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The agent of a run says what came of it."""

    run: int
    """The run whose token was shown."""
    kind: Literal["complete", "fail"]
    result: Data | None = None
    message: str = ""
    """Why it failed, in the agent's words."""
    retryable: bool = True
    """False: another attempt would only repeat it."""


def why_late(task: Task, run: int) -> str:
    """Return why a run can say no more about its task, or nothing: it can."""
    if run != task.run:
        return f"run {run} is over, run {task.run} took its place"
    if task.state not in _OPEN:
        return f"the task is {task.state.value} already"
    return ""


def told(task: Task, command: Note | Report) -> tuple[ev.TaskOutput | ev.TaskReported]:
    """Return the event of what an agent says.

    A report that comes late is kept and changes nothing. Raises `Conflict` for a note where
    nothing runs.
    """
    if isinstance(command, Note):
        if task.state != TaskState.RUNNING:
            message = f"Task {task.ref} is {task.state}, not running."
            raise Conflict(message)
        return (ev.TaskOutput(run=task.run, kind=command.kind, text=command.text),)
    said = ev.TaskReported(
        run=command.run,
        kind=command.kind,
        result=command.result,
        message=command.message,
        retryable=command.retryable,
        late=why_late(task, command.run),
    )
    return (said,)
