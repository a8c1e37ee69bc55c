"""What can be said of an execution and its steps: typed, versioned payloads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload, payload


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSubmitted(Payload):
    """The execution was accepted with its definition pinned by hash."""

    TYPE: ClassVar[str] = "execution.submitted"
    ref: str
    workflow: str
    name: str
    definition: str
    params: Mapping[str, Any]
    cwd: str
    workspace: str
    steps: list[str]
    parent_id: str = ""
    """The execution that it is a part of."""
    parent_step: str = ""
    depth: int = 0
    pins: Mapping[str, str] = field(default_factory=dict)
    """The definition (hash) of every sub-workflow (slug), as they were at the start."""
    concurrency_key: str = ""
    concurrency_limit: int = 0
    forked_from: str = ""
    """The execution whose results it begins with; empty: none."""
    inherited: Mapping[str, Data] = field(default_factory=dict)
    """Steps (and instances) that count as done here: how they ended, and what they delivered."""
    started_by: Data = field(default_factory=dict)
    """What started it if no person did: `kind` (schedule, webhook, event) and which."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStarted(Payload):
    """Its first steps may run."""

    TYPE: ClassVar[str] = "execution.started"


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionWaiting(Payload):
    """Every open step waits for a person or a time."""

    TYPE: ClassVar[str] = "execution.waiting"
    steps: list[str]


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResumed(Payload):
    """Something goes on again."""

    TYPE: ClassVar[str] = "execution.resumed"


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPaused(Payload):
    """Nothing new starts; what runs goes on. `by_step`: it failed, and a person decides."""

    TYPE: ClassVar[str] = "execution.paused"
    reason: str
    by_step: str = ""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionReopened(Payload):
    """A new generation: the steps of `reset` begin anew, every other one stays as it ended.

    `mode`: retry, rewind, skip, set_output or undo.
    """

    TYPE: ClassVar[str] = "execution.reopened"
    generation: int
    mode: str
    reset: list[str]
    from_step: str = ""
    """The step that a person chose."""
    params: Data | None = None
    """Every parameter, where they are not those of before."""
    feedback: str = ""
    """What the chosen step is told."""
    outputs: Data | None = None
    """What the chosen step counts as having delivered."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFailing(Payload):
    """A step failed; no new step starts and running ones are stopped."""

    TYPE: ClassVar[str] = "execution.failing"
    step: str
    reason: str
    message: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCancelRequested(Payload):
    """Somebody wants it to stop; `compensate` says whether it is undone."""

    TYPE: ClassVar[str] = "execution.cancel_requested"
    compensate: bool
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationPlanned(Payload):
    """The list of what is undone, fixed: groups in order, the steps of a group together."""

    TYPE: ClassVar[str] = "compensation.planned"
    groups: list[list[str]]
    not_undone: list[str]


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationResumed(Payload):
    """The undoing goes on where it failed; the steps of `skip` are left as they are."""

    TYPE: ClassVar[str] = "compensation.resumed"
    skip: list[str]


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationOverdue(Payload):
    """All the undoing together took longer than it may: what is being undone is stopped."""

    TYPE: ClassVar[str] = "compensation.overdue"
    steps: list[str]


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionEnded(Payload):
    """It is at rest: succeeded, failed, cancelled, compensated or compensation_failed."""

    TYPE: ClassVar[str] = "execution.ended"
    state: str
    reason: str
    outputs: Mapping[str, Any] | None = None
    not_undone: list[str] = field(default_factory=list)


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepQueued(Payload):
    """Its task was submitted; `k` counts the step's effects."""

    TYPE: ClassVar[str] = "step.queued"
    step: str
    task_id: str
    task_ref: str
    k: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepExpanded(Payload):
    """It became one instance for each item, `<step>[0]` and on; it is open until all have ended.

    `only`: of instances that an earlier generation made, these begin anew; None: all do.
    """

    TYPE: ClassVar[str] = "step.expanded"
    step: str
    items: list[Any]
    only: list[int] | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepHeld(Payload):
    """It waits for an approval: its task's, or its own where it is nothing else."""

    TYPE: ClassVar[str] = "step.held"
    step: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepApproved(Payload):
    """The approval of its task was given."""

    TYPE: ClassVar[str] = "step.approved"
    step: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Payload):
    """An attempt of it began."""

    TYPE: ClassVar[str] = "step.started"
    step: str
    attempt: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepRetrying(Payload):
    """An attempt failed and another one waits for its time."""

    TYPE: ClassVar[str] = "step.retrying"
    step: str
    message: str
    due: int
    parked: bool = False
    """A limit of its account stopped it: no attempt failed."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepSucceeded(Payload):
    """It is done."""

    TYPE: ClassVar[str] = "step.succeeded"
    step: str
    outputs: Mapping[str, Any] | list[Any] | None
    reason: str = ""
    """`cached`: the outputs are an earlier execution's; nothing was done."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed(Payload):
    """It failed for good; `started` says whether anything of it ever ran."""

    TYPE: ClassVar[str] = "step.failed"
    step: str
    reason: str
    message: str
    started: bool


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped(Payload):
    """It was not run: its condition, or a step before it."""

    TYPE: ClassVar[str] = "step.skipped"
    step: str
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepCancelled(Payload):
    """It was cancelled; `ended_well` is a good result that came late."""

    TYPE: ClassVar[str] = "step.cancelled"
    step: str
    started: bool
    ended_well: bool = False
    outputs: Mapping[str, Any] | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepUncertain(Payload):
    """Nobody knows yet how its run ended."""

    TYPE: ClassVar[str] = "step.uncertain"
    step: str
    reason: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompensating(Payload):
    """It is being undone by this task, or by that sub-workflow, which goes back itself."""

    TYPE: ClassVar[str] = "step.compensating"
    step: str
    task_id: str
    task_ref: str
    execution_id: str = ""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompensated(Payload):
    """It is undone."""

    TYPE: ClassVar[str] = "step.compensated"
    step: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompensationFailed(Payload):
    """It could not be undone; what follows in the plan is not tried."""

    TYPE: ClassVar[str] = "step.compensation_failed"
    step: str
    message: str


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepWaiting(Payload):
    """It waits until `due` (epoch ms; None: no time ends it), for a signal, or for an event."""

    TYPE: ClassVar[str] = "step.waiting"
    step: str
    due: int | None = None
    event: str = ""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepMoved(Payload):
    """The wall clock jumped: the time that it waits for keeps its distance."""

    TYPE: ClassVar[str] = "step.moved"
    step: str
    jump: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepChildStarted(Payload):
    """An execution of its own does it; `k` counts the step's effects."""

    TYPE: ClassVar[str] = "step.child_started"
    step: str
    execution_id: str
    ref: str
    k: int
    due: int | None = None
    """Until when it may take, epoch ms; None: no limit."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StepOverdue(Payload):
    """The execution that does it takes longer than it may, and is stopped."""

    TYPE: ClassVar[str] = "step.overdue"
    step: str
    reason: str
    """`timeout.run` or `timeout.total`."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSignalled(Payload):
    """Somebody sent a signal; it is kept until a step takes it."""

    TYPE: ClassVar[str] = "execution.signalled"
    name: str
    data: object = None
    source: str = ""
    message_id: str = ""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTaken(Payload):
    """A step that waited for it took the signal; `signal` is the number of its event."""

    TYPE: ClassVar[str] = "step.signal_taken"
    step: str
    signal: int
