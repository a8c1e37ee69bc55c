"""What an execution can be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """News of a task that belongs to the execution."""

    step: str
    undo: bool
    """It is the task that undoes the step."""
    kind: str
    """started, retrying, uncertain, succeeded, failed, cancelled."""
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


News = Fact | CancelAsked | Begin
