"""What is sent with a signal."""

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from claude_agent.api.wire import Body


class Signal(Body):
    """A signal for an execution: kept until a step that waits for its name takes it."""

    data: JsonValue = Field(default=None, description="What the step gets, up to 64 KiB of JSON")
    source: Annotated[str, StringConstraints(max_length=200)] = ""
    message_id: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="The same one again from the same source changes nothing"
    )
