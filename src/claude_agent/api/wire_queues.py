"""What clients send about queues and dead letters: bodies and queries."""

from typing import Annotated

from pydantic import Field, StringConstraints

from claude_agent.api.wire import Body

Reason = Annotated[str, StringConstraints(max_length=500)]


class PauseQueue(Body):
    """Why it is paused."""

    reason: Reason = ""


class PurgeQueue(Body):
    """Why what waits is cancelled."""

    reason: Reason = ""


class LimitQueue(Body):
    """How many tasks run at once; null: as the configuration says."""

    limit: int | None = Field(ge=1, le=1_000)
