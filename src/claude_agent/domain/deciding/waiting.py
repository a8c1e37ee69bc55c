"""Steps that wait: for a time, a signal or an event; whichever comes first ends them."""

from collections.abc import Mapping

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.news import ClockJumped, EventSeen, Signalled
from claude_agent.domain.deciding.scene import Scene
from claude_agent.domain.definition import Step
from claude_agent.domain.definition_kinds import Wait
from claude_agent.domain.duration import DurationError, parse_duration
from claude_agent.domain.execution import StepRun
from claude_agent.domain.expression import ExpressionError, condition, render
from claude_agent.domain.expression_tree import fail
from claude_agent.domain.instant import InstantError, parse_instant
from claude_agent.domain.step_task import contexts


def start_wait(scene: Scene, step: Step, seen: StepRun) -> None:
    """Begin to wait; a signal that came before ends it at once. Raises ExpressionError.

    The timer is the time that is waited for, or else the step's own time limit.
    """
    wait = step.wait or Wait()
    due = _due(wait, contexts(scene.definition, scene.run, step, seen), scene.means.at)
    if not wait.timed:
        due = step.timeout.until(scene.means.at)
    event = str(wait.event or "")
    scene.say(ev.StepWaiting(step=seen.id, due=due, event=event))
    for signal in scene.run.signals:
        if _ends(scene, seen.id, signal):
            _take(scene, seen.id, signal)
            return
    if wait.timed and due is not None and due <= scene.means.at:
        time_has_come(scene, seen.id)


def _due(wait: Wait, found: Mapping[str, object], at: int) -> int | None:
    """Return when time ends the wait, in epoch milliseconds. Raises ExpressionError."""
    if wait.for_ is not None:
        if isinstance(wait.for_, int):
            return at + wait.for_
        try:
            return at + parse_duration(render(wait.for_, found))
        except DurationError as error:
            fail(f"wait.for: {error.detail}")
    if wait.until is None:
        return None
    try:
        return parse_instant(str(render(wait.until, found)))
    except InstantError as error:
        fail(f"wait.until: {error.detail}", hint=error.hint)


def time_has_come(scene: Scene, name: str) -> None:
    """Let a wait end by its time."""
    scene.say(ev.StepSucceeded(step=name, outputs={"by": "time"}))


def take_signal(scene: Scene, news: Signalled) -> None:
    """Keep a signal, and let it end the first step that waits for it."""
    if scene.run.terminal:
        return
    scene.say(
        ev.ExecutionSignalled(
            name=news.name, data=news.data, source=news.source, message_id=news.message_id
        )
    )
    signal = scene.run.signals[-1]
    for seen in _waiting(scene):
        if _ends(scene, seen.id, signal):
            _take(scene, seen.id, signal)
            return


def _waiting(scene: Scene) -> list[StepRun]:
    open_now = [one for one in scene.run.open_steps() if scene.step(one.id).wait is not None]
    return sorted(open_now, key=lambda one: one.n)


def _ends(scene: Scene, name: str, signal: Mapping[str, object]) -> bool:
    wait = scene.step(name).wait
    if wait is None or signal["name"] not in (wait.signal, wait.or_signal):
        return False
    event = {"type": signal["name"], "data": signal["data"], "source": signal["source"]}
    return _holds(scene, name, wait, event)


def _holds(scene: Scene, name: str, wait: Wait, event: Mapping[str, object]) -> bool:
    if wait.if_ is None:
        return True
    seen = scene.run.steps[name]
    found = contexts(scene.definition, scene.run, scene.step(name), seen)
    try:
        return condition(wait.if_, {**found, "event": event})
    except ExpressionError:
        return False  # it does not fit: another one may


def _take(scene: Scene, name: str, signal: Mapping[str, object]) -> None:
    scene.say(ev.SignalTaken(step=name, signal=int(str(signal["n"]))))
    outputs = {"by": "signal", "signal": signal["name"], "data": signal["data"]}
    scene.say(ev.StepSucceeded(step=name, outputs=outputs))


def take_event(scene: Scene, news: EventSeen) -> None:
    """Let an event end the step that waits for it, if its condition holds."""
    seen = scene.run.steps.get(news.step)
    if seen is None or not seen.open or not seen.awaits or seen.awaits != news.type:
        return
    wait = scene.step(seen.id).wait
    event = {"type": news.type, "data": news.data, "source": news.source}
    if wait is not None and _holds(scene, seen.id, wait, event):
        outputs = {"by": "event", "event": news.type, "data": news.data}
        scene.say(ev.StepSucceeded(step=seen.id, outputs=outputs))


def take_jump(scene: Scene, news: ClockJumped) -> None:
    """Let lengths of time keep their length though the wall clock jumped; dates stay dates."""
    for seen in scene.run.open_steps():
        wait = scene.step(seen.id).wait
        if seen.due_at is not None and (wait is None or wait.until is None):
            scene.say(ev.StepMoved(step=seen.id, jump=news.jump))
