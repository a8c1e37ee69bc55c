"""What clients receive about queues and dead letters."""

from typing import Any, Literal

from claude_agent.api.answers import Answer, Failure, Shown
from claude_agent.api.answers_system import Frame, Queue


class MessageQueue(Answer):
    """A queue of the broker's own messages."""

    name: str
    kind: Literal["message"]
    ready: int
    delayed: int
    leased: int
    dead: int


class QueueList(Answer):
    """The queues of tasks, and those of the broker's messages."""

    items: list[Queue]
    messages: list[MessageQueue]


class QueueDetail(Queue):
    """One queue, with what was done to it."""

    states: dict[str, int]
    configured_limit: int | None
    limit_by_person: bool
    ended_per_minute: float
    history: list[Frame]


class QueuePurged(Answer):
    """How many waiting tasks were cancelled."""

    name: str
    cancelled: int


class DeadLetter(Answer):
    """A task or a message that nobody will try again by itself."""

    kind: Literal["task", "message"]
    id: str
    ref: str
    title: str
    queue: str
    agent: str
    reason: str
    error: Failure | None
    attempts: int
    generation: int
    created_at: int
    died_at: int
    execution_id: str | None
    step_id: str | None
    redrivable: bool
    shown: Shown
    url: str | None


class LetterError(Answer):
    """One error of its chain."""

    at: int
    attempt: int | None
    run: int | None
    kind: str
    message: str


class DeadLetterDetail(DeadLetter):
    """A dead letter with its evidence."""

    payload: dict[str, Any]
    errors: list[LetterError]
    tail: str
    diff: str | None
    environment: list[str]
    events: list[Frame]
    history: list[dict[str, Any]]


class DeadLetterList(Answer):
    """A page of dead letters and the number of each kind."""

    items: list[DeadLetter]
    next: str | None
    counts: dict[str, int]


class DeadLetterExport(Answer):
    """A page of dead letters with all their evidence."""

    items: list[DeadLetterDetail]
    next: str | None


class HandledLetter(Answer):
    """What became of a dead letter."""

    kind: Literal["task", "message"]
    id: str
    ref: str
    title: str
    queue: str
    generation: int
    state: Literal["ready", "discarded"]
    url: str | None


class Redrive(Answer):
    """A re-drive of many dead letters, and how far it is."""

    id: str
    state: Literal["running", "ended"]
    criteria: dict[str, Any]
    rate: str | None
    actor: str
    total: int
    done: int
    skipped: int
    started_at: int
    ended_at: int | None


class RedriveList(Answer):
    """The newest re-drives of many."""

    items: list[Redrive]
