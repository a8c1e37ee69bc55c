"""What clients send about approvals and tokens."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from claude_agent.api.asked import ApprovalFilter, Decision
from claude_agent.api.wire import Body, Name, PageQuery

Note = Annotated[str, StringConstraints(max_length=4_000)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class DecideApproval(Body):
    """A yes or a no, about what has this digest."""

    digest: Digest | None = Field(
        default=None, description="What was shown; absent: what is bound to it now"
    )
    note: Note = ""
    answers: dict[str, Any] = Field(default_factory=dict, description="Of the form")

    def to_decision(self, *, yes: bool) -> Decision:
        """Return what the services take."""
        return Decision(yes=yes, note=self.note, answers=self.answers, digest=self.digest or "")


class ApprovalQuery(PageQuery):
    """Which approvals."""

    state: Name | None = None
    agent: Name | None = None
    execution_id: Name | None = None

    def to_filter(self) -> ApprovalFilter:
        """Return the filter for the services."""
        return ApprovalFilter(
            state=self.state,
            agent=self.agent,
            execution_id=self.execution_id,
            page=self.page(),
        )


class CreateToken(Body):
    """Who gets it, and what it is good for."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$")]
    role: Literal["viewer", "approver", "operator"]
