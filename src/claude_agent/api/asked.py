"""What several services of the port are asked with and answer with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claude_agent.core.letters import Criteria

Wire = dict[str, Any]
"""One JSON object, ready to be sent."""

Answered = tuple[int, Wire]
"""An HTTP status and its JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageToSend:
    """An ordinary message, by the name of its actor."""

    actor: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any]
    queue: str | None = None
    """None: the actor's own."""


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
    """Which dead letters a list holds."""

    criteria: Criteria = Criteria()  # noqa: RUF009 - frozen
    page: Page = Page()
