"""Which steps begin: dependencies, conditions, and by its kind how each one begins."""

from collections.abc import Iterable

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.kinds import begin
from claude_agent.domain.deciding.many import expand
from claude_agent.domain.deciding.scene import GOING, Scene
from claude_agent.domain.definition import Step
from claude_agent.domain.expression import ExpressionError, condition
from claude_agent.domain.states import StepState
from claude_agent.domain.step_run import SKIPPED_BY_HAND
from claude_agent.domain.step_task import contexts, outcome_of

_S = StepState


def start_ready(scene: Scene, names: Iterable[str]) -> None:
    """Start or skip those of the steps that wait for nothing any more."""
    for name in dict.fromkeys(names):
        step = scene.definition.by_id[name]
        pending = scene.run.steps[name].state == _S.PENDING
        if pending and scene.run.state in GOING and may_start(scene, step):
            start_or_skip(scene, step)


def may_start(scene: Scene, step: Step) -> bool:
    """Say whether a pending step of a going execution is decided now."""
    return not at_the_end(step) and scene.deps_closed(step)


def at_the_end(step: Step) -> bool:
    """Say whether a step looks at the whole execution: only its end decides."""
    return not step.depends_on and step.when in ("failure", "cancelled")


def start_or_skip(scene: Scene, step: Step) -> None:
    """Begin a step, or skip it with the reason; an expression that fails fails the step."""
    verdict = unwanted(scene, step)
    if verdict:
        scene.say(ev.StepSkipped(step=step.id, reason=verdict))
        return
    try:
        if step.if_ is not None and not condition(
            step.if_, contexts(scene.definition, scene.run, step)
        ):
            scene.say(ev.StepSkipped(step=step.id, reason="condition_false"))
            return
        seen = scene.run.steps[step.id]
        if step.many is not None:
            expand(scene, step, seen)
        else:
            begin(scene, step, seen)
    except ExpressionError as error:
        scene.fail(step.id, "expression", str(error), started=False)


def unwanted(scene: Scene, step: Step) -> str:
    """Return why the step is not run, or nothing."""
    if step.when == "always":
        return ""
    states = scene.states(step.depends_on)
    failed = _S.FAILED in states
    cancelled = _S.CANCELLED in states or bool(scene.run.cancel_requested)
    if step.when == "success":
        if all(state == _S.SUCCEEDED for state in states) or _passed(scene, step):
            return ""
        return "upstream_failed" if failed or cancelled else "upstream_skipped"
    if not step.depends_on:  # it looks at the whole execution
        failed = scene.run.tally[_S.FAILED] > 0
        cancelled = cancelled or outcome_of(scene.run, None) == "cancelled"
    wanted = failed if step.when == "failure" else cancelled
    return "" if wanted else "condition_false"


def _passed(scene: Scene, step: Step) -> bool:
    """Say whether each of its dependencies succeeded or was left out by a person."""
    seen = [scene.run.steps[name] for name in step.depends_on]
    return all(one.state == _S.SUCCEEDED or one.reason == SKIPPED_BY_HAND for one in seen)
