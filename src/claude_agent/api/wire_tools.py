"""What agents at work send with each of their tools; the schemas that they are shown are these."""

from typing import Annotated, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from claude_agent.api.wire import Body, Name, Priority, Text
from claude_agent.domain.definition_parts import JsonObject

Line = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=512)]
LONGEST_WAIT_S = 50
W = TypeVar("W", bound="Waits")


class ReportProgress(Body):
    """Tell the people who watch how the work goes."""

    text: Line = Field(description="One or two sentences")


class CompleteTask(Body):
    """Hand back the result of the task; the last call counts."""

    result: JsonObject = Field(description="A JSON object, at most 64 kB")


class FailTask(Body):
    """Say that the task cannot be done, and why."""

    reason: Line
    retryable: bool = Field(default=True, description="false: another attempt would fail as well")


class ReadState(Body):
    """Read a key of the state that all agents share."""

    key: Key


class WriteState(Body):
    """Set a key of the state that all agents share."""

    key: Key
    value: object = Field(description="Any JSON")
    version: Annotated[int, Field(ge=0, le=2**53)] | None = Field(
        default=None, description="The version that was read; 0: the key must not exist yet"
    )


class DelegateTask(Body):
    """Hand a piece of work to another agent; policy or a person may have to let it through."""

    prompt: Text = Field(description="What is to be done, with everything one must know for it")
    agent: Name | None = Field(default=None, description="Who does it; else routed by its words")
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    priority: Priority | None = None
    result_schema: JsonObject | None = Field(
        default=None, description="A JSON Schema (`type: object`) of the result you need"
    )
    key: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="Two calls with one key are one task; else its words are the key"
    )
    wait_s: Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)] = Field(
        default=0, description="Wait so long for its end; call again to wait on"
    )


class Waits(Body):
    """A question that was asked, or is to be asked."""

    ref: Name | None = Field(
        default=None, description="Wait on for what an earlier call of this tool asked"
    )
    wait_s: Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)] = LONGEST_WAIT_S


class AskPerson(Waits):
    """Ask a person something that you need to know; waits for the answer."""

    question: Line | None = None
    options: Annotated[list[Line], Field(max_length=20)] = Field(
        default_factory=list, description="Answers to choose from"
    )

    @model_validator(mode="after")
    def one_of(self) -> Self:
        """Refuse a question with a ref, and neither."""
        return _one(self, self.question, "question")


class RequestApproval(Waits):
    """Ask a person whether you may do something; do it only once `allowed` is true."""

    what: Line | None = Field(default=None, description="What you are about to do, and why")
    tool: Name | None = Field(default=None, description="The tool that you would use")
    input: JsonObject = Field(default_factory=dict, description="What you would give it")

    @model_validator(mode="after")
    def one_of(self) -> Self:
        """Refuse a request with a ref, and neither."""
        return _one(self, self.what, "what")


def _one(asked: W, text: str | None, name: str) -> W:
    if (text is None) == (asked.ref is None):
        message = f"give {name} to ask, or the ref of what was asked to wait on"
        raise ValueError(message)
    return asked
