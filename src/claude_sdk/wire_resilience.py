"""The JSON of breakers and what was healed, as types. Times are epoch milliseconds."""

from typing import TypedDict

from claude_sdk.wire import Json


class Breaker(TypedDict):
    """Something that is left alone for a while because it failed again and again."""

    name: str
    state: str
    failures: int
    trips: int
    until: int | None
    reason: str
    kind: str
    trying: str | None
    changed_at: int | None


class Restart(TypedDict):
    """Something that was started again, or stopped."""

    what: str
    at: int
    data: Json


class Rollback(TypedDict):
    """An execution whose steps are or were undone."""

    id: str
    ref: str
    workflow: str
    state: str
    reason: str
    failed_step: str
    ended_at: int | None


class Overview(TypedDict):
    """Breakers, restarts and rollbacks, the newest first."""

    breakers: list[Breaker]
    restarts: list[Restart]
    rollbacks: list[Rollback]
