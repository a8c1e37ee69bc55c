"""What clients send about executions that stopped, or that should."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from claude_agent.api.asked import SecondChance
from claude_agent.api.wire import Body, Name

Feedback = Annotated[str, StringConstraints(min_length=1, max_length=65_536)]


class RetryExecution(Body):
    """Run again what is not in force, and a chosen step with all that depends on it."""

    step: Name | None = Field(default=None, description="Absent: only what is not in force")
    params: dict[str, Any] | None = Field(default=None, description="Inputs that change")
    failed_only: bool = Field(default=False, description="Of a step with many: not all instances")

    def to_asked(self, ref: str) -> SecondChance:
        """Return it for the services."""
        return SecondChance(
            ref=ref,
            what="retry",
            step=self.step or "",
            params=self.params,
            failed_only=self.failed_only,
        )


class RewindExecution(Body):
    """Go back to a step, which is told why."""

    step: Name
    feedback: Feedback

    def to_asked(self, ref: str) -> SecondChance:
        """Return it for the services."""
        return SecondChance(ref=ref, what="rewind", step=self.step, feedback=self.feedback)


class SkipStep(Body):
    """Go on without a step: what depends on it runs."""

    step: Name

    def to_asked(self, ref: str) -> SecondChance:
        """Return it for the services."""
        return SecondChance(ref=ref, what="skip", step=self.step)


class SetOutput(Body):
    """Go on as if a step had delivered these outputs."""

    step: Name
    outputs: dict[str, Any]

    def to_asked(self, ref: str) -> SecondChance:
        """Return it for the services."""
        return SecondChance(ref=ref, what="set-output", step=self.step, outputs=self.outputs)


class ForkExecution(Body):
    """Start a new execution that takes over what is in force."""

    step: Name | None = Field(default=None, description="It begins here; absent: what is left")
    params: dict[str, Any] | None = Field(default=None, description="Inputs that change")

    def to_asked(self, ref: str) -> SecondChance:
        """Return it for the services."""
        return SecondChance(ref=ref, what="fork", step=self.step or "", params=self.params)


class CompensateExecution(Body):
    """Undo what is in force, or go on with an undoing that failed."""

    skip: list[Name] = Field(
        default_factory=list, max_length=10_000, description="Steps that are not undone"
    )

    def to_asked(self, ref: str) -> SecondChance:
        """Return it for the services."""
        return SecondChance(ref=ref, what="compensate", skip=tuple(self.skip))
