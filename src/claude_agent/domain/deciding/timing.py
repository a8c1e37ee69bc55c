"""Timers of steps: a wait is over or gives up, a sub-workflow has taken too long."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.facts import step_failed
from claude_agent.domain.deciding.news import Fact, TimerDue
from claude_agent.domain.deciding.scene import Scene
from claude_agent.domain.deciding.waiting import time_has_come
from claude_agent.domain.definition import Step
from claude_agent.domain.execution import StepRun


def take_timer(scene: Scene, news: TimerDue) -> None:
    """Let time decide about a step, if its time has come indeed."""
    seen = scene.run.steps.get(news.step)
    if seen is None or not seen.open or seen.due_at is None or seen.due_at > scene.means.at:
        return
    decided = ON_TIME.get(scene.step(seen.id).kind)
    if decided is not None:
        decided(scene, seen)


def wait_due(scene: Scene, seen: StepRun) -> None:
    """Take it that the time of a wait has come, or that it has waited long enough."""
    wait = scene.step(seen.id).wait
    if wait is None or wait.timed:
        time_has_come(scene, seen.id)
        return
    reason = _reason(scene.step(seen.id))
    what = wait.signal or wait.event
    message = f"{what} did not come within its {reason.partition('.')[2]} timeout."
    fact = Fact(step=seen.id, undo=False, kind="failed", task_id="", reason=reason, message=message)
    step_failed(scene, fact, seen)


def child_overdue(scene: Scene, seen: StepRun) -> None:
    """Let the execution of a step be stopped that takes too long; its end is the step's."""
    reason = _reason(scene.step(seen.id))
    scene.say(ev.StepOverdue(step=seen.id, reason=reason))
    scene.stop(seen, reason=reason)


def _reason(step: Step) -> str:
    run, total = step.timeout.run_ms, step.timeout.total_ms
    return "timeout.run" if total is None or (run is not None and run < total) else "timeout.total"


ON_TIME = {"wait": wait_due, "workflow": child_overdue}
"""By the kind of a step: what follows when its timer has run out."""
