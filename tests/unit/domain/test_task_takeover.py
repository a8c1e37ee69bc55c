"""A person takes a task over: the same attempt, no timeout, and every way back to the agent."""

from dataclasses import replace

import pytest

from claude_agent.domain import takeover_events as ev
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.retry import Failure
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import (
    Cancel,
    EndRun,
    Lose,
    Reap,
    Release,
    Resolve,
    Start,
    Stop,
    decide,
)
from claude_agent.domain.task_failure import SHUTDOWN
from claude_agent.domain.task_takeover import HandBack, TakeOver
from claude_agent.domain.task_time import Tick
from claude_agent.errors import Conflict, Invalid
from tests.unit.domain.making import AT, after, fold, running, types

START = Start(adapter="claude", digest="d")
ANN, BEN = TakeOver(by="ann"), TakeOver(by="ben")
BACK = HandBack(by="ann", note="look at it")
KILLED = Failure(kind="cancelled", message="The run was stopped.", retryable=False)
STOPPED = EndRun(
    verdict={"code": 0, "stopped": True}, failure=KILLED, conversation="talk", at=AT + 5_000
)
NO_END = Failure(kind="no_terminal_event", message="It ended without a result.")


def prompt(**more: object) -> Task:
    """Return a prompt whose first run goes on."""
    one = running()
    return replace(one, spec=replace(one.spec, kind="prompt", **more))


def on_screen(one: Task | None = None) -> Task:
    """Return a task whose screen is open."""
    return after(one or prompt(), ANN, STOPPED, START)


def test_the_screen_is_the_next_run_of_the_same_attempt() -> None:
    asked = after(prompt(), ANN)
    assert (asked.taken_over, asked.on_screen, asked.deadline_at) == (True, False, None)
    assert types(decide(asked, STOPPED)) == ["task.taken_over", "task.starting"]
    shown = on_screen()
    assert (shown.state, shown.run, shown.attempt, shown.on_screen) == ("running", 2, 1, True)
    assert shown.takeover["conversation"] == "talk"
    back = after(shown, BACK, STOPPED, START)
    assert (back.run, back.attempt, back.taken_over, back.goes_on) == (3, 1, False, True)
    assert back.takeover["note"] == "look at it"
    done = after(back, EndRun(verdict={"code": 0}, at=AT))
    assert done.state == "succeeded"


def test_nothing_times_out_while_a_person_has_it_and_their_time_is_not_the_tasks() -> None:
    one = prompt(limits=Timeouts(run_ms=1_000, total_ms=60_000))
    shown = on_screen(one)
    assert decide(shown, Tick(at=AT + 10**9)) == ()
    assert decide(shown, Stop(reason="timeout.idle")) == ()
    asked = after(shown, BACK)
    back = fold(asked, *decide(asked, replace(STOPPED, at=AT + 10**6)), at=AT + 10**6)
    assert back.asked_at == one.asked_at + 10**6


@pytest.mark.parametrize(
    ("verdict", "how"),
    [
        ({"code": 0, "signal": None}, "left"),
        ({"code": None, "signal": 1}, "window"),
        ({"code": None, "signal": None, "error": "no_screen: there is no pane"}, "refused"),
        ({}, "refused"),
    ],
)
def test_a_screen_that_ends_by_itself_goes_back(verdict: dict[str, object], how: str) -> None:
    said = decide(on_screen(), EndRun(verdict=verdict, failure=NO_END, at=AT))
    assert types(said) == ["task.handed_back", "task.starting"]
    assert isinstance(said[0], ev.TaskHandedBack)
    assert said[0].how == how


def test_an_agent_that_was_done_first_is_believed() -> None:
    asked = after(prompt(), ANN)
    assert after(asked, EndRun(verdict={"code": 0}, at=AT)).state == "succeeded"
    failed = EndRun(verdict={"code": 1}, failure=NO_END, at=AT)
    assert after(asked, failed).state == "dead", "without a conversation there is nothing to open"
    early = replace(STOPPED, conversation="")
    back = decide(asked, early)
    assert types(back) == ["task.handed_back", "task.starting"]


def test_a_lost_screen_is_reaped_and_goes_on_in_another_attempt_that_is_not_counted() -> None:
    lost = after(on_screen(), Lose(reason="gone"), Reap(killed=2))
    again = after(lost, Resolve(outcome="retry", how="rule", at=AT))
    assert (again.state, again.attempt, again.refunds) == ("scheduled", 1, 1)
    assert not again.takeover


def test_a_run_that_never_began_keeps_the_takeover_and_the_attempt() -> None:
    starting = after(prompt(), ANN, STOPPED)
    free = after(starting, Release(reason="its owner was lost"))
    assert (free.state, free.attempt, free.on_screen) == ("ready", 1, True)
    begun = after(on_screen(), Release(reason="sealed"))
    assert begun.attempt == 1


def test_a_cancel_and_a_shutdown_end_it() -> None:
    assert after(on_screen(), Cancel(reason="no"), STOPPED).state == "cancelled"
    down = after(on_screen(), Stop(reason=SHUTDOWN), STOPPED)
    assert (down.state, down.attempt - down.refunds, down.takeover) == ("scheduled", 0, {})


def test_who_may_take_over_what() -> None:
    asked = after(prompt(), ANN)
    assert decide(asked, ANN) == ()
    with pytest.raises(Conflict, match="by ann already"):
        decide(asked, BEN)
    with pytest.raises(Invalid, match="no conversation"):
        decide(running(), ANN)
    with pytest.raises(Conflict, match="being stopped"):
        decide(after(prompt(), Cancel(reason="no")), ANN)
    with pytest.raises(Conflict, match="approved"):
        decide(replace(prompt(), approval="A1"), ANN)
    with pytest.raises(Conflict, match="Nobody has taken"):
        decide(prompt(), BACK)
    assert decide(after(asked, BACK), BACK) == ()
    again = after(on_screen(), BACK, STOPPED, START, BEN)
    assert again.takeover["by"] == "ben"
