"""What clients send about triggers."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from claude_agent.api.wire import Query


class TriggerQuery(Query):
    """Which triggers."""

    workflow: Annotated[str, StringConstraints(max_length=200)] = ""
    kind: Literal["schedule", "webhook", "event"] | None = None
