"""Going back: the plan, group by group, and the news of the tasks that undo."""

from collections.abc import Iterable

from claude_agent.domain import execution_events as ev
from claude_agent.domain.compensation import plan
from claude_agent.domain.deciding.approving import goes_back
from claude_agent.domain.deciding.news import ChildEnded, Fact, ResumeUndo, UndoOverdue
from claude_agent.domain.deciding.scene import Letter, Scene, Submit
from claude_agent.domain.execution import Execution, StepRun
from claude_agent.domain.expression import ExpressionError
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_task import undo_for

_E = ExecutionState
_S = StepState
UNDO = "undo"
"""A letter to a sub-workflow: its parent goes back."""
OVERDUE = "undo_overdue"
"""A letter to a sub-workflow that is being undone: its parent has no more time for it."""
_BEGUN = frozenset({_S.COMPENSATING, _S.COMPENSATED})


def undo_news(scene: Scene, fact: Fact) -> None:
    """Take the news of a task that undoes a step."""
    step = scene.run.steps[fact.step]
    if step.state != _S.COMPENSATING or step.undo_task_id != fact.task_id:
        return
    if fact.kind == "succeeded" or fact.ended_well:  # also while it was being stopped
        scene.say(ev.StepCompensated(step=fact.step))
    elif fact.kind in ("failed", "cancelled"):
        message = fact.message or fact.reason or "It could not be undone."
        scene.say(ev.StepCompensationFailed(step=fact.step, message=message))


def child_undone(scene: Scene, news: ChildEnded) -> None:
    """Take it that a sub-workflow was undone as a whole, or could not be.

    Then the one goes back that did the step in the generation before.
    """
    if news.state == "compensated":
        children = scene.run.steps[news.step].children
        before = children[children.index(news.execution_id) + 1 :]
        if before:
            _undo_one(scene, news.step, before[0])
        else:
            scene.say(ev.StepCompensated(step=news.step))
    else:
        message = f"Execution {news.ref} ended as {news.state} while it was undone."
        scene.say(ev.StepCompensationFailed(step=news.step, message=message))


def resume_undo(scene: Scene, asked: ResumeUndo) -> None:
    """Try again what could not be undone, but for what a person leaves out."""
    if scene.run.state != _E.COMPENSATION_FAILED:
        return
    scene.say(ev.CompensationResumed(skip=list(asked.skip)))


def undo_overdue(scene: Scene, _news: UndoOverdue) -> None:
    """Stop what is being undone: all of it together has had its time, sub-workflows too."""
    if scene.run.state != _E.COMPENSATING:
        return
    planned = [scene.run.steps[name] for group in scene.run.plan or () for name in group]
    going = [one for one in planned if one.state == _S.COMPENSATING]
    scene.say(ev.CompensationOverdue(steps=[one.id for one in going]))
    scene.out.cancels += [one.undo_task_id for one in going if one.undo_task_id]
    scene.out.letters += [
        Letter(execution_id=one.undo_child or one.child_id, kind=OVERDUE, data={})
        for one in going
        if one.child_id and not one.undo_task_id
    ]


def after_stop(scene: Scene) -> None:
    """Nothing runs any more: go back where that is wanted and there is something, or end."""
    run = scene.run
    asked = run.cancel_requested
    wanted = run.compensate_on_cancel if asked else goes_back(scene.definition, run)
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
    planned = [name for group in run.plan or () for name in group]
    for group in run.plan or ():
        wanted = [name for name in group if not run.steps[name].undo_skipped]
        for name in wanted:
            if run.undo_overdue or any(_failed(run.steps[each]) for each in wanted):
                break  # nothing more is started; what runs comes to its end
            if run.steps[name].state not in _BEGUN:
                _undo(scene, name)
        if _S.COMPENSATING in scene.states(wanted):
            return
        if any(run.steps[each].state != _S.COMPENSATED for each in wanted):
            scene.end(_E.COMPENSATION_FAILED, "compensation_failed", None, _left(run, planned))
            return
    scene.end(_E.COMPENSATED, run.reason, None, _left(run, planned))


def _failed(seen: StepRun) -> bool:
    """Say whether its undoing failed on this list; one of an earlier list is tried again."""
    return seen.state == _S.COMPENSATION_FAILED and seen.undo_started_at is not None


def _left(run: Execution, planned: Iterable[str]) -> list[str]:
    """Return what has an effect still: on the list and not undone, or on no list."""
    undone = {name for name in planned if run.steps[name].state != _S.COMPENSATED}
    return sorted({*run.not_undone, *undone})


def _undo(scene: Scene, name: str) -> None:
    step = scene.step(name)
    if step.compensate is None:  # the plan holds only steps that declare it, and sub-workflows
        _undo_child(scene, name)
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


def _undo_child(scene: Scene, name: str) -> None:
    children = scene.run.steps[name].children
    if children:
        _undo_one(scene, name, children[0])


def _undo_one(scene: Scene, name: str, child: str) -> None:
    scene.say(ev.StepCompensating(step=name, task_id="", task_ref="", execution_id=child))
    scene.out.letters.append(Letter(execution_id=child, kind=UNDO, data={}))
