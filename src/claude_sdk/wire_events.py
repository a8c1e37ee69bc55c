"""The JSON of an event that a client said, as a type. Times are epoch milliseconds."""

from typing import TypedDict


class EventPublished(TypedDict):
    """An event that was said; executions that it starts name its id."""

    id: str
    type: str
    at: int
