"""What is sent when a task is handed back."""

from typing import Annotated

from pydantic import Field, StringConstraints

from claude_agent.api.wire import Body


class HandBack(Body):
    """A person lets the agent go on."""

    note: Annotated[str, StringConstraints(max_length=2_000)] = Field(
        default="", description="What the agent is told of what was done meanwhile"
    )
