"""The JSON of approvals and tokens, as types. Times are epoch milliseconds."""

from typing import TypedDict

from claude_sdk.wire import Json, Shown


class Vote(TypedDict):
    """One yes of several that are needed."""

    by: str
    role: str
    at: int
    note: str
    answers: Json


class Approval(TypedDict):
    """Something that waits, or waited, for a yes; `what` is exactly what would run."""

    id: str
    ref: str
    subject: str
    task_id: str | None
    execution_id: str | None
    step_id: str | None
    title: str
    prompt: str
    state: str
    shown: Shown
    decide: str
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
    form: Json
    digest: str | None
    what: Json
    problem: str | None
    decided_by: str | None
    decided_at: int | None
    decided_rule: str | None
    how: str | None
    note: str
    answers: Json
    reason: str | None
    advisory: bool
    url: str


class ApprovalPage(TypedDict):
    """A page of approvals."""

    items: list[Approval]
    next: str | None
    counts: dict[str, int]
    advisory: bool


class ApprovalRule(TypedDict):
    """One rule of the policy."""

    rule: str
    match: Json
    decide: str
    countdown_ms: int | None
    deciders: list[str]
    quorum: int
    expires_ms: int | None
    on_expire: str


class ApprovalRules(TypedDict):
    """The policy."""

    default: str
    agent_requests: str
    rules: list[ApprovalRule]
    advisory: bool


class ApprovalFilter(TypedDict, total=False):
    """Which approvals a list holds."""

    state: str
    agent: str
    execution_id: str
    limit: int
    cursor: str


class Token(TypedDict):
    """A token, without what it is."""

    name: str
    role: str
    created_at: int
    created_by: str
    revoked_at: int | None


class TokenMade(TypedDict):
    """A token, shown once."""

    name: str
    role: str
    token: str
