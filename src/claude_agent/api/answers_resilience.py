"""What clients receive about breakers and what was healed."""

from typing import Any, Literal

from claude_agent.api.answers import Answer


class Breaker(Answer):
    """Something that is left alone for a while because it failed again and again."""

    name: str
    state: Literal["closed", "open", "half_open"]
    failures: int
    trips: int
    until: int | None
    reason: str
    kind: str
    """`rate`, `auth` or `billing` of an account; empty: it failed too often."""
    trying: str | None
    changed_at: int | None


class Restart(Answer):
    """Something that was started again, or stopped."""

    what: str
    at: int
    data: dict[str, Any]


class Rollback(Answer):
    """An execution whose steps are or were undone."""

    id: str
    ref: str
    workflow: str
    state: Literal["compensating", "compensated", "compensation_failed"]
    reason: str
    failed_step: str
    ended_at: int | None


class Resilience(Answer):
    """Breakers, restarts and rollbacks, the newest first."""

    breakers: list[Breaker]
    restarts: list[Restart]
    rollbacks: list[Rollback]
