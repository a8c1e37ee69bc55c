"""Approvals and the tokens of those who give them, as the gateway asks for them."""

import hashlib
import secrets
from collections.abc import Callable
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
from claude_agent.core import audit
from claude_agent.core.approval_views import approval_view, policy_view
from claude_agent.domain.approval import Approval, ApprovalState, Say
from claude_agent.domain.approval_policy import Requester
from claude_agent.domain.approval_rights import Decider
from claude_agent.domain.states import TASK_HOLDS_SLOT
from claude_agent.errors import Conflict, Forbidden, NotFound
from claude_agent.serve.base import Base, find_answer, known_state, next_cursor, page_start
from claude_agent.storage import approval_rows
from claude_agent.storage.database import Duplicate, Reader, Tx

OF_PEOPLE = "person."
"""How the token of a person begins."""


class Approvals(Base, ApprovalServices):
    """List, show, decide."""

    @override
    def approvals(self, wanted: ApprovalFilter) -> Wire:
        known_state(wanted.state, ApprovalState)
        filters = {"agent": wanted.agent or "", "execution": wanted.execution_id or ""}
        limit = wanted.page.limit

        def work(reader: Reader) -> Wire:
            rows = reader.rows(
                "approvals.list", state=wanted.state or "", **filters, **page_start(wanted.page)
            )
            counts = reader.rows("approvals.counts", **filters)
            return {
                "items": [approval_view(approval_rows.approval_of(row)) for row in rows[:limit]],
                "next": next_cursor(rows, limit),
                "counts": {row["state"]: row["count"] for row in counts},
                "advisory": self._parts.approvals.book.advisory,
            }

        return self._database.read(work)

    @override
    def approval(self, ref: str, *, caller: Caller) -> Wire:
        approval, problem = self._parts.approvals.look(ref)
        if caller.role == "agent":
            _may_look(approval, caller)
        return approval_view(approval, problem)

    @override
    def decide_approval(
        self, ref: str, decision: Decision, *, caller: Caller, key: IdempotencyKey | None
    ) -> Answered:
        desk = self._parts.approvals
        if key is not None:
            known = self._database.read(lambda r: find_answer(r, key))
            if known is not None:
                return known
        approval = desk.settle(ref) if decision.yes else self._approval(ref)
        command = Say(
            yes=decision.yes,
            by=Decider(actor=caller.actor, role=caller.role, name=caller.name),
            digest=decision.digest or approval.digest,
            note=decision.note,
            answers=decision.answers,
        )

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            after = desk.say(tx, approval, command)
            return lambda _: approval_view(after)

        return self._once(key, work, status=200)

    def _approval(self, ref: str) -> Approval:
        return self._database.read(lambda r: self._parts.approvals.book.find(r, ref))

    @override
    def approval_rules(self) -> Wire:
        book = self._parts.approvals.book
        return policy_view(book.policy, advisory=book.advisory)


def _may_look(approval: Approval, caller: Caller) -> None:
    decides = caller.name == "supervisor" and "supervisor" in approval.deciders
    own = caller.name == approval.requester or caller.task_id == approval.task_id
    if not (decides or own):
        message = f"The agent {caller.name} has nothing to do with {approval.ref}."
        raise Forbidden(message)


def requester_of(caller: Caller, spec: dict[str, Any]) -> Requester:
    """Return who asks, and take what they want out of the specification."""
    wants = spec.pop("approve", None) or ""
    auto = spec.pop("auto_approve", None)
    wants = wants or ("auto" if auto else "")
    if caller.role == "agent":
        wanted = wants if wants == "manual" else ""
        return Requester(
            kind="agent", name=caller.name, task_id=caller.task_id, trusted=False, wants=wanted
        )
    return Requester(name=caller.name, trusted=caller.role == "operator", wants=wants)


class Tokens(Base, TokenServices):
    """Who shows which token."""

    @override
    def identify(self, token: str) -> Caller | None:
        hashed = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        if token.startswith(OF_PEOPLE):
            row = self._database.read(lambda r: r.row("tokens.person", token=hashed))
            if row is None:
                return None
            return Caller(actor=row["name"], role=row["role"], name=row["name"])
        row = self._database.read(lambda r: r.row("tokens.run", token=hashed))
        if row is None:
            return None
        over = row["run"] != row["newest"] or row["state"] not in TASK_HOLDS_SLOT
        about = {"name": row["agent"], "task_id": row["task_id"], "run": row["run"]}
        return Caller(actor=f"agent:{row['agent']}", role="agent", over=over, **about)

    @override
    def tokens(self) -> Wire:
        rows = self._database.read(lambda r: r.rows("tokens.list"))
        return {"items": [dict(row) for row in rows]}

    @override
    def create_token(self, name: str, role: str, *, actor: str) -> Wire:
        token = OF_PEOPLE + secrets.token_urlsafe(32)
        hashed = hashlib.sha256(token.encode()).hexdigest()

        def work(tx: Tx) -> None:
            at = self._clock.now()
            tx.execute("tokens.put", hash=hashed, name=name, role=role, at=at, by=actor)
            told = {"name": name, "role": role}
            audit.record(tx, self._parts.desk.context(actor), f"token/{name}", "token.made", told)

        try:
            self._database.write(work)
        except Duplicate as error:
            message = f"{name} has a token already."
            hint = f"Revoke it first: claude-agent token revoke {name}"
            raise Conflict(message, hint=hint) from error
        return {"name": name, "role": role, "token": token}

    @override
    def revoke_token(self, name: str, *, actor: str) -> Wire:
        def work(tx: Tx) -> None:
            if not tx.execute("tokens.revoke", name=name, at=self._clock.now()):
                message = f"There is no token of {name[:60]}."
                raise NotFound(message, hint="List them: claude-agent token list")
            context = self._parts.desk.context(actor)
            audit.record(tx, context, f"token/{name}", "token.revoked", {"name": name})

        self._database.write(work)
        return {"name": name}
