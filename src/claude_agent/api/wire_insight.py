"""What clients send to have something explained."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from claude_agent.api.wire import Query, ValidateWorkflow


class ExplainQuery(Query):
    """Which step."""

    step: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="the id of a step or an instance; nothing: every one not closed"
    )


Version = Annotated[str, StringConstraints(max_length=128)]


class DiffQuery(Query):
    """Which two versions: the begin of a hash, or a label."""

    before: Version = Field(default="", description="nothing: the last but one")
    after: Version = Field(default="", description="nothing: the newest")


class ImportWorkflow(ValidateWorkflow):
    """A workflow of another system."""

    origin: Literal["github", "dagu"] | None = Field(
        default=None, description="whose format it is; nothing: by its looks"
    )
