"""What clients send about the questions of agents at work."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from claude_agent.api.asked import QuestionFilter, Said
from claude_agent.api.wire import Body, Name, PageQuery

Text = Annotated[str, StringConstraints(max_length=4_000)]


class AnswerQuestion(Body):
    """What the agent is told."""

    decision: Literal["allow", "deny", "answer"] = Field(
        description="A permission is allowed or denied, a question answered or denied"
    )
    text: Text = Field(default="", description="What the agent reads: the answer, or why not")
    note: Text = Field(default="", description="For the record alone")
    input: dict[str, Any] | None = Field(
        default=None, description="What the tool is to do instead; only with allow"
    )

    def to_said(self) -> Said:
        """Return what the services take."""
        given = self.input or {}
        return Said(decision=self.decision, text=self.text, note=self.note, input=given)


class QuestionQuery(PageQuery):
    """Which questions."""

    state: Name | None = None
    agent: Name | None = None
    task: Name | None = Field(default=None, description="Id or ref of the task that asks")
    execution_id: Name | None = None

    def to_filter(self) -> QuestionFilter:
        """Return the filter for the services."""
        return QuestionFilter(
            state=self.state,
            agent=self.agent,
            task=self.task,
            execution_id=self.execution_id,
            page=self.page(),
        )
