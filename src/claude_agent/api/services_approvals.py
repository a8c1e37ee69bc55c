"""The port's part for approvals, and for the tokens of those who may give them."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import (
    Answered,
    ApprovalFilter,
    Caller,
    Decision,
    IdempotencyKey,
    Wire,
)


class ApprovalServices(ABC):
    """What waits for a yes."""

    @abstractmethod
    def approvals(self, wanted: ApprovalFilter) -> Wire:
        """Return {"items", "next", "counts", "advisory"}."""

    @abstractmethod
    def approval(self, ref: str, *, caller: Caller) -> Wire:
        """Return the approval with this id or ref (or a task's), with all that would run.

        Raises NotFound, Forbidden.
        """

    @abstractmethod
    def decide_approval(
        self, ref: str, decision: Decision, *, caller: Caller, key: IdempotencyKey | None
    ) -> Answered:
        """Take a decision; return 200 and the approval.

        The key is stored in the transaction of the decision. Raises NotFound, Forbidden,
        Invalid, Conflict: decided already, or changed since it was shown.
        """

    @abstractmethod
    def approval_rules(self) -> Wire:
        """Return {"default", "agent_requests", "rules", "advisory"}."""


class TokenServices(ABC):
    """Tokens of people with a role, and of runs."""

    @abstractmethod
    def identify(self, token: str) -> Caller | None:
        """Return who shows a token that is not the home's own; None: nobody we know."""

    @abstractmethod
    def tokens(self) -> Wire:
        """Return {"items"}: name, role, times; never a token."""

    @abstractmethod
    def create_token(self, name: str, role: str, *, actor: str) -> Wire:
        """Make a token; return {"name", "role", "token"}, the only time it is shown.

        Raises Conflict where the name has one.
        """

    @abstractmethod
    def revoke_token(self, name: str, *, actor: str) -> Wire:
        """Let a token open nothing any more; return {"name"}. Raises NotFound."""
