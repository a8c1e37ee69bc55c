"""What clients receive about queues and dead letters."""

from claude_agent.api.answers import Answer
from claude_agent.api.answers_system import Frame, Queue


class QueueList(Answer):
    """The queues."""

    items: list[Queue]


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
