"""A circuit breaker: what fails again and again is left alone for a while, then tried once."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from claude_agent.domain.events import Payload, payload


class BreakerState(StrEnum):
    """Closed: it is used. Open: it is left alone. Half open: one try decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


AGENT_FAULTS = frozenset(
    {"agent_error", "auth", "billing", "crash", "overload", "overloaded", "unreachable"}
)
"""Kinds of failure that are the agent's own; a command that exits with 1 is the work's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When it opens, and for how long."""

    threshold: int = 5
    """So many failures in a row open it."""
    pause_ms: int = 30_000
    """The first pause; each further one without a success between is twice as long."""
    longest_ms: int = 900_000

    def pause(self, trips: int) -> int:
        """Return how long it stays open when it opens for the n-th time in a row."""
        return int(min(self.longest_ms, self.pause_ms * 2 ** min(trips - 1, 20)))


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerOpened(Payload):
    """It failed too often and is left alone until then."""

    TYPE: ClassVar[str] = "breaker.opened"
    reason: str
    failures: int
    trips: int
    until: int
    kind: str = ""
    """`rate`, `auth`, `billing`: what the one failure was; empty: it failed too often."""
    dated: bool = False
    """`until` is a date that was said: it does not move with the clock."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerMoved(Payload):
    """The wall clock jumped: its pause keeps its length."""

    TYPE: ClassVar[str] = "breaker.moved"
    jump: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerHalfOpened(Payload):
    """The pause is over: one try decides."""

    TYPE: ClassVar[str] = "breaker.half_opened"


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerClosed(Payload):
    """It works again, or a person said so."""

    TYPE: ClassVar[str] = "breaker.closed"
    why: str
    """`worked` or `reset`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The folded state of one breaker; `failures` and `probe` are counted beside the log."""

    name: str
    """`agent:<name>`, `account:<name>`, `webhook:<host>`, `hook:<name>`."""
    seq: int = 0
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    """Failures in a row."""
    trips: int = 0
    """How often it opened since it last worked."""
    until: int = 0
    """When the pause ends, epoch milliseconds."""
    reason: str = ""
    """What the last failure was that opened it."""
    kind: str = ""
    """Why it is open where one failure was enough: `rate`, `auth`, `billing`."""
    dated: bool = False
    """Its pause ends on a date."""
    probe: str = ""
    """The task by which it is being tried."""
    changed_at: int = 0

    @property
    def stream(self) -> str:
        """The name of its stream in the log."""
        return f"breaker/{self.name}"


def failed(one: Breaker, reason: str, at: int, policy: BreakerPolicy) -> list[Payload]:
    """Return what follows from a failure; `one` has counted it already."""
    tried = one.state == BreakerState.HALF_OPEN
    if one.state == BreakerState.OPEN or (not tried and one.failures < policy.threshold):
        return []
    trips = one.trips + 1
    return [
        BreakerOpened(
            reason=reason, failures=one.failures, trips=trips, until=at + policy.pause(trips)
        )
    ]


def worked(one: Breaker) -> list[Payload]:
    """Return what follows from a success."""
    return [] if one.state == BreakerState.CLOSED else [BreakerClosed(why="worked")]


def evolve(one: Breaker, said: Payload, at: int) -> Breaker:
    """Fold one event."""
    if isinstance(said, BreakerMoved):
        return replace(one, seq=one.seq + 1, until=one.until + said.jump)
    now = replace(one, seq=one.seq + 1, changed_at=at, probe="")
    match said:
        case BreakerOpened():
            return replace(
                now,
                state=BreakerState.OPEN,
                failures=said.failures,
                trips=said.trips,
                until=said.until,
                reason=said.reason,
                kind=said.kind,
                dated=said.dated,
            )
        case BreakerHalfOpened():
            return replace(now, state=BreakerState.HALF_OPEN)
        case BreakerClosed():
            return Breaker(name=one.name, seq=now.seq, changed_at=at)
        case _:
            return one
