"""From a step of a definition to the task that does it: values rendered, defaults resolved."""

from collections.abc import Iterator, Mapping
from typing import Any

from typing_extensions import override

from claude_agent.domain import second_try
from claude_agent.domain.definition import Compensate, Definition, Step
from claude_agent.domain.execution import Execution, StepRun
from claude_agent.domain.expression import as_text, render, render_with
from claude_agent.domain.expression_tree import fail
from claude_agent.domain.json_schema import shown
from claude_agent.domain.priority import NAMES, Priority
from claude_agent.domain.states import StepState
from claude_agent.domain.task_spec import MAX_LOCK, TaskSpec

CLONES = "clone_repo"
"""The action whose output `path` becomes the execution's workspace."""


def outcome_of(run: Execution, step: Step | None) -> str:
    """Return how things stand for a step: success, failure or cancelled.

    Its dependencies decide; a step without any (and `None`) looks at the whole execution.
    """
    if run.cancel_requested:
        return "cancelled"
    names = step.depends_on if step is not None else ()
    if names:
        states = {run.steps[name].state for name in names}
        failed, cancelled = StepState.FAILED in states, StepState.CANCELLED in states
    else:
        failed = run.tally[StepState.FAILED] > 0
        cancelled = run.tally[StepState.CANCELLED] > 0
    if failed:  # it stopped the others: their being cancelled only follows from it
        return "failure"
    return "cancelled" if cancelled else "success"


def contexts(
    definition: Definition, run: Execution, step: Step | None, seen: StepRun | None = None
) -> dict[str, Any]:
    """Return what the expressions of a step can read; `seen` is an instance of it, if one."""
    found: dict[str, Any] = {
        "inputs": dict(run.params),
        "execution": {
            "id": run.id,
            "ref": run.ref,
            "name": run.name,
            "workflow": run.workflow,
            "generation": run.generation,
            "feedback": run.feedback,
        },
        "steps": _Steps(run),
        "agents": run.agents,
        "outcome": outcome_of(run, step),
        "now": run.last_at,
        "env": {},
    }
    if seen is not None and seen.parent and step is not None:
        found["item" if step.matrix is None else "matrix"] = seen.item
    found["env"] = dict(render(dict(definition.env), found))
    return found


class _Steps(Mapping[str, Any]):
    """The steps as expressions see them, each made when it is read: most are never read.

    A step with many is the list of its instances.
    """

    def __init__(self, run: Execution) -> None:
        self._run = run

    @override
    def __getitem__(self, name: str) -> dict[str, Any] | list[dict[str, Any]]:
        step = self._run.steps[name]
        if step.single:
            return _seen(step)
        return [_seen(one) | {"item": one.item} for one in self._run.instances(name)]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._run.steps)

    @override
    def __len__(self) -> int:
        return len(self._run.steps)


def _seen(step: StepRun) -> dict[str, Any]:
    error = {"kind": step.reason, "message": step.message} if step.message else None
    return {
        "status": step.state.value,
        "outputs": dict(step.outputs) if isinstance(step.outputs, Mapping) else {},
        "error": error,
        "attempt": step.attempt,
    }


def workplace(run: Execution, definition: Definition, step: Step) -> str:
    """Return the folder a step works in; empty: a folder of its own."""
    if step.workspace == "none":
        return ""
    if step.action == CLONES:
        return run.workspace
    for name in definition.by_action.get(CLONES, ()):
        done = run.steps[name]
        if done.ended_well or done.state == StepState.SUCCEEDED:
            path = done.outputs.get("path") if isinstance(done.outputs, Mapping) else None
            return path if isinstance(path, str) and path else run.workspace
    return run.cwd


def task_for(
    definition: Definition,
    run: Execution,
    step: Step,
    seen: StepRun,
    *,
    agent: str,
    routed_by: str,
) -> TaskSpec:
    """Return the task of a step, or of one instance of it.

    Raises ExpressionError where a value cannot be rendered.
    """
    found = contexts(definition, run, step, seen)
    with_ = render_with(step.with_, found, open_inputs=definition.inputs is None)
    text = step.action or step.run or str(render(step.prompt or "", found))
    env = _env(definition, step, found)
    if run.feedback and run.chosen == step.id:
        env["CLAUDE_AGENT_FEEDBACK"] = run.feedback
        if step.kind == "prompt":
            text += f"\n\nFeedback on the earlier attempt:\n{run.feedback}"
    return TaskSpec(
        title=seen.id,
        kind=step.kind,
        text=text,
        agent=agent,
        queue=step.queue or agent,
        priority=_priority(definition, step, found),
        with_=with_,
        cwd=workplace(run, definition, step),
        env=env,
        secrets=dict(step.secrets),
        limits=step.timeout,
        retry=step.retry,
        gates=tuple({"name": gate.name, "run": gate.run} for gate in step.gates),
        outputs=step.outputs,
        verify=step.verify or "",
        idempotent=step.idempotent,
        on_uncertain=step.on_uncertain,
        lock=_lock(step, found),
        known=second_try.known_of(step, found),
        routed_by=routed_by,
        purpose="step",
        execution_id=run.id,
        step_id=seen.id,
        effect_key=f"{run.id}/{seen.id}/{seen.k + 1}",
    )


def undo_for(
    definition: Definition, run: Execution, seen: StepRun, undo: Compensate, *, agent: str
) -> TaskSpec:
    """Return the task that undoes a step, or one instance of it. Raises ExpressionError."""
    step = definition.by_id[seen.base]
    found = contexts(definition, run, step, seen)
    found["failure"] = {
        "kind": run.reason,
        "summary": run.message,
        "message": run.message,
        "exit_code": None,
        "attempt": seen.attempt,
    }
    found["self"] = _seen(seen) | ({"item": seen.item} if seen.parent else {})
    return TaskSpec(
        title=f"undo {seen.id}",
        kind=undo.kind,
        text=undo.action or undo.run or "",
        agent=agent,
        queue=step.queue or agent,
        priority=_priority(definition, step, found),
        with_=render_with(undo.with_, found, open_inputs=definition.inputs is None),
        cwd=workplace(run, definition, step),
        env=_env(definition, step, found),
        secrets=dict(step.secrets),  # what was done with a key is undone with it
        limits=undo.timeout,
        retry=undo.retry,
        idempotent=True,  # undoing must be repeatable: it also runs after a half-made step
        on_uncertain="retry",
        lock=_lock(step, found),  # it touches what the step touched
        routed_by=f"it undoes {seen.id}",
        purpose="compensation",
        execution_id=run.id,
        step_id=seen.id,
        effect_key=f"{run.id}/{seen.id}/{seen.k}/undo",
    )


def cache_key(definition: Definition, run: Execution, step: Step, seen: StepRun) -> str:
    """Return where the outputs of a step are kept for later executions. Raises ExpressionError."""
    said = step.cache.key if step.cache is not None else ""
    return f"{definition.slug}/{step.id}/{render(said, contexts(definition, run, step, seen))}"


def _lock(step: Step, found: Mapping[str, object]) -> str:
    return str(render(step.lock, found))[:MAX_LOCK] if step.lock else ""


def _env(definition: Definition, step: Step, found: Mapping[str, object]) -> dict[str, str]:
    plain = {**definition.env, **step.env}
    return _text(render({k: plain[k] for k in plain if k not in step.secrets}, found))


def _text(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: as_text(value) for key, value in values.items()}


def _priority(definition: Definition, step: Step, found: Mapping[str, Any]) -> Priority:
    said = render(step.priority or definition.priority, found)
    if said not in NAMES:
        known = ", ".join(NAMES)
        fail(f"'priority' must be one of {known}, not {shown(said)}")
    return Priority[said]
