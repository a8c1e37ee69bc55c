"""What clients send to say an event."""

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from claude_agent.api.wire import Body


class PublishEvent(Body):
    """An event for everybody: for steps and workflows that wait for its type, and in the log."""

    type: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(
        description="Lower-case words with dots, like deploy.finished"
    )
    data: dict[str, JsonValue] = Field(
        default_factory=dict, description="What it says, up to 64 KiB of JSON"
    )
