"""An account with a provider of models: when its breaker opens, and until when."""

from dataclasses import dataclass

from claude_agent.domain.breaker import Breaker, BreakerOpened, BreakerState
from claude_agent.domain.events import Payload
from claude_agent.domain.usage_limit import Reset, Until

LIMITED = "rate"
REFUSED = frozenset({"auth", "billing"})
"""Nothing works until a person does something: one failure opens it."""
OVERLOADED = "overload"
WORKED = frozenset({"budget", "gate", "max_turns", "outputs"})
"""Failures of the work: the account itself did its part."""
_JITTER_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPolicy:
    """How long an account is left alone, and how fast its agents are started."""

    launches: int = 3
    """So many of its agents start within `within_ms`."""
    within_ms: int = 10_000
    pause_ms: int = 60_000
    """A usage limit lasts so long where nobody says how long; each further one twice as long."""
    longest_ms: int = 3_600_000
    refused_ms: int = 900_000
    """After a refused key or an unpaid bill one task tries it again; then twice as late."""
    refused_longest_ms: int = 14_400_000

    def pause(self, kind: str, trips: int) -> int:
        """Return how long it is left alone when that happens for the n-th time in a row."""
        first, longest = self.pause_ms, self.longest_ms
        if kind in REFUSED:
            first, longest = self.refused_ms, self.refused_longest_ms
        return int(min(longest, first * 2 ** min(max(0, trips - 1), 20)))


def account(name: str) -> str:
    """Return the name of an account's breaker."""
    return f"account:{name}"


def until(said: Reset | None, pause_ms: int, at: int, chance: float) -> Until:
    """Return when a limited account is asked again: what was said, or the pause, plus jitter.

    `chance` is in [0, 1): those who share an account do not all come back in the same moment.
    """
    found = said.moment(at) if said is not None else None
    if found is None:
        found = Until(at=at + pause_ms, dated=False)
    return found.later(int(chance * min(_JITTER_MS, (found.at - at) / 10)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What an agent of an account met."""

    kind: str
    reason: str
    at: int
    """When, epoch milliseconds."""
    said: Reset | None = None
    """When it ends, as far as that was said."""
    chance: float = 0.5
    """In [0, 1)."""


def opened(one: Breaker, met: Met, policy: AccountPolicy) -> list[Payload]:
    """Return what follows for an account's breaker from a limit or a refusal.

    One that is open stays so until the later of both ends.
    """
    again = one.state == BreakerState.OPEN
    trips = one.trips if again else one.trips + 1
    kind = met.kind
    end = until(met.said, policy.pause(kind, trips), met.at, met.chance)
    # What several agents met at once is one limit, and a refusal outlasts it.
    same = one.kind == kind and one.until + _JITTER_MS >= end.at
    if again and (same or one.until >= end.at or (one.kind in REFUSED and kind not in REFUSED)):
        return []
    return [
        BreakerOpened(
            reason=met.reason,
            failures=one.failures,
            trips=trips,
            until=end.at,
            kind=kind,
            dated=end.dated,
        )
    ]
