"""What clients send to have something explained."""

from typing import Annotated

from pydantic import Field, StringConstraints

from claude_agent.api.wire import Query


class ExplainQuery(Query):
    """Which step."""

    step: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="the id of a step or an instance; nothing: every one not closed"
    )
