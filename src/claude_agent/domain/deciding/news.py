"""What an execution can be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain.definition_parts import Data
from claude_agent.domain.execution_events import ExecutionReopened


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """News of a task that belongs to the execution."""

    step: str
    undo: bool
    """It is the task that undoes the step."""
    kind: str
    """held, approved, started, retrying, uncertain, succeeded, failed, cancelled."""
    task_id: str
    attempt: int = 0
    outputs: Mapping[str, Any] | None = None
    reason: str = ""
    message: str = ""
    due: int = 0
    started: bool = True
    ended_well: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """Somebody wants the execution to stop; None: as its definition says."""

    reason: str
    compensate: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The execution was just submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerDue:
    """The time that a step waits for has come."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped:
    """The wall clock jumped by so many milliseconds."""

    jump: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled:
    """Somebody sent a signal."""

    name: str
    data: object = None
    source: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeen:
    """An event was said that a step waits for."""

    step: str
    type: str
    data: object = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An approval that a step waits for was decided, or ran out."""

    step: str
    yes: bool
    by: str
    note: str = ""
    answers: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEnded:
    """The execution that a step started has ended."""

    step: str
    execution_id: str
    ref: str
    state: str
    outputs: Data | None = None
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Somebody wants nothing new to start."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Somebody lets a paused execution go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """Somebody gives it a second chance; what it means was found by `reopening`."""

    said: ExecutionReopened


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeUndo:
    """Somebody lets the undoing go on that failed, without some of the steps."""

    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOverdue:
    """All the undoing together took longer than it may."""


News = (
    Answered
    | TimerDue
    | ClockJumped
    | Signalled
    | EventSeen
    | ChildEnded
    | Fact
    | CancelAsked
    | Begin
    | Pause
    | Resume
    | Reopen
    | ResumeUndo
    | UndoOverdue
)
