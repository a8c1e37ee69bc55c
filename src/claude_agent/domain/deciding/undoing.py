"""Going back: the plan, group by group, and the news of the tasks that undo."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.compensation import plan
from claude_agent.domain.deciding.news import ChildEnded, Fact
from claude_agent.domain.deciding.scene import Scene, Submit
from claude_agent.domain.expression import ExpressionError
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_task import undo_for

_E = ExecutionState
_S = StepState
_BEGUN = frozenset({_S.COMPENSATING, _S.COMPENSATED})


def undo_news(scene: Scene, fact: Fact) -> None:
    """Take the news of a task that undoes a step."""
    step = scene.run.steps[fact.step]
    if step.state != _S.COMPENSATING or step.undo_task_id != fact.task_id:
        return
    if fact.kind == "succeeded":
        scene.say(ev.StepCompensated(step=fact.step))
    elif fact.kind in ("failed", "cancelled"):
        message = fact.message or fact.reason or "It could not be undone."
        scene.say(ev.StepCompensationFailed(step=fact.step, message=message))


def child_undone(scene: Scene, news: ChildEnded) -> None:
    """Take it that a sub-workflow was undone as a whole, or could not be."""
    if news.state == "compensated":
        scene.say(ev.StepCompensated(step=news.step))
    else:
        message = f"Execution {news.ref} ended as {news.state} while it was undone."
        scene.say(ev.StepCompensationFailed(step=news.step, message=message))


def after_stop(scene: Scene) -> None:
    """Nothing runs any more: go back where that is wanted and there is something, or end."""
    run = scene.run
    if run.cancel_requested:
        wanted = run.compensate_on_cancel
    else:
        wanted = scene.definition.on_failure == "compensate"
    groups, left = plan(scene.definition, run)
    if wanted and groups:
        scene.say(ev.CompensationPlanned(groups=groups, not_undone=left))
        undo_next(scene)
        return
    state = _E.CANCELLED if run.cancel_requested else _E.FAILED
    not_undone = left + [name for group in groups for name in group]
    scene.end(state, run.reason, None, sorted(not_undone))


def undo_next(scene: Scene) -> None:
    """Begin the next group of the plan once the last one is done; end where none is left."""
    run = scene.run
    left = list(run.not_undone)
    for group in run.plan or ():
        for name in group:
            if _S.COMPENSATION_FAILED in scene.states(group):
                break  # nothing more is started; what runs comes to its end
            if run.steps[name].state not in _BEGUN:
                _undo(scene, name)
        states = scene.states(group)
        if _S.COMPENSATING in states:
            return
        if _S.COMPENSATION_FAILED in states:
            planned = [name for names in run.plan or () for name in names]
            left += [n for n in planned if run.steps[n].state != _S.COMPENSATED]
            scene.end(_E.COMPENSATION_FAILED, "compensation_failed", None, sorted(left))
            return
    scene.end(_E.COMPENSATED, run.reason, None, left)


def _undo(scene: Scene, name: str) -> None:
    step = scene.step(name)
    if step.compensate is None:  # the plan holds only steps that declare it
        return
    agent, _ = scene.agent(step)
    task_id, ref = scene.means.new_id()
    scene.say(ev.StepCompensating(step=name, task_id=task_id, task_ref=ref))
    try:
        seen = scene.run.steps[name]
        spec = undo_for(scene.definition, scene.run, seen, step.compensate, agent=agent)
    except ExpressionError as error:
        scene.say(ev.StepCompensationFailed(step=name, message=str(error)))
        return
    scene.out.submits.append(Submit(task_id=task_id, ref=ref, spec=spec))
