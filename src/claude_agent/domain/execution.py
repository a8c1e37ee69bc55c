"""An execution: the folded state of one run of a workflow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.states import (
    EXECUTION_ALLOWED,
    EXECUTION_TERMINAL,
    STEP_ALLOWED,
    STEP_CLOSED,
    STEP_OPEN,
    ExecutionState,
    StepState,
    moved,
)

_S = StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """The folded state of one step."""

    id: str
    state: StepState = StepState.PENDING
    task_id: str = ""
    task_ref: str = ""
    k: int = 0
    """Number of the effect: grows when an earlier one was compensated."""
    attempt: int = 0
    started: bool = False
    """Something of it has run."""
    waits: bool = False
    """It is open and waits for a time or a person."""
    ended_well: bool = False
    """It succeeded, also when it was being cancelled: it has an effect to undo."""
    outputs: Mapping[str, Any] | None = None
    reason: str = ""
    message: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    end_seq: int = 0
    """Number of its end event in the execution's stream: the order of completion."""
    undo_task_id: str = ""
    undo_task_ref: str = ""
    undo_started_at: int | None = None
    undo_ended_at: int | None = None

    @property
    def open(self) -> bool:
        """Its task may still do something."""
        return self.state in STEP_OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The folded state of one execution."""

    id: str
    ref: str
    workflow: str
    name: str
    definition: str
    """Hash of the definition it is pinned to."""
    params: Mapping[str, Any]
    cwd: str
    """Where steps work, until one of them has cloned a repository."""
    workspace: str
    """A folder of its own for what a step clones."""
    created_at: int
    steps: Mapping[str, StepRun]
    seq: int = 1
    generation: int = 1
    state: ExecutionState = ExecutionState.QUEUED
    started_at: int | None = None
    ended_at: int | None = None
    cancel_requested: str = ""
    compensate_on_cancel: bool = False
    failed_step: str = ""
    reason: str = ""
    message: str = ""
    plan: tuple[tuple[str, ...], ...] | None = None
    """The fixed list of what is undone: groups in order."""
    not_undone: tuple[str, ...] = ()
    outputs: Mapping[str, Any] | None = None

    @property
    def terminal(self) -> bool:
        """It never changes again in this generation."""
        return self.state in EXECUTION_TERMINAL

    @property
    def stream(self) -> str:
        """The name of its stream in the log."""
        return f"execution/{self.id}"

    def open_steps(self) -> list[StepRun]:
        """Return the steps whose task may still do something."""
        return [step for step in self.steps.values() if step.open]


def submitted(execution_id: str, said: ev.ExecutionSubmitted, at: int) -> Execution:
    """Return the execution that its first event makes."""
    return Execution(
        id=execution_id,
        ref=said.ref,
        workflow=said.workflow,
        name=said.name,
        definition=said.definition,
        params=said.params,
        cwd=said.cwd,
        workspace=said.workspace,
        created_at=at,
        steps={step: StepRun(id=step) for step in said.steps},
    )


def evolve(run: Execution, said: Payload, at: int) -> Execution:
    """Fold one event (not the first) into the execution. Raises `IllegalTransition`."""
    seq = run.seq + 1
    changed = _evolved(replace(run, seq=seq), said, at)
    if changed.state != run.state or run.terminal:  # an end is said once
        moved(EXECUTION_ALLOWED, run.state, changed.state, f"execution {run.ref}")
    return changed


def _evolved(run: Execution, said: Payload, at: int) -> Execution:
    step = getattr(said, "step", None)
    if isinstance(step, str) and not isinstance(said, ev.ExecutionFailing):
        before = run.steps[step]
        after = _step(before, said, at, run.seq)
        if after.state != before.state or before.state in STEP_CLOSED:
            moved(STEP_ALLOWED, before.state, after.state, f"step {step} of {run.ref}")
        return replace(run, steps={**run.steps, step: after})
    match said:
        case ev.ExecutionStarted():
            return replace(run, state=ExecutionState.RUNNING, started_at=at)
        case ev.ExecutionWaiting():
            return replace(run, state=ExecutionState.WAITING)
        case ev.ExecutionResumed():
            return replace(run, state=ExecutionState.RUNNING)
        case ev.ExecutionFailing() | ev.ExecutionCancelRequested():
            return _stopping(run, said)
        case ev.CompensationPlanned():
            return replace(
                run,
                state=ExecutionState.COMPENSATING,
                plan=tuple(tuple(group) for group in said.groups),
                not_undone=tuple(said.not_undone),
            )
        case ev.ExecutionEnded():
            return replace(
                run,
                state=ExecutionState(said.state),
                reason=said.reason or run.reason,
                outputs=said.outputs,
                not_undone=tuple(said.not_undone),
                ended_at=at,
            )
        case _:
            return run


def _stopping(run: Execution, said: ev.ExecutionFailing | ev.ExecutionCancelRequested) -> Execution:
    match said:
        case ev.ExecutionFailing():
            return replace(
                run,
                state=ExecutionState.FAILING,
                failed_step=said.step,
                reason=said.reason,
                message=said.message,
            )
        case ev.ExecutionCancelRequested():
            going_back = run.state == ExecutionState.COMPENSATING
            return replace(
                run,
                state=run.state if going_back else ExecutionState.CANCELLING,
                cancel_requested=said.reason,
                compensate_on_cancel=said.compensate,
                reason=run.reason or "cancelled",
            )


def _step(step: StepRun, said: Payload, at: int, seq: int) -> StepRun:
    match said:
        case ev.StepQueued() | ev.StepStarted() | ev.StepRetrying() | ev.StepUncertain():
            return _step_goes(step, said, at)
        case ev.StepCompensating() | ev.StepCompensated() | ev.StepCompensationFailed():
            return _step_undone(step, said, at)
        case _:
            return replace(_step_ends(step, said), ended_at=at, end_seq=seq, waits=False)


def _step_goes(step: StepRun, said: Payload, at: int) -> StepRun:
    match said:
        case ev.StepQueued():
            return replace(
                step,
                state=_S.QUEUED,
                task_id=said.task_id,
                task_ref=said.task_ref,
                k=said.k,
            )
        case ev.StepStarted():
            return replace(
                step,
                state=_S.RUNNING,
                attempt=said.attempt,
                started=True,
                waits=False,
                started_at=step.started_at if step.started_at is not None else at,
            )
        case ev.StepRetrying():
            return replace(step, state=_S.QUEUED, waits=True, message=said.message)
        case ev.StepUncertain():
            return replace(step, state=_S.UNCERTAIN, started=True, waits=True, reason=said.reason)
        case _:
            return step


def _step_ends(step: StepRun, said: Payload) -> StepRun:
    match said:
        case ev.StepSucceeded():
            return replace(
                step,
                state=_S.SUCCEEDED,
                outputs=said.outputs,
                ended_well=True,
                reason="",
                message="",
            )
        case ev.StepFailed():
            return replace(
                step,
                state=_S.FAILED,
                reason=said.reason,
                message=said.message,
                started=said.started,
            )
        case ev.StepSkipped():
            return replace(step, state=_S.SKIPPED, reason=said.reason)
        case ev.StepCancelled():
            return replace(
                step,
                state=_S.CANCELLED,
                reason="cancelled",
                started=said.started,
                ended_well=said.ended_well,
                outputs=said.outputs,
            )
        case _:
            return step


def _step_undone(step: StepRun, said: Payload, at: int) -> StepRun:
    match said:
        case ev.StepCompensating():
            return replace(
                step,
                state=_S.COMPENSATING,
                undo_task_id=said.task_id,
                undo_task_ref=said.task_ref,
                undo_started_at=at,
            )
        case ev.StepCompensated():
            return replace(step, state=_S.COMPENSATED, undo_ended_at=at)
        case ev.StepCompensationFailed():
            return replace(
                step, state=_S.COMPENSATION_FAILED, undo_ended_at=at, message=said.message
            )
        case _:
            return step
