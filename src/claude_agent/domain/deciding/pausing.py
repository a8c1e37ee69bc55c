"""Pausing: nothing new starts, what runs goes on, and later everything is looked at again."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.many import go_on
from claude_agent.domain.deciding.news import Pause, Resume
from claude_agent.domain.deciding.scene import GOING, Scene
from claude_agent.domain.deciding.starting import start_ready
from claude_agent.domain.states import ExecutionState, StepState

_BAD = frozenset({StepState.FAILED, StepState.CANCELLED})


def pause(scene: Scene, asked: Pause) -> None:
    """Let nothing new start."""
    if scene.run.state in GOING:
        scene.say(ev.ExecutionPaused(reason=asked.reason))


def resume(scene: Scene, _asked: Resume) -> None:
    """Go on: first with what failed meanwhile, else with what became ready."""
    run = scene.run
    if run.state != ExecutionState.PAUSED:
        return
    decided = run.failed_step  # paused by its failure: the person knows of it and goes on
    scene.say(ev.ExecutionResumed())
    bad = [one for one in run.steps.values() if one.state in _BAD and not one.parent]
    if bad and not decided:
        first = min(bad, key=lambda one: one.end_seq)
        scene.failing(first.id, first.reason, first.message or "Its task was cancelled.")
    if run.state in GOING:
        for group in run.open_groups():
            go_on(scene, group.id)
        start_ready(scene, [step.id for step in scene.pending()])
