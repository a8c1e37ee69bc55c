"""Schedules: when a workflow starts by itself, as events and as what they fold to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from claude_agent.domain.events import Payload, payload

NEVER = 2**53
"""As the time of a firing: there is none any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One line of a workflow's `on.schedule`, and where it stands. Times: epoch milliseconds."""

    id: str
    """`<workflow>.<number>`."""
    workflow: str
    definition: str
    """Hash of what it starts."""
    cron: str
    tz: str
    catchup_ms: int
    overlap: str
    inputs: Mapping[str, object] = field(default_factory=dict)
    next_at: int = NEVER
    """The next time that is not decided yet."""
    paused: bool = False
    pause_reason: str = ""
    removed: bool = False
    """The newest version of its workflow does not have it any more."""
    seq: int = 0
    created_at: int = 0
    updated_at: int = 0

    @property
    def stream(self) -> str:
        """Return the stream of its events."""
        return f"schedule/{self.id}"


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSet(Payload):
    """A version of its workflow says when it fires; a person's pause stays."""

    TYPE: ClassVar[str] = "schedule.set"
    workflow: str
    definition: str
    cron: str
    tz: str
    catchup_ms: int
    overlap: str
    inputs: Mapping[str, object]
    next_at: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRemoved(Payload):
    """The newest version of its workflow does not have it any more."""

    TYPE: ClassVar[str] = "schedule.removed"
    definition: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePaused(Payload):
    """It fires no more until it is resumed."""

    TYPE: ClassVar[str] = "schedule.paused"
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleResumed(Payload):
    """It fires again from now on; what fell into the pause is not made up for."""

    TYPE: ClassVar[str] = "schedule.resumed"
    next_at: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleMoved(Payload):
    """Its next time was computed anew."""

    TYPE: ClassVar[str] = "schedule.moved"
    next_at: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFired(Payload):
    """A firing started an execution; there is one at most for each (schedule, tick)."""

    TYPE: ClassVar[str] = "schedule.fired"
    tick: int
    kind: str
    """`cron`, `backfill` or `manual`."""
    execution_id: str
    ref: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleQueued(Payload):
    """A firing waits until the one before it has ended."""

    TYPE: ClassVar[str] = "schedule.queued"
    tick: int
    kind: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSkipped(Payload):
    """A firing starts nothing."""

    TYPE: ClassVar[str] = "schedule.skipped"
    tick: int
    kind: str
    reason: str
    """`overlap`, `replaced`, `queue_full`, `refused` or `removed`."""
    message: str = ""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleMissed(Payload):
    """Nobody was there at some of its times (both inclusive); they were not made up for."""

    TYPE: ClassVar[str] = "schedule.missed"
    first: int
    last: int


def folded(before: Schedule | None, schedule_id: str, said: Payload, at: int) -> Schedule:
    """Return the schedule after one event. Raises `ValueError` if it begins with another one."""
    if isinstance(said, ScheduleSet):
        data = said.to_data()
        if before is None:
            return Schedule(id=schedule_id, seq=1, created_at=at, updated_at=at, **data)
        return replace(before, seq=before.seq + 1, updated_at=at, removed=False, **data)
    if before is None:
        message = f"schedule {schedule_id} begins with {said.TYPE}"
        raise ValueError(message)
    after = replace(before, seq=before.seq + 1)
    match said:
        case ScheduleRemoved():
            return replace(
                after, removed=True, paused=False, pause_reason="", next_at=NEVER, updated_at=at
            )
        case SchedulePaused():
            return replace(after, paused=True, pause_reason=said.reason, updated_at=at)
        case ScheduleResumed():
            return replace(
                after, paused=False, pause_reason="", next_at=said.next_at, updated_at=at
            )
        case ScheduleMoved():
            return replace(after, next_at=said.next_at)
        case _:
            return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What became of one firing."""

    kind: str
    state: str
    """`queued`, `started` or `skipped`."""
    execution_id: str = ""
    reason: str = ""
    message: str = ""


def tick_after(said: Payload) -> tuple[int, Tick] | None:
    """Return (tick, what became of it) where the event is about one firing."""
    match said:
        case ScheduleFired():
            return said.tick, Tick(kind=said.kind, state="started", execution_id=said.execution_id)
        case ScheduleQueued():
            return said.tick, Tick(kind=said.kind, state="queued")
        case ScheduleSkipped():
            skipped = Tick(
                kind=said.kind, state="skipped", reason=said.reason, message=said.message
            )
            return said.tick, skipped
        case _:
            return None
