"""The JSON of queues and dead letters, as types. Times are epoch milliseconds."""

from typing import TypedDict

from claude_sdk.wire import Failure, Frame, Json, Queue, Shown


class QueueDetail(Queue):
    """One queue: its depth by state, its limit, its rate and what was done to it."""

    states: dict[str, int]
    configured_limit: int | None
    limit_by_person: bool
    ended_per_minute: float
    history: list[Frame]


class MessageQueue(TypedDict):
    """A queue of the broker's own messages, and how many are in each state."""

    name: str
    kind: str
    ready: int
    delayed: int
    leased: int
    dead: int


class QueueList(TypedDict):
    """The queues of tasks, and those of the broker's messages."""

    items: list[Queue]
    messages: list[MessageQueue]


class Purged(TypedDict):
    """How many waiting tasks a purge cancelled."""

    name: str
    cancelled: int


class DeadLetter(TypedDict):
    """A task or a message that nobody will try again by itself."""

    kind: str
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


class LetterError(TypedDict):
    """One error of a dead letter's chain, the oldest first."""

    at: int
    attempt: int | None
    run: int | None
    kind: str
    message: str


class DeadLetterDetail(DeadLetter):
    """A dead letter with its evidence."""

    payload: Json
    errors: list[LetterError]
    tail: str
    diff: str | None
    environment: list[str]
    events: list[Frame]
    history: list[Json]


class DeadLetterPage(TypedDict):
    """A page of dead letters; `counts` by kind, `next` is the cursor of the next page."""

    items: list[DeadLetter]
    next: str | None
    counts: dict[str, int]


class HandledLetter(TypedDict):
    """What became of a dead letter."""

    kind: str
    id: str
    ref: str
    title: str
    queue: str
    generation: int
    state: str
    url: str | None


class Redrive(TypedDict):
    """A re-drive of many dead letters, and how far it is."""

    id: str
    state: str
    criteria: Json
    rate: str | None
    actor: str
    total: int
    done: int
    skipped: int
    started_at: int
    ended_at: int | None
