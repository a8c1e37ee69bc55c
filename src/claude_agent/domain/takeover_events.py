"""What happens when a person goes on in an agent's conversation, and lets the agent go on again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from claude_agent.domain.events import Payload, payload


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverSaid(Payload):
    """What is said of a takeover."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTakeoverRequested(TakeoverSaid):
    """A person takes it over: its run is asked to stop, and no timeout counts meanwhile."""

    TYPE: ClassVar[str] = "task.takeover_requested"
    run: int
    by: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTakenOver(TakeoverSaid):
    """Its run has ended; the next one shows the agent's own screen with the same conversation."""

    TYPE: ClassVar[str] = "task.taken_over"
    run: int
    """The run that ended for it."""
    conversation: str
    verdict: Mapping[str, Any] = field(default_factory=dict)
    evidence: list[str] | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHandbackRequested(TakeoverSaid):
    """The person lets the agent go on: the screen is asked to close."""

    TYPE: ClassVar[str] = "task.handback_requested"
    run: int
    by: str
    note: str = ""
    """What the agent is told."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHandedBack(TakeoverSaid):
    """The screen has closed; the agent goes on by itself, in the same conversation and attempt."""

    TYPE: ClassVar[str] = "task.handed_back"
    run: int
    """The run that had the screen, or that was to get it."""
    how: str
    """`person`, `left` (the program was ended), `window` (closed), `refused`, `too_early`."""
    message: str = ""
    """Why the screen did not open."""
    verdict: Mapping[str, Any] = field(default_factory=dict)
    evidence: list[str] | None = None
