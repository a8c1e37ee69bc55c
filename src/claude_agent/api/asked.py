"""What several services of the port are asked with and answer with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Wire = dict[str, Any]
"""One JSON object, ready to be sent."""

Answered = tuple[int, Wire]
"""An HTTP status and its JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A caller's promise that two requests with this key are one."""

    key: str
    """As sent in `Idempotency-Key`."""
    body_hash: str
    """SHA-256 over method, path and canonical body: another hash under one key is a conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is wanted."""

    limit: int = 50
    """At most so many items, 1 to 500."""
    cursor: str | None = None
    """What the page before gave as `next`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks a list holds; None means any."""

    state: str | None = None
    agent: str | None = None
    queue: str | None = None
    execution_id: str | None = None
    page: Page = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFilter:
    """Which executions a list holds; None means any."""

    state: str | None = None
    workflow: str | None = None
    page: Page = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which dead letters are meant; None means any."""

    kind: str | None = None
    """`task` or `message`."""
    queue: str | None = None
    reason: str | None = None
    agent: str | None = None
    """The agent of a task, the actor of a message."""
    since: int | None = None
    """Dead since this moment, epoch ms."""
    page: Page = Page()

    def to_data(self) -> dict[str, Any]:
        """Return what was given, without the page."""
        names = ("kind", "queue", "reason", "agent", "since")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "LetterFilter":
        """Read what `to_data` wrote."""
        return cls(**data)
