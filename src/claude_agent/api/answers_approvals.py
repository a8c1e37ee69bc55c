"""What clients receive about approvals and tokens."""

from typing import Any, Literal

from claude_agent.api.answers import Answer, Shown


class Vote(Answer):
    """One yes of several that are needed."""

    by: str
    role: str
    at: int
    note: str
    answers: dict[str, Any]


class Approval(Answer):
    """Something that waits, or waited, for a yes."""

    id: str
    ref: str
    subject: Literal["task", "step"]
    task_id: str | None
    execution_id: str | None
    step_id: str | None
    title: str
    prompt: str
    state: Literal["requested", "approved", "used", "rejected", "expired", "voided"]
    shown: Shown
    decide: Literal["manual", "always_ask", "auto", "reject"]
    rule: str
    requester: str
    requester_kind: str
    agent: str
    deciders: list[str]
    quorum: int
    votes: list[Vote]
    created_at: int
    due_at: int | None
    on_due: str | None
    level: int
    form: dict[str, Any]
    digest: str | None
    what: dict[str, Any]
    problem: str | None
    decided_by: str | None
    decided_at: int | None
    decided_rule: str | None
    how: str | None
    note: str
    answers: dict[str, Any]
    reason: str | None
    advisory: bool
    url: str


class ApprovalList(Answer):
    """A page of approvals."""

    items: list[Approval]
    next: str | None
    counts: dict[str, int]
    advisory: bool


class ApprovalRule(Answer):
    """One rule of the policy."""

    rule: str
    match: dict[str, Any]
    decide: str
    countdown_ms: int | None
    deciders: list[str]
    quorum: int
    expires_ms: int | None
    on_expire: str


class ApprovalRules(Answer):
    """The policy."""

    default: str
    agent_requests: str
    rules: list[ApprovalRule]
    advisory: bool


class Token(Answer):
    """A token, without what it is."""

    name: str
    role: str
    created_at: int
    created_by: str
    revoked_at: int | None


class TokenList(Answer):
    """Every token."""

    items: list[Token]


class TokenMade(Answer):
    """A token, shown once."""

    name: str
    role: str
    token: str


class TokenRevoked(Answer):
    """It opens nothing any more."""

    name: str
