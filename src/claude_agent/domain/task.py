"""A task: its folded state. `evolve(task, payload)` folds one event and does nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain import parking_fold, takeover_fold
from claude_agent.domain import task_events as ev
from claude_agent.domain.copying import replace
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TASK_ALLOWED, TASK_TERMINAL, TaskState, moved
from claude_agent.domain.takeover_events import TakeoverSaid
from claude_agent.domain.task_spec import TaskSpec

MAX_DELIVERIES = 5
HOST_UNREACHABLE = "host unreachable"
"""Why a run is uncertain whose host nobody hears of: it waits for proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The state of one task, folded from its events."""

    id: str
    ref: str
    spec: TaskSpec
    created_at: int
    seq: int = 1
    generation: int = 1
    """Grows when a person re-drives a dead letter."""
    generation_at: int = 0
    """When this generation was asked for; 0: when the task was."""
    state: TaskState = TaskState.READY
    not_before: int = 0
    fence: int = 0
    """Who drives it; grows at each claim and adoption."""
    worker: str = ""
    slot: int = 0
    run: int = 0
    """The run number; grows when a new run folder is made."""
    host: str = ""
    attempt: int = 0
    """Attempts counted, the running one included."""
    refunds: int = 0
    """Attempts that the policy does not count: their run was lost and reaped."""
    deliveries: int = 0
    """Owners lost after `task.starting` of this very task."""
    adoptions: int = 0
    """Adoptions of the running run."""
    gate_run: int = 0
    reaped_run: int = 0
    """The last run that was proved ended by reaping."""
    feedback: str = ""
    """What the next attempt is told of the one before."""
    adapter: str = ""
    digest: str = ""
    started_at: int | None = None
    attempt_started_at: int | None = None
    ended_at: int | None = None
    cancel_requested: str = ""
    """Why it is being cancelled; empty: it is not."""
    stop_requested: str = ""
    """Why its run is being stopped (`timeout.run`); empty: it is not."""
    reason: str = ""
    error: Mapping[str, Any] | None = None
    outputs: Mapping[str, Any] | None = None
    verdict: Mapping[str, Any] | None = None
    evidence: tuple[str, ...] = ()
    approval: str = ""
    """The approval that it waits for, or that covers its attempts."""
    report: Data | None = None
    """What the agent of the current run says came of it: `{kind, result, message, retryable}`."""
    waits_for: Mapping[str, str] = field(default_factory=dict)
    """The tasks that must end well before it may start: id to ref."""
    parked: Data = field(default_factory=dict)
    """What a limit made it wait for, `{account, kind, dated}`, until it is due; empty: nothing."""
    takeover: Mapping[str, Any] = field(default_factory=dict)
    """Where a person's takeover stands (`task_takeover`); empty: nobody took this attempt over."""

    @property
    def taken_over(self) -> bool:
        """A person has it: nothing of it times out."""
        return self.takeover.get("phase") in ("asked", "screen", "back")

    @property
    def on_screen(self) -> bool:
        """Its run shows the agent's own screen to a person."""
        return self.takeover.get("phase") == "screen"

    @property
    def goes_on(self) -> bool:
        """Its next run goes on in the attempt that a person took over."""
        return self.takeover.get("phase") in ("screen", "back", "agent")

    @property
    def terminal(self) -> bool:
        """It never changes again in this generation."""
        return self.state in TASK_TERMINAL

    @property
    def asked_at(self) -> int:
        """When this generation began to wait: what its total timeout counts from."""
        return self.generation_at or self.created_at

    @property
    def stream(self) -> str:
        """The name of its stream in the log."""
        return f"task/{self.id}"

    @property
    def run_id(self) -> str:
        """What the run is called outside: `<task>.<run>`."""
        return f"{self.id}.{self.run}"

    @property
    def deadline_at(self) -> int | None:
        """The next moment at which a timeout may act, in epoch milliseconds."""
        limits = self.spec.limits
        marks = [] if limits.total_ms is None else [self.asked_at + limits.total_ms]
        if self.state in (TaskState.READY, TaskState.SCHEDULED) and not self.attempt:
            if limits.start_ms is not None:
                # A delay that was asked for does not count as waiting in the queue.
                marks.append(max(self.asked_at, self.not_before) + limits.start_ms)
        elif self.state in (TaskState.RUNNING, TaskState.VERIFYING):
            if self.stop_requested or self.cancel_requested or self.taken_over:
                return None
            if limits.run_ms is not None and self.attempt_started_at is not None:
                marks.append(self.attempt_started_at + limits.run_ms)
        elif self.state in (TaskState.UNCERTAIN, TaskState.HELD):
            return None
        return min(marks, default=None) if not self.terminal else None


def submitted(
    task_id: str, said: ev.TaskSubmitted, at: int, *, spec: TaskSpec | None = None
) -> Task:
    """Return the task that its first event makes; `spec`: what the event says, if it is at hand."""
    return Task(
        id=task_id,
        ref=said.ref,
        spec=TaskSpec.from_data(said.spec) if spec is None else spec,
        created_at=at,
        not_before=max(said.not_before, at),
        state=TaskState.HELD if said.approval or said.after else _waiting(said.not_before, at),
        approval=said.approval,
        waits_for=said.after,
    )


def _waiting(not_before: int, at: int) -> TaskState:
    return TaskState.SCHEDULED if not_before > at else TaskState.READY


def evolve(task: Task, said: Payload, at: int) -> Task:
    """Fold one event (not the first) into the task. Raises `IllegalTransition`."""
    if isinstance(said, ev.TaskReported | ev.TaskReportedLate):
        return _reported(task, said)
    changed = _evolved(task, said, at)
    if changed.parked and changed.state != TaskState.SCHEDULED:
        changed = replace(changed, parked={})
    if changed.state != task.state or task.terminal:  # an end is said once
        moved(TASK_ALLOWED, task.state, changed.state, f"task {task.ref}")
    if changed.terminal:
        changed = replace(changed, ended_at=at, worker="", slot=0)
    if changed is task:
        return replace(task, seq=task.seq + 1)
    # It was made here and nobody has it yet; another copy of all its fields would be felt.
    object.__setattr__(changed, "seq", task.seq + 1)
    return changed


def _reported(task: Task, said: ev.TaskReported | ev.TaskReportedLate) -> Task:
    """Keep what its agent says: the last word counts, one that came late changes nothing."""
    if isinstance(said, ev.TaskReportedLate) or said.late:
        return replace(task, seq=task.seq + 1)
    told = {"kind": said.kind, "message": said.message, "retryable": said.retryable}
    return replace(task, seq=task.seq + 1, report={**told, "result": said.result})


def _evolved(task: Task, said: Payload, at: int) -> Task:
    match said:
        case ev.TaskClaimed() | ev.TaskStarting() | ev.TaskStarted() | ev.TaskAdopted():
            return _owned(task, said, at)
        case ev.TaskReleased():
            return _freed(
                replace(
                    task,
                    attempt=task.attempt - (1 if said.counted else 0),
                    deliveries=task.deliveries + 1,
                    reason=said.reason,
                ),
                TaskState.READY,
            )
        case ev.TaskVerifying() | ev.TaskGatesRestarted() | ev.TaskAttemptFailed():
            return _judged(task, said)
        case ev.TaskUncertain() | ev.TaskReaped() | ev.TaskResolved():
            return _lost(task, said)
        case ev.TaskRetryScheduled() | ev.TaskDue() | ev.TaskMoved() | ev.TaskParked():
            return _waits(task, said, at)
        case TakeoverSaid():
            return takeover_fold.folded(task, said, at)
        case ev.TaskStopRequested() | ev.TaskCancelRequested() | ev.TaskOutput():
            return _told(task, said)
        case ev.TaskRedriven():
            return _again(task, said)
        case _:
            return _ended(task, said)


def _told(task: Task, said: Payload) -> Task:
    match said:
        case ev.TaskStopRequested():
            return replace(task, stop_requested=said.reason)
        case ev.TaskCancelRequested():
            return replace(task, cancel_requested=said.reason)
        case _:
            return task


def _owned(task: Task, said: Payload, at: int) -> Task:
    match said:
        case ev.TaskClaimed():
            return replace(
                task,
                state=TaskState.RUNNING,
                fence=said.fence,
                worker=said.worker,
                slot=said.slot,
                adoptions=0,
                reason="",
                report=None,
            )
        case ev.TaskStarting():
            return replace(
                task, run=said.run, host=said.host, attempt_started_at=None, stop_requested=""
            )
        case ev.TaskStarted():
            return replace(
                task,
                attempt=said.attempt,
                adapter=said.adapter,
                digest=said.digest,
                started_at=task.started_at if task.started_at is not None else at,
                attempt_started_at=at,
                evidence=(),
            )
        case ev.TaskAdopted():
            answers = task.state == TaskState.UNCERTAIN and said.alive
            return replace(
                task,
                state=TaskState.RUNNING if answers else task.state,
                fence=said.fence,
                worker=said.worker,
                slot=said.slot,
                host=said.host or task.host,
                adoptions=task.adoptions + 1,
                reason="" if task.reason == HOST_UNREACHABLE else task.reason,
            )
        case _:
            return task


def _judged(task: Task, said: Payload) -> Task:
    match said:
        case ev.TaskVerifying():
            return replace(
                task,
                state=TaskState.VERIFYING,
                outputs=said.outputs,
                verdict=said.verdict,
                gate_run=1,
                evidence=tuple(said.evidence),
            )
        case ev.TaskGatesRestarted():
            return replace(task, gate_run=said.gate_run)
        case ev.TaskAttemptFailed():
            seen, error = said.evidence or (), {"kind": said.kind, "message": said.message}
            return replace(task, error=error, verdict=said.verdict, evidence=tuple(seen))
        case _:
            return task


def _lost(task: Task, said: Payload) -> Task:
    match said:
        case ev.TaskUncertain():
            return replace(task, state=TaskState.UNCERTAIN, reason=said.reason)
        case ev.TaskReaped():
            return replace(task, reaped_run=said.run)
        case ev.TaskResolved():
            lost = 1 if said.outcome == "retry" else 0
            return replace(task, refunds=task.refunds + lost, deliveries=task.deliveries + lost)
        case _:
            return task


def _waits(task: Task, said: Payload, at: int) -> Task:
    match said:
        case ev.TaskRetryScheduled():
            waiting = replace(
                takeover_fold.returned(task, at),
                takeover={},
                not_before=said.due,
                reason=said.reason,
                refunds=task.attempt if said.fresh else task.refunds + (not said.counted),
                feedback=said.feedback,
                spec=task.spec if said.spec is None else TaskSpec.from_data(said.spec),
            )
            return _freed(waiting, TaskState.SCHEDULED)
        case ev.TaskParked():
            return _freed(parking_fold.parked(task, said, at), TaskState.SCHEDULED)
        case ev.TaskDue():
            return parking_fold.due(task, said)
        case ev.TaskMoved():
            return parking_fold.moved(task, said)
        case _:
            return task


def _let_go(task: Task, said: ev.TaskApproved | ev.TaskFollowed) -> Task:
    """Let it start once both are there, its approval and the good ends that it waits for."""
    left, held = task.waits_for, False
    if isinstance(said, ev.TaskFollowed):
        left = {each: ref for each, ref in left.items() if each not in said.tasks}
        held = said.held
    state = TaskState.HELD if left or held else _waiting(task.not_before, said.at)
    # Its limits count from here: a person's time to think, or another task's, is not the task's.
    return replace(task, state=state, waits_for=left, generation_at=said.at)


def _ended(task: Task, said: Payload) -> Task:
    match said:
        case ev.TaskApproved() | ev.TaskFollowed():
            return _let_go(task, said)
        case ev.TaskSucceeded():
            return replace(
                task,
                state=TaskState.SUCCEEDED,
                outputs=said.outputs,
                verdict=said.verdict,
                evidence=tuple(said.evidence),
                error=None,
                reason="",
            )
        case ev.TaskDead():
            return replace(task, state=TaskState.DEAD, reason=said.reason, error=said.error)
        case ev.TaskCancelled():
            return replace(
                task,
                state=TaskState.CANCELLED,
                reason=said.reason,
                outputs=said.outputs,
                verdict=said.verdict or task.verdict,
                evidence=task.evidence if said.evidence is None else tuple(said.evidence),
            )
        case ev.TaskDiscarded():
            return replace(task, state=TaskState.DISCARDED)
        case ev.TaskRejected():
            error = {"kind": "rejected", "message": said.note or f"Rejected by {said.by}."}
            return replace(task, state=TaskState.REJECTED, reason=said.reason, error=error)
        case ev.TaskExpired():
            error = {"kind": "timeout.start", "message": said.reason}
            return replace(task, state=TaskState.EXPIRED, reason=said.reason, error=error)
        case _:
            return task


def _freed(task: Task, state: TaskState) -> Task:
    return replace(task, state=state, worker="", slot=0, stop_requested="", attempt_started_at=None)


def _again(task: Task, said: ev.TaskRedriven) -> Task:
    """Return the next generation: what was counted or left by the last one is gone.

    Fence, run number and what was proved of runs stay: they are never reset.
    """
    return replace(
        _freed(task, TaskState.HELD if said.approval else TaskState.READY),
        approval=said.approval,
        spec=task.spec if said.spec is None else TaskSpec.from_data(said.spec),
        generation=said.generation,
        generation_at=said.at,
        not_before=said.at,
        attempt=0,
        refunds=0,
        deliveries=0,
        adoptions=0,
        feedback="",
        gate_run=0,
        digest="",
        started_at=None,
        ended_at=None,
        cancel_requested="",
        reason="",
        error=None,
        outputs=None,
        verdict=None,
        evidence=(),
        takeover={},
    )
