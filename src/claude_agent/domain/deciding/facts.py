"""News of the tasks of steps: started, retrying, uncertain, and how they ended."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.many import instance_failed
from claude_agent.domain.deciding.news import Fact
from claude_agent.domain.deciding.scene import Scene
from claude_agent.domain.deciding.undoing import undo_news
from claude_agent.domain.execution import StepRun
from claude_agent.domain.states import StepState


def take_fact(scene: Scene, fact: Fact) -> None:
    """Take the news of a task; what an earlier task of the step says changes nothing."""
    if fact.undo:
        undo_news(scene, fact)
        return
    step = scene.run.steps[fact.step]
    if not step.open or step.task_id != fact.task_id:
        return
    match fact.kind:
        case "started" if (step.state, step.attempt) == (StepState.RUNNING, fact.attempt):
            return  # adopted: it goes on as before
        case "started":
            scene.say(ev.StepStarted(step=fact.step, attempt=fact.attempt))
        case "retrying":
            scene.say(ev.StepRetrying(step=fact.step, message=fact.message, due=fact.due))
        case "uncertain":
            scene.say(ev.StepUncertain(step=fact.step, reason=fact.reason))
        case "succeeded":
            scene.say(ev.StepSucceeded(step=fact.step, outputs=fact.outputs))
        case "cancelled":
            _cancelled(scene, fact, step)
        case _:
            _failed(scene, fact, step)


def _failed(scene: Scene, fact: Fact, step: StepRun) -> None:
    if not step.parent:
        scene.fail(fact.step, fact.reason, fact.message, started=fact.started)
        return
    scene.say(
        ev.StepFailed(
            step=fact.step, reason=fact.reason, message=fact.message, started=fact.started
        )
    )
    instance_failed(scene, scene.step(fact.step))


def _cancelled(scene: Scene, fact: Fact, step: StepRun) -> None:
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
    # Its task was cancelled by itself: what was asked for will not be done.
    scene.failing(fact.step, "cancelled", "Its task was cancelled.")
