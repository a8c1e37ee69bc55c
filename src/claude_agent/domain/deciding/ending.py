"""What follows from news once it is folded: the next steps, the handlers, the end."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.approving import rewinds_to
from claude_agent.domain.deciding.many import go_on
from claude_agent.domain.deciding.news import Reopen
from claude_agent.domain.deciding.reopening import reopen, rewound
from claude_agent.domain.deciding.scene import GOING, STOPPING, Scene
from claude_agent.domain.deciding.starting import start_or_skip, start_ready
from claude_agent.domain.deciding.undoing import after_stop, undo_next
from claude_agent.domain.expression import ExpressionError, render
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_task import contexts

_E = ExecutionState
_S = StepState


def settle(scene: Scene) -> None:
    """Let everything follow that follows by itself, until only news can change anything."""
    while scene.unfinished:
        _groups_go_on(scene)
        ready = scene.take_ready()
        if scene.run.state in GOING:
            start_ready(scene, ready)
    if scene.run.state in STOPPING and not scene.run.any_open:
        _start_handlers(scene)
    _rest(scene)


def _start_handlers(scene: Scene) -> None:
    """Nothing runs any more: skip what waited for success, start what waits for the end."""
    names = [step.id for step in scene.pending()]
    while names and not scene.run.any_open:
        for name in names:
            step = scene.definition.by_id[name]
            if scene.run.steps[name].state != _S.PENDING or not scene.deps_closed(step):
                continue
            if step.when == "success":
                why = "cancelled" if scene.run.cancel_requested else "upstream_failed"
                scene.say(ev.StepSkipped(step=name, reason=why))
            else:
                start_or_skip(scene, step)
        _groups_go_on(scene)
        names = scene.take_ready()


def _groups_go_on(scene: Scene) -> None:
    while groups := scene.take_groups():
        for name in groups:
            go_on(scene, name)


def _rest(scene: Scene) -> None:
    run = scene.run
    if run.terminal:
        return
    if run.state == _E.COMPENSATING:
        undo_next(scene)
    elif back := rewinds_to(scene):
        reopen(scene, Reopen(said=rewound(scene.definition, run, back, run.message)))
        settle(scene)
    elif run.any_open:
        _wait_or_go(scene)
    elif run.state in STOPPING:
        after_stop(scene)
    elif run.state in GOING:
        _finish(scene)


def _wait_or_go(scene: Scene) -> None:
    run = scene.run
    waits = run.tally.waiting == run.tally.open
    if waits and run.state == _E.RUNNING:
        scene.say(ev.ExecutionWaiting(steps=[step.id for step in run.open_steps()]))
    elif not waits and run.state == _E.WAITING:
        scene.say(ev.ExecutionResumed())


def _finish(scene: Scene) -> None:
    """Nothing is open: what looks at the whole execution is decided, then the end."""
    run = scene.run
    if pending := scene.pending():
        for step in pending:
            if scene.deps_closed(step):
                start_or_skip(scene, step)
        settle(scene)
        return
    if run.tally[_S.FAILED] or run.tally[_S.CANCELLED]:
        failed = [s for s in run.steps.values() if s.state in (_S.FAILED, _S.CANCELLED)]
        first = min(failed, key=lambda step: step.end_seq)
        message = first.message or "Its task was cancelled."
        scene.say(ev.ExecutionFailing(step=first.id, reason=first.reason, message=message))
        scene.end(_E.FAILED, first.reason)
        return
    try:
        found = contexts(scene.definition, run, None)
        outputs = dict(render(dict(scene.definition.outputs), found))
    except ExpressionError as error:
        scene.say(ev.ExecutionFailing(step="outputs", reason="expression", message=str(error)))
        after_stop(scene)
        return
    scene.end(_E.SUCCEEDED, "", outputs)
