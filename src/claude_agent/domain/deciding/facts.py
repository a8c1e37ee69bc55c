"""News of the tasks of steps: started, retrying, uncertain, and how they ended."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.copying import replace
from claude_agent.domain.deciding.many import instance_failed
from claude_agent.domain.deciding.news import ChildEnded, Fact
from claude_agent.domain.deciding.scene import Scene
from claude_agent.domain.deciding.undoing import child_undone, undo_news
from claude_agent.domain.execution import StepRun
from claude_agent.domain.states import StepState
from claude_agent.domain.step_run import PARKED
from claude_agent.domain.step_task import cache_key


def take_fact(scene: Scene, fact: Fact) -> None:
    """Take the news of a task; what an earlier task of the step says changes nothing."""
    if fact.undo:
        undo_news(scene, fact)
        return
    step = scene.run.steps[fact.step]
    if not step.open or step.task_id != fact.task_id:
        return
    match fact.kind:
        case "held" | "approved":
            held = fact.kind == "held"
            scene.say(ev.StepHeld(step=fact.step) if held else ev.StepApproved(step=fact.step))
        case "started" if (step.state, step.attempt) == (StepState.RUNNING, fact.attempt):
            return  # adopted: it goes on as before
        case "started":
            scene.say(ev.StepStarted(step=fact.step, attempt=fact.attempt))
        case "retrying":
            parked = fact.reason == PARKED
            said = ev.StepRetrying(
                step=fact.step, message=fact.message, due=fact.due, parked=parked
            )
            scene.say(said)
        case "uncertain":
            scene.say(ev.StepUncertain(step=fact.step, reason=fact.reason))
        case "succeeded":
            _succeeded(scene, fact)
        case "cancelled":
            step_cancelled(scene, fact, step)
        case _:
            step_failed(scene, fact, step)


def _succeeded(scene: Scene, fact: Fact) -> None:
    scene.say(ev.StepSucceeded(step=fact.step, outputs=fact.outputs))
    step, seen = scene.step(fact.step), scene.run.steps[fact.step]
    if step.cache is not None:
        key = cache_key(scene.definition, scene.run, step, seen)
        scene.out.stores.append((key, fact.outputs))


def step_failed(scene: Scene, fact: Fact, step: StepRun) -> None:
    """Let a step, or an instance of one, fail for good."""
    if not step.parent:
        scene.fail(fact.step, fact.reason, fact.message, started=fact.started)
        return
    scene.say(
        ev.StepFailed(
            step=fact.step, reason=fact.reason, message=fact.message, started=fact.started
        )
    )
    instance_failed(scene, scene.step(fact.step))


def step_cancelled(scene: Scene, fact: Fact, step: StepRun) -> None:
    """Let a step end as cancelled: what was asked for will not be done."""
    scene.say(
        ev.StepCancelled(
            step=fact.step,
            started=fact.started,
            ended_well=fact.ended_well,
            outputs=fact.outputs,
        )
    )
    if step.parent:
        instance_failed(scene, scene.step(fact.step))
        return
    scene.failing(fact.step, "cancelled", fact.message or "Its task was cancelled.")


def take_child(scene: Scene, news: ChildEnded) -> None:
    """Take the end of the execution that a step started."""
    seen = scene.run.steps.get(news.step)
    if seen is None:
        return
    if seen.state == StepState.COMPENSATING:
        # empty: begun by a version that knew of the last one only
        if news.execution_id == (seen.undo_child or seen.child_id):
            child_undone(scene, news)
        return
    if not seen.open or seen.child_id != news.execution_id:
        return
    about = f"Execution {news.ref} ended as {news.state}"
    fact = Fact(
        step=news.step,
        undo=False,
        kind=news.state,
        task_id="",
        reason=news.reason or news.state,
        message=f"{about}: {news.message}" if news.message else f"{about}.",
    )
    if news.state == "succeeded":
        scene.say(ev.StepSucceeded(step=news.step, outputs=news.outputs))
    elif seen.reason:  # it had its time: that is why it was stopped
        step_failed(scene, replace(fact, kind="failed", reason=seen.reason), seen)
    elif news.state == "cancelled":
        step_cancelled(scene, fact, seen)
    else:
        step_failed(scene, fact, seen)
