"""What clients are shown of executions: steps, instances of steps with many, their undoing."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from claude_agent.domain import vocabulary
from claude_agent.domain.deciding.scene import STOPPING
from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.execution import Execution, StepRun
from claude_agent.domain.states import StepState
from claude_agent.domain.step_run import PARKED

Wire = dict[str, Any]


def execution_view(run: Execution, definition: Definition, *, whole: bool = True) -> Wire:
    """Return the wire form of an execution with its steps; `whole`: with their instances."""
    order = {name: n for n, group in enumerate(run.plan or (), start=1) for name in group}
    failed = run.steps.get(run.failed_step)
    message = run.message or (failed.message if failed else "")
    steps = [
        step_view(step, run.steps[step.id], order.get(step.id))
        | {"instances": _instances(run, step, order, whole=whole)}
        for step in definition.steps
    ]
    return {
        "id": run.id,
        "ref": run.ref,
        "name": run.name,
        "workflow": run.workflow,
        "definition": run.definition,
        "generation": run.generation,
        "state": run.state.value,
        "shown": vocabulary.EXECUTION[run.state.value].to_data(),
        "params": dict(run.params),
        "cwd": run.cwd or None,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "reason": _why(run, definition),
        "error": {"kind": run.reason or "failed", "message": _where(run, message)}
        if message
        else None,
        "outputs": dict(run.outputs) if run.outputs is not None else None,
        "not_undone": list(run.not_undone),
        "forked_from": run.forked_from or None,
        "started_by": dict(run.started_by) or None,
        "steps": steps,
        "url": f"/ui/#/executions/{run.ref}",
    }


def _why(run: Execution, definition: Definition) -> str | None:
    """Return why it is as it is; of one that is to be undone also what that waits for."""
    if run.state in STOPPING and run.any_open:
        going_back = definition.on_failure == "compensate"
        if run.cancel_requested:
            going_back = run.compensate_on_cancel
        waits = [one.id for one in run.open_steps() if one.state == StepState.UNCERTAIN]
        if going_back and waits:
            return f"compensating, waits for {', '.join(waits[:5])}"
    return run.cancel_requested or run.reason or None


def _where(run: Execution, message: str) -> str:
    return f"{run.failed_step}: {message}" if run.failed_step else message


def step_view(step: Step, seen: StepRun, order: int | None) -> Wire:
    """Return the wire form of one step; `order` is its place in the compensation plan."""
    undo = step.compensate
    return {
        "id": step.id,
        "state": seen.state.value,
        "shown": _term(seen).to_data(),
        "agent": step.agent,
        "kind": step.kind,
        "action": step.action,
        "depends_on": list(step.depends_on),
        "task_id": seen.task_id or None,
        "task_ref": seen.task_ref or None,
        "attempt": seen.attempt,
        "max_attempts": step.retry.max_attempts,
        "started_at": seen.started_at,
        "ended_at": seen.ended_at,
        "reason": seen.reason or None,
        "error": _error(seen),
        "outputs": dict(seen.outputs) if isinstance(seen.outputs, Mapping) else None,
        "compensate": None
        if undo is None
        else {"action": undo.action, "run": undo.run, "on": undo.on},
        "compensation": None if order is None else _compensation(seen, order),
        "waiting": _waiting(step, seen),
        "execution": _child(seen),
    }


def _waiting(step: Step, seen: StepRun) -> Wire | None:
    """Return what an open step waits for, besides its task."""
    wait = step.wait
    if not seen.open or (wait is None and seen.due_at is None):
        return None
    return {
        "until": seen.due_at,
        "signal": (wait.signal or wait.or_signal) if wait is not None else None,
        "event": seen.awaits or None,
    }


def _child(seen: StepRun) -> Wire | None:
    return {"id": seen.child_id, "ref": seen.child_ref} if seen.child_id else None


def _compensation(seen: StepRun, order: int) -> Wire:
    undone = ("compensating", "compensated", "compensation_failed")
    begun = seen.state.value in undone
    term = vocabulary.STEP[seen.state.value] if begun else vocabulary.DERIVED["undo_planned"]
    return {
        "state": seen.state.value if begun else "pending",
        "shown": term.to_data(),
        "task_id": seen.undo_task_id or None,
        "task_ref": seen.undo_task_ref or None,
        "order": order,
        "started_at": seen.undo_started_at,
        "ended_at": seen.undo_ended_at,
    }


SHOWN_INSTANCES = 200
"""How many instances of a step are shown in full: those that went wrong or are open first."""


def _instances(run: Execution, step: Step, order: Mapping[str, int], *, whole: bool) -> Wire | None:
    if run.steps[step.id].single:
        return None
    every = run.instances(step.id)
    items = every if whole else []
    if len(items) > SHOWN_INSTANCES:
        items = sorted(items, key=lambda one: (_INTEREST.get(one.state, 1), one.n))
        items = sorted(items[:SHOWN_INSTANCES], key=lambda one: one.n)
    return {
        "total": len(every),
        "counts": dict(Counter(one.state.value for one in every)),
        "items": [_instance(one, order.get(one.id)) for one in items],
    }


_INTEREST = {StepState.PENDING: 2, StepState.SUCCEEDED: 3, StepState.SKIPPED: 3}


def _instance(seen: StepRun, order: int | None) -> Wire:
    return {
        "id": seen.id,
        "item": seen.item,
        "state": seen.state.value,
        "shown": _term(seen).to_data(),
        "task_id": seen.task_id or None,
        "task_ref": seen.task_ref or None,
        "attempt": seen.attempt,
        "started_at": seen.started_at,
        "ended_at": seen.ended_at,
        "reason": seen.reason or None,
        "error": _error(seen),
        "outputs": dict(seen.outputs) if isinstance(seen.outputs, Mapping) else None,
        "compensation": None if order is None else _compensation(seen, order),
        "execution": _child(seen),
    }


def _term(seen: StepRun) -> vocabulary.Term:
    if seen.state == StepState.QUEUED and seen.waits:
        return vocabulary.DERIVED["parked" if seen.reason == PARKED else "retrying"]
    return vocabulary.STEP[seen.state.value]


def _error(seen: StepRun) -> Wire | None:
    return {"kind": seen.reason or "failed", "message": seen.message} if seen.message else None
