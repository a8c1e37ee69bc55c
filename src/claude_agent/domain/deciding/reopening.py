"""Second chances: which steps a new generation begins anew, and what makes it begin.

A generation inherits what is in force: steps that succeeded and were not undone, and those that
their own condition left out. Everything else runs again, with all that depends on it: so whatever
a person chooses, the execution can still come to a good end.
"""

from collections.abc import Iterable

from claude_agent.domain.compensation import levels, plan
from claude_agent.domain.deciding.news import Reopen
from claude_agent.domain.deciding.scene import Scene
from claude_agent.domain.deciding.starting import start_ready
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.execution import Execution
from claude_agent.domain.execution_events import (
    CompensationPlanned,
    ExecutionReopened,
    StepSkipped,
)
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_run import INHERITED, SKIPPED_BY_HAND, StepRun, instance_id
from claude_agent.errors import Conflict, NotFound

_S = StepState
DECIDED = frozenset({"condition_false", "not_chosen", "not_needed", SKIPPED_BY_HAND, INHERITED})
"""Why a skipped step stays skipped in a new generation."""
UNDONE = "undone"
"""Why a step is skipped that was still to come when a person let the execution be undone."""


def check_rest(run: Execution) -> None:
    """Refuse a second chance while something of the old generation may still happen.

    Raises Conflict.
    """
    if run.tally.open or not (run.terminal or run.state == ExecutionState.PAUSED):
        message = f"Execution {run.ref} is {run.state.value}: its steps are not at rest."
        hint = f"Wait for its end, or end it: claude-agent execution cancel {run.ref}"
        raise Conflict(message, hint=hint)


def known_step(definition: Definition, run: Execution, name: str) -> str:
    """Return the id of a step of the definition. Raises NotFound."""
    if name not in definition.by_id:
        message = f"Execution {run.ref} has no step {name[:80]}." if name else "No step is named."
        names = [step.id for step in definition.steps][:12]
        raise NotFound(message, hint=f"It has {', '.join(names)}.")
    return name


def retried(
    definition: Definition,
    run: Execution,
    step: str,
    *,
    params: Data | None = None,
    failed_only: bool = False,
) -> ExecutionReopened:
    """Return the generation that runs again from a step, or (empty) whatever is not in force.

    `failed_only`: of the chosen step with many, only the instances that are not in force.
    Raises Conflict: it is not at rest, or there is nothing to run again.
    """
    if failed_only and step and not _instances(run, step, every=False):
        message = f"Every instance of {step} is in force: there is none to run again."
        raise Conflict(message, hint="Leave out --failed-only to run all of it again.")
    reset = _closure(definition, run, [step] if step else (), failed_only=failed_only)
    if not reset:
        message = f"Execution {run.ref} has nothing to run again: every step is in force."
        raise Conflict(message, hint="Name the step to run again from: --from STEP")
    return _generation(run, "retry", reset, step=step, params=params)


def rewound(definition: Definition, run: Execution, step: str, feedback: str) -> ExecutionReopened:
    """Return the generation that goes back to a step, which is told why. Raises Conflict."""
    reset = _closure(definition, run, [step])
    return _generation(run, "rewind", reset, step=step, feedback=feedback)


def decided(
    definition: Definition, run: Execution, step: str, outputs: Data | None
) -> ExecutionReopened:
    """Return the generation in which a person decides a step: its outputs, or None: left out.

    Raises Conflict.
    """
    mode = "skip" if outputs is None else "set_output"
    reset = _closure(definition, run, [step])
    return _generation(run, mode, reset, step=step, outputs=outputs)


def undone(definition: Definition, run: Execution) -> ExecutionReopened:
    """Return the generation that undoes what is in force. Raises Conflict: there is nothing."""
    check_rest(run)
    groups, left = plan(definition, run)
    if not groups:
        about = f"; not undone: {', '.join(left)}" if left else ""
        message = f"Execution {run.ref} has nothing to undo{about}."
        raise Conflict(message, hint="Only steps with compensate whose effect stands are undone.")
    return _generation(run, "undo", [])


def reopen(scene: Scene, news: Reopen) -> None:
    """Begin the new generation."""
    scene.say(news.said)
    if news.said.mode == "undo":
        _go_back(scene)
        return
    start_ready(scene, [step.id for step in scene.pending()])


def _go_back(scene: Scene) -> None:
    """Fix what is undone, and leave out for good what a paused execution has not begun yet."""
    groups, left = plan(scene.definition, scene.run)
    scene.say(CompensationPlanned(groups=groups, not_undone=left))
    level = levels(scene.definition)
    for step in sorted(scene.pending(), key=lambda one: level[one.id]):
        scene.say(StepSkipped(step=step.id, reason=UNDONE))


def inheritance(definition: Definition, run: Execution, step: str) -> dict[str, Data]:
    """Return what a fork takes over that begins at a step (empty: whatever is not in force).

    Raises Conflict while the execution goes on.
    """
    check_rest(run)
    begun = set(_closure(definition, run, [step] if step else ()))
    kept = [one for one in run.steps.values() if one.id not in begun and one.parent not in begun]
    return {
        one.id: {
            "state": one.state.value,
            "reason": one.reason,
            "outputs": one.outputs,
            "parent": one.parent,
            "item": one.item,
            "instances": one.instances,
        }
        for one in kept
    }


def _generation(  # noqa: PLR0913 - what a person may say of a generation
    run: Execution,
    mode: str,
    reset: list[str],
    *,
    step: str = "",
    params: Data | None = None,
    feedback: str = "",
    outputs: Data | None = None,
) -> ExecutionReopened:
    check_rest(run)
    return ExecutionReopened(
        generation=run.generation + 1,
        mode=mode,
        reset=reset,
        from_step=step,
        params=params,
        feedback=feedback,
        outputs=outputs,
    )


def _closure(
    definition: Definition, run: Execution, chosen: Iterable[str], *, failed_only: bool = False
) -> list[str]:
    """Return what begins anew, in the order of the definition, instances after their step."""
    begun: dict[str, bool] = {}
    """Each step, and whether all of it begins anew (not only some instances)."""
    for step in definition.steps:
        if not _stands(run, step.id) or _asks_the_whole(definition, step.id):
            begun[step.id] = False
    for name in chosen:
        begun[name] = not failed_only
    waiting = list(begun)
    while waiting:
        for after in definition.dependents[waiting.pop()]:
            if not begun.get(after):
                fresh = after not in begun
                begun[after] = True
                if fresh:
                    waiting.append(after)
    found = []
    for step in definition.steps:
        if step.id in begun:
            found += [step.id, *_instances(run, step.id, every=begun[step.id])]
    return found


def _instances(run: Execution, name: str, *, every: bool) -> list[str]:
    """Return the instances that begin anew while their siblings stay; none: all are made anew."""
    count = run.steps[name].instances
    if every or not count:
        return []
    names = [instance_id(name, n) for n in range(count)]
    return [one for one in names if not _in_force(run.steps[one])]


def _stands(run: Execution, name: str) -> bool:
    """Say whether a step is in force; of one with many every instance has to be."""
    return _in_force(run.steps[name]) and all(map(_in_force, run.instances(name)))


def _in_force(seen: StepRun) -> bool:
    if seen.state == _S.SKIPPED:
        return seen.reason in DECIDED
    return seen.state == _S.SUCCEEDED


def _asks_the_whole(definition: Definition, name: str) -> bool:
    step = definition.by_id[name]
    return not step.depends_on and step.when in ("failure", "cancelled")
