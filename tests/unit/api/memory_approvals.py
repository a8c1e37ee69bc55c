"""Approvals and tokens in memory, for tests of the gateway."""

from typing import Any

from typing_extensions import override

from claude_agent.api.asked import (
    Answered,
    ApprovalFilter,
    Caller,
    Decision,
    IdempotencyKey,
    Wire,
)
from claude_agent.api.services_approvals import ApprovalServices, TokenServices
from claude_agent.domain.approval_rights import ApprovalDecided
from claude_agent.errors import Conflict, Forbidden, NotFound
from tests import approval_samples as samples

CALLERS = {
    "person.vic": Caller(actor="vic", role="viewer", name="vic"),
    "person.ann": Caller(actor="ann", role="approver", name="ann"),
    "run.testing": Caller(actor="agent:testing", role="agent", name="testing", task_id="t1", run=2),
    "run.over": Caller(
        actor="agent:testing", role="agent", name="testing", task_id="t1", run=1, over=True
    ),
}


class MemoryApprovals(ApprovalServices, TokenServices):
    """One approval that is decided once, and the tokens above."""

    decided_by = ""

    @override
    def approvals(self, wanted: ApprovalFilter) -> Wire:
        items = [] if wanted.state == "used" else [samples.approval()]
        counts = {"requested": 1}
        return {"items": items, "next": None, "counts": counts, "advisory": True}

    @override
    def approval(self, ref: str, *, caller: Caller) -> Wire:
        if ref != "AP01":
            message = f"There is no approval {ref}."
            raise NotFound(message)
        return samples.approval()

    @override
    def decide_approval(
        self, ref: str, decision: Decision, *, caller: Caller, key: IdempotencyKey | None
    ) -> Answered:
        found = self.approval(ref, caller=caller)
        if caller.role == "agent":
            message = "No agent decides about its own request."
            raise Forbidden(message)
        if self.decided_by:
            message = f"It is decided already by {self.decided_by}."
            raise ApprovalDecided(message)
        self.decided_by = caller.actor
        state = "approved" if decision.yes else "rejected"
        return 200, found | {"state": state, "decided_by": caller.actor, "note": decision.note}

    @override
    def approval_rules(self) -> Wire:
        return samples.approval_rules()

    @override
    def identify(self, token: str) -> Caller | None:
        return CALLERS.get(token)

    @override
    def tokens(self) -> Wire:
        return {"items": [samples.token()]}

    @override
    def create_token(self, name: str, role: str, *, actor: str) -> Wire:
        if name == "ann":
            message = "ann has a token already."
            raise Conflict(message)
        made: dict[str, Any] = {"name": name, "role": role, "token": "person.secret"}
        return made

    @override
    def revoke_token(self, name: str, *, actor: str) -> Wire:
        if name != "ann":
            message = f"There is no token of {name}."
            raise NotFound(message)
        return {"name": name}
