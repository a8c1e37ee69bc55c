"""What an execution does next: definition, state and news in; events and tasks out.

`decide` is the whole engine's judgement and does nothing itself. It looks only at the steps that
the news is about and at their direct dependents, so a join over a thousand steps stays cheap.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.approving import take_answer
from claude_agent.domain.deciding.ending import settle
from claude_agent.domain.deciding.facts import take_child, take_fact
from claude_agent.domain.deciding.news import (
    Answered,
    Begin,
    CancelAsked,
    ChildEnded,
    ClockJumped,
    EventSeen,
    Fact,
    News,
    Pause,
    Reopen,
    Resume,
    ResumeUndo,
    Signalled,
    TimerDue,
    UndoOverdue,
)
from claude_agent.domain.deciding.pausing import pause, resume
from claude_agent.domain.deciding.reopening import reopen
from claude_agent.domain.deciding.scene import Decision, Means, Scene, Submit
from claude_agent.domain.deciding.starting import start_ready
from claude_agent.domain.deciding.timing import take_timer
from claude_agent.domain.deciding.undoing import resume_undo, undo_overdue
from claude_agent.domain.deciding.waiting import take_event, take_jump, take_signal
from claude_agent.domain.definition import Definition
from claude_agent.domain.execution import Execution
from claude_agent.domain.states import ExecutionState

__all__ = ["Begin", "CancelAsked", "Decision", "Fact", "Means", "News", "Submit", "decide"]
_E = ExecutionState


def decide(definition: Definition, run: Execution, news: Iterable[News], means: Means) -> Decision:
    """Return everything that follows from the news. Raises nothing for any valid state."""
    scene = Scene(definition, run, means)
    for one in news:
        _TAKERS[type(one)](scene, one)
        settle(scene)
    scene.run.agents = {}  # they were asked in this transaction
    return scene.out


def _begin(scene: Scene, _news: Begin) -> None:
    if scene.run.state != _E.QUEUED:
        return
    scene.say(ev.ExecutionStarted())
    start_ready(scene, (step.id for step in scene.definition.steps))


def _cancel(scene: Scene, asked: CancelAsked) -> None:
    run = scene.run
    if run.terminal or run.cancel_requested:
        return
    if run.state == _E.QUEUED:  # nothing of it ever began
        scene.say(ev.ExecutionCancelRequested(compensate=False, reason=asked.reason))
        scene.end(_E.CANCELLED, asked.reason)
        return
    compensate = asked.compensate
    if compensate is None:
        failing = run.state == _E.FAILING and scene.definition.on_failure == "compensate"
        compensate = failing or scene.definition.on_cancel == "compensate"
    scene.say(ev.ExecutionCancelRequested(compensate=compensate, reason=asked.reason))
    if run.state == _E.CANCELLING:
        scene.stop_open()


_TAKERS: Mapping[type, Callable[[Scene, Any], None]] = {
    Begin: _begin,
    CancelAsked: _cancel,
    Fact: take_fact,
    TimerDue: take_timer,
    ClockJumped: take_jump,
    Signalled: take_signal,
    EventSeen: take_event,
    ChildEnded: take_child,
    Pause: pause,
    Resume: resume,
    Reopen: reopen,
    ResumeUndo: resume_undo,
    UndoOverdue: undo_overdue,
    Answered: take_answer,
}
"""Who takes each kind of news."""
