"""What can be said of a task: typed, versioned payloads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload, payload


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSubmitted(Payload):
    """The task was accepted."""

    TYPE: ClassVar[str] = "task.submitted"
    ref: str
    spec: Mapping[str, Any]
    not_before: int = 0
    approval: str = ""
    """The approval it waits for; empty: it needs none."""
    policy: str = ""
    """The rule that let it through, or holds it."""
    requester: Mapping[str, str] = field(default_factory=dict)
    """Who asked, where it was not the operator."""
    after: Mapping[str, str] = field(default_factory=dict)
    """The tasks that must end well first: id to ref; those that already had are left out."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskApproved(Payload):
    """It may start once its time has come."""

    TYPE: ClassVar[str] = "task.approved"
    at: int
    approval: str
    by: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFollowed(Payload):
    """Tasks that it waits for have ended well; after the last one it may start."""

    TYPE: ClassVar[str] = "task.followed"
    tasks: list[str]
    at: int
    held: bool = False
    """It waits for its approval still."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRejected(Payload):
    """It must not start: a person, a rule, or nobody in time."""

    TYPE: ClassVar[str] = "task.rejected"
    reason: str
    by: str
    note: str = ""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimed(Payload):
    """A worker took it into a free slot."""

    TYPE: ClassVar[str] = "task.claimed"
    worker: str
    slot: int
    fence: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarting(Payload):
    """It got a new run number; its run folder is about to be made."""

    TYPE: ClassVar[str] = "task.starting"
    run: int
    host: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted(Payload):
    """The attempt is counted; the shim is about to be started."""

    TYPE: ClassVar[str] = "task.started"
    attempt: int
    run: int
    adapter: str
    digest: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReleased(Payload):
    """It goes back to ready: its run was sealed before it began; no attempt is used."""

    TYPE: ClassVar[str] = "task.released"
    reason: str
    run: int
    counted: bool


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAdopted(Payload):
    """A new owner follows the same run."""

    TYPE: ClassVar[str] = "task.adopted"
    worker: str
    fence: int
    run: int
    slot: int = 0
    """The new owner's slot; 0: none was free."""
    alive: bool = True
    """Its shim or its verdict was found: an uncertain run goes on."""
    host: str = ""
    """Where it is decided from now on, its own host being lost; empty: where its folder is."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutput(Payload):
    """The agent said something worth keeping: a tool call, a message, a usage figure."""

    TYPE: ClassVar[str] = "task.output"
    run: int
    kind: str
    text: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReported(Payload):
    """The agent of a run said what came of it: its result, or that it failed."""

    TYPE: ClassVar[str] = "task.reported"
    run: int
    kind: str
    """`complete` or `fail`."""
    result: Data | None = None
    message: str = ""
    retryable: bool = True
    late: str = ""
    """Why it came too late to count; empty: it counts."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskVerifying(Payload):
    """The run ended well; its gates are about to be asked."""

    TYPE: ClassVar[str] = "task.verifying"
    run: int
    outputs: Data | None
    verdict: Mapping[str, Any]
    gates: int
    evidence: list[str] = field(default_factory=list)
    """What the run rests on; the gates add theirs."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGatesRestarted(Payload):
    """The gates run again because their owner was lost; they are repeatable."""

    TYPE: ClassVar[str] = "task.gates_restarted"
    gate_run: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSucceeded(Payload):
    """It is done, on this evidence (E1 to E5)."""

    TYPE: ClassVar[str] = "task.succeeded"
    outputs: Data | None
    verdict: Mapping[str, Any]
    evidence: list[str]
    run: int = 0


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAttemptFailed(Payload):
    """One attempt failed; what follows is said by the next event."""

    TYPE: ClassVar[str] = "task.attempt_failed"
    attempt: int
    run: int
    kind: str
    message: str
    exit_code: int | None
    verdict: Mapping[str, Any]
    evidence: list[str] | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRetryScheduled(Payload):
    """Another attempt will be made at `due`."""

    TYPE: ClassVar[str] = "task.retry_scheduled"
    due: int
    attempt: int
    reason: str
    counted: bool = True
    feedback: str = ""
    """What it is told of the failed attempt."""
    spec: Data | None = None
    """The whole specification where another agent, or other work, takes over."""
    fresh: bool = False
    """The attempts are counted from here: the next alternative of `fallback`."""
    verdict: Data | None = None
    """How the run ended where no `task.attempt_failed` says it."""
    evidence: list[str] = field(default_factory=list)


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskParked(Payload):
    """A limit of its account stopped it: it waits until then, and no attempt is used."""

    TYPE: ClassVar[str] = "task.parked"
    run: int
    until: int
    kind: str
    """`rate`, `auth` or `billing`."""
    reason: str
    account: str = ""
    """The account that has the limit; empty: the task's own."""
    dated: bool = False
    """`until` is a date that was said: it does not move with the clock."""
    counted: bool = True
    """Its attempt had begun and is given back."""
    verdict: Data = field(default_factory=dict)
    evidence: list[str] | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDue(Payload):
    """Its time has come."""

    TYPE: ClassVar[str] = "task.due"
    at: int | None = None
    """When, where a person ended its parking early; None: when it was due."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMoved(Payload):
    """The wall clock jumped: its delay and its run timeout keep their length."""

    TYPE: ClassVar[str] = "task.moved"
    jump: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDead(Payload):
    """It ended as a dead letter."""

    TYPE: ClassVar[str] = "task.dead"
    reason: str
    error: Mapping[str, Any]


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUncertain(Payload):
    """Its run began and its end is not known."""

    TYPE: ClassVar[str] = "task.uncertain"
    run: int
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReaped(Payload):
    """Proof that nothing of the run is alive any more."""

    TYPE: ClassVar[str] = "task.reaped"
    run: int
    killed: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResolved(Payload):
    """What happened in an uncertain run was decided: by a probe, by a rule, or by a person."""

    TYPE: ClassVar[str] = "task.resolved"
    run: int
    how: str
    outcome: str
    note: str
    evidence: list[str] | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStopRequested(Payload):
    """Its run is to be stopped for this reason (a timeout); the ladder is on its way."""

    TYPE: ClassVar[str] = "task.stop_requested"
    run: int
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCancelRequested(Payload):
    """Once this is in the log the task can only become cancelled."""

    TYPE: ClassVar[str] = "task.cancel_requested"
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCancelled(Payload):
    """It was cancelled; a good result that came late is kept."""

    TYPE: ClassVar[str] = "task.cancelled"
    reason: str
    ended_well: bool = False
    outputs: Mapping[str, Any] | None = None
    verdict: Mapping[str, Any] = field(default_factory=dict)
    evidence: list[str] | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReportedLate(Payload):
    """An earlier run ended after it had been decided without it; nothing changes by that."""

    TYPE: ClassVar[str] = "task.reported_late"
    run: int
    kind: str
    """The error kind; empty: it ended well."""
    message: str
    outputs: Data | None
    verdict: Data
    evidence: list[str]


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskExpired(Payload):
    """Nobody started it before its start deadline."""

    TYPE: ClassVar[str] = "task.expired"
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRedriven(Payload):
    """A person lets the dead letter run again: a new generation, its attempts reset."""

    TYPE: ClassVar[str] = "task.redriven"
    generation: int
    at: int
    """When the new generation began to wait, epoch ms."""
    reason: str = ""
    spec: Mapping[str, Any] | None = None
    """The whole new specification where it was changed."""
    approval: str = ""
    """The approval that the new generation waits for."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDiscarded(Payload):
    """A person put the dead letter aside for good."""

    TYPE: ClassVar[str] = "task.discarded"
    reason: str
