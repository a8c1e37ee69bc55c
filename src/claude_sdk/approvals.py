"""Approvals and tokens: `system.approvals`, `system.tokens`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from claude_sdk.wire_approvals import (
        Approval,
        ApprovalFilter,
        ApprovalPage,
        ApprovalRules,
        Token,
        TokenMade,
    )


class Approvals(Part):
    """What waits for a yes."""

    def list(self, **narrow: Unpack[ApprovalFilter]) -> ApprovalPage:
        """Return a page of approvals, newest first, with the counts per state."""
        return cast("ApprovalPage", self._get("approvals", query=narrow))

    def get(self, ref: str) -> Approval:
        """Return one by its id or ref, or by its task's, with exactly what would run."""
        return cast("Approval", self._get("approvals", ref))

    def waiting(self) -> int:
        """Return how many wait for a decision."""
        return self.list(limit=1, state="requested")["counts"].get("requested", 0)

    def rules(self) -> ApprovalRules:
        """Return the policy."""
        return cast("ApprovalRules", self._get("approvals", "rules"))

    def approve(
        self,
        ref: str,
        *,
        digest: str | None = None,
        note: str = "",
        answers: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> Approval:
        """Say yes to what has this digest (None: to what is bound to it now).

        Raises ApprovalDecided where somebody was first, ApprovalChanged where what would run is
        not what was shown, Forbidden, Invalid (answers).
        """
        return self._decide(ref, "approve", digest, note, answers, key)

    def reject(
        self,
        ref: str,
        *,
        note: str = "",
        answers: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> Approval:
        """Say no. Raises ApprovalDecided where somebody was first, Forbidden."""
        return self._decide(ref, "reject", None, note, answers, key)

    def _decide(
        self,
        ref: str,
        verb: str,
        digest: str | None,
        note: str,
        answers: Mapping[str, object] | None,
        key: str | None,
    ) -> Approval:
        body = {"note": note, "answers": dict(answers or {})}
        if digest is not None:
            body["digest"] = digest
        return cast("Approval", self._post("approvals", ref, verb, body=body, key=key))


class Tokens(Part):
    """Tokens of people with a role: viewer, approver, operator."""

    def list(self) -> list[Token]:
        """Return every token that was made, without what it is."""
        return cast("dict[str, list[Token]]", self._get("tokens"))["items"]

    def create(self, name: str, role: str) -> TokenMade:
        """Make a token; it is shown this once. Raises Conflict where the name has one."""
        return cast("TokenMade", self._post("tokens", body={"name": name, "role": role}))

    def revoke(self, name: str) -> None:
        """Let it open nothing any more. Raises NotFound."""
        self._post("tokens", name, "revoke", body={})
