"""What can be said of an approval: typed, versioned payloads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from claude_agent.domain.events import Payload, payload

Plain: TypeAlias = Mapping[str, Any]
"""A JSON object."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested(Payload):
    """Something waits for a decision, and this rule says so."""

    TYPE: ClassVar[str] = "approval.requested"
    ref: str
    subject: str
    """`task` or `step`."""
    task_id: str = ""
    execution_id: str = ""
    step_id: str = ""
    generation: int = 1
    title: str = ""
    prompt: str = ""
    requester: str = ""
    """Who asked: `person`, or the agent's name."""
    requester_kind: str = "person"
    agent: str = ""
    """The agent that would do it."""
    decide: str = "manual"
    """`manual`, `always_ask`, or `auto` with a countdown."""
    rule: str = ""
    deciders: Sequence[str] = field(default_factory=list)
    quorum: int = 1
    due_at: int = 0
    """When it runs out, epoch ms; 0: never."""
    on_due: str = ""
    """What then: approve, reject, escalate."""
    expires_ms: int = 0
    form: Plain = field(default_factory=dict)
    """A JSON Schema for each answer."""
    digest: str = ""
    """Of what is shown (steps); a task's is bound when it is first looked at."""
    shown: Plain = field(default_factory=dict)
    advisory: bool = True
    """Nothing but good manners keeps a command of the same user from going round it."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalBound(Payload):
    """What exactly would run, and its digest: the decision is about this and nothing else."""

    TYPE: ClassVar[str] = "approval.bound"
    digest: str
    shown: Plain
    changed: bool = False
    """It replaces what was shown before; votes given for that are void."""
    what: Sequence[str] = field(default_factory=list)
    """What of it changed."""
    portable: str = ""
    """The digest of what means the same on every host."""
    host: str = ""
    """The host on which it was looked at."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalVoted(Payload):
    """One of several approvers that are needed said yes."""

    TYPE: ClassVar[str] = "approval.voted"
    by: str
    role: str
    note: str = ""
    answers: Plain = field(default_factory=dict)


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalApproved(Payload):
    """It may run: exactly what has this digest, once."""

    TYPE: ClassVar[str] = "approval.approved"
    by: str
    role: str
    digest: str
    how: str = "decided"
    """decided, countdown, expired."""
    rule: str = ""
    """The rule that lets an agent decide."""
    note: str = ""
    answers: Plain = field(default_factory=dict)


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRejected(Payload):
    """It must not run."""

    TYPE: ClassVar[str] = "approval.rejected"
    by: str
    role: str
    how: str = "decided"
    rule: str = ""
    note: str = ""
    answers: Plain = field(default_factory=dict)


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired(Payload):
    """Nobody decided in time: it counts as rejected."""

    TYPE: ClassVar[str] = "approval.expired"


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEscalated(Payload):
    """Nobody decided in time: others are asked."""

    TYPE: ClassVar[str] = "approval.escalated"
    deciders: Sequence[str]
    due_at: int
    on_due: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalVoided(Payload):
    """It covers nothing any more."""

    TYPE: ClassVar[str] = "approval.voided"
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalUsed(Payload):
    """It is used up by this run of its task; later attempts of the same digest are covered."""

    TYPE: ClassVar[str] = "approval.used"
    run: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalMoved(Payload):
    """The wall clock jumped: what is left of its time keeps its length."""

    TYPE: ClassVar[str] = "approval.moved"
    jump: int
