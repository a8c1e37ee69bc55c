"""What an execution undoes, in which order, and what a cancel means."""

from dataclasses import replace
from typing import Any

import pytest

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.news import Reopen
from claude_agent.domain.deciding.reopening import decided, retried, undone
from claude_agent.domain.definition import Step
from claude_agent.domain.execution_decide import Begin, CancelAsked
from claude_agent.domain.step_run import StepRun, after
from tests.unit.domain.making import Play, chain, definition, play, step, undo

UNDO = undo()
CANCEL = CancelAsked(reason="by me")


def undoable(*names: str) -> list[Step]:
    """Return a chain of steps that can all be undone."""
    return [replace(one, compensate=UNDO) for one in chain(*names)]


# Compensation -------------------------------------------------------------------------------


def failed_after(*names: str, **changes: Any) -> Play:
    """Return an execution whose steps succeeded in this order before the last one failed."""
    steps = [step(name, compensate=UNDO) for name in names]
    made = play(*steps, step("bad", *names), on_failure="compensate", **changes)
    for name in names:
        made.do(name, outputs={"n": name})
    made.do("bad", "failed", reason="exit", message="no")
    return made


def test_compensation_undoes_one_after_the_other_last_first() -> None:
    made = failed_after("c", "a", "b")
    planned = ev.CompensationPlanned(groups=[["b"], ["a"], ["c"]], not_undone=["bad"])
    assert made.said(ev.CompensationPlanned) == [planned]
    for name in "bac":
        assert made.submitted()[-1] == f"undo {name}"
        assert made.states()[name] == "compensating"
        made.undone(name)
    assert (made.state, made.run.reason, made.run.not_undone) == ("compensated", "exit", ("bad",))


def test_compensation_begins_only_when_no_step_is_open() -> None:
    made = play(*undoable("a"), step("b"), step("c"), on_failure="compensate")
    made.do("a")
    made.news("b", "started", attempt=1)
    made.news("b", "uncertain", reason="gone")
    made.do("c", "failed", reason="exit", message="no")
    assert (made.state, made.submitted()) == ("failing", ["a", "b", "c"])
    made.news("b", "failed", reason="crash", message="gone")
    assert (made.state, made.submitted()[-1]) == ("compensating", "undo a")


def test_compensation_in_parallel_undoes_a_level_together() -> None:
    made = failed_after("a", "b", compensation_order="parallel")
    assert made.submitted()[-2:] == ["undo a", "undo b"]
    made.undone("a")
    assert made.state == "compensating"
    made.undone("b")
    assert made.state == "compensated"


def test_compensation_that_fails_stops_and_says_what_is_left() -> None:
    made = failed_after("a", "b", "c")
    made.undone("c")
    made.undone("b", "failed", reason="exit", message="stuck")
    assert (made.state, made.run.reason) == ("compensation_failed", "compensation_failed")
    assert made.states() == {
        "a": "succeeded",
        "b": "compensation_failed",
        "c": "compensated",
        "bad": "failed",
    }
    assert made.run.not_undone == ("a", "b", "bad")
    assert made.run.steps["b"].message == "stuck"


def test_compensation_whose_task_was_cancelled_has_failed() -> None:
    made = failed_after("a")
    made.undone("a", "cancelled")
    assert (made.state, made.run.steps["a"].message) == (
        "compensation_failed",
        "It could not be undone.",
    )


@pytest.mark.parametrize("kind", ["started", "retrying", "uncertain"])
def test_compensation_waits_while_its_task_is_on_its_way(kind: str) -> None:
    made = failed_after("a")
    assert made.undone("a", kind).events == []


def test_parallel_compensation_that_fails_waits_for_what_runs_beside_it() -> None:
    made = failed_after("a", "b", compensation_order="parallel")
    made.undone("a", "failed", message="stuck")
    assert made.state == "compensating"
    made.undone("b")
    assert (made.state, made.run.not_undone) == ("compensation_failed", ("a", "bad"))


def test_undoing_that_cannot_be_rendered_has_failed() -> None:
    bad = undo(with_={"x": "${{ self.outputs.none }}"})
    made = play(step("a", compensate=bad), step("b", "a"), on_failure="compensate")
    made.do("a")
    made.do("b", "failed", reason="exit", message="no")
    assert made.state == "compensation_failed"
    assert "none" in made.run.steps["a"].message


def test_undoing_that_cannot_be_rendered_leaves_nothing_running_behind_an_end() -> None:
    """In a group the others are undone to their end before the execution is at rest."""
    bad = undo(with_={"x": "${{ self.outputs.none }}"})
    made = play(
        step("a", compensate=UNDO),
        step("b", compensate=bad),
        step("c", compensate=UNDO),
        step("d", "a", "b", "c"),
        on_failure="compensate",
        compensation_order="parallel",
    )
    for name in "abc":
        made.do(name)
    made.do("d", "failed", reason="exit", message="no")
    assert (made.state, made.submitted()[-1]) == ("compensating", "undo a")
    made.undone("a")
    assert (made.state, made.run.not_undone) == ("compensation_failed", ("b", "c", "d"))


def test_nothing_to_undo_ends_as_failed() -> None:
    made = play(*undoable("a", "b"), on_failure="compensate")
    made.do("a", "failed", reason="exit", message="no")
    assert (made.state, made.run.not_undone) == ("failed", ("a",))


def test_what_the_definition_does_not_want_undone_is_reported() -> None:
    made = play(*undoable("a", "b"), on_failure="fail")
    made.do("a")
    made.do("b", "failed", reason="exit", message="no")
    assert (made.state, made.run.not_undone) == ("failed", ("a", "b"))


# Cancel -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_cancel", "asked", "undone"),
    [
        ("stop", None, False),
        ("stop", True, True),
        ("compensate", None, True),
        ("compensate", False, False),
    ],
)
def test_cancel_undoes_as_asked_or_as_the_definition_says(
    on_cancel: str,
    asked: bool | None,  # noqa: FBT001 - a parameter of the test
    undone: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    made = play(*undoable("a", "b"), on_cancel=on_cancel)
    made.do("a")
    made.news("b", "started", attempt=1)
    made.tell(CancelAsked(reason="by me", compensate=asked))
    assert (made.state, made.cancels) == ("cancelling", ["task-2"])
    made.news("b", "cancelled")
    assert made.state == ("compensating" if undone else "cancelled")
    assert made.run.cancel_requested == "by me"


def test_cancel_undoes_a_step_whose_good_result_came_late() -> None:
    made = play(*undoable("a"), on_cancel="compensate")
    made.news("a", "started", attempt=1)
    made.tell(CANCEL)
    made.news("a", "cancelled", ended_well=True, outputs={"x": 1})
    assert (made.state, made.submitted()[-1]) == ("compensating", "undo a")
    made.undone("a")
    assert made.state == "compensated"


def test_cancel_is_heard_once_and_not_after_the_end() -> None:
    made = play(step("a"))
    made.tell(CANCEL)
    assert made.tell(CANCEL).events == []
    made.news("a", "cancelled", started=False)
    assert (made.state, made.tell(CANCEL).events) == ("cancelled", [])


@pytest.mark.parametrize(
    ("on_failure", "asked", "state"),
    [
        ("fail", None, "cancelled"),
        ("fail", False, "cancelled"),
        ("compensate", None, "compensating"),
        ("compensate", False, "cancelled"),
        ("fail", True, "compensating"),
    ],
)
def test_cancel_of_a_failing_execution_undoes_only_what_was_to_be_undone(
    on_failure: str,
    asked: bool | None,  # noqa: FBT001 - a parameter of the test
    state: str,
) -> None:
    made = play(*undoable("a"), step("b"), step("c"), on_failure=on_failure)
    made.do("a")
    made.news("b", "started", attempt=1)
    made.do("c", "failed", reason="exit", message="no")
    assert made.state == "failing"
    made.tell(CancelAsked(reason="by me", compensate=asked))
    assert made.state == "cancelling"
    made.news("b", "cancelled")
    assert made.state == state


def test_cancel_does_not_stop_a_compensation() -> None:
    made = failed_after("a")
    before = list(made.cancels)
    made.tell(CANCEL)
    assert (made.state, made.cancels) == ("compensating", before)
    made.undone("a")
    assert (made.state, made.run.reason) == ("compensated", "exit")


def test_decide_takes_several_news_at_once_in_their_order() -> None:
    made = Play(definition(*chain("a", "b")))
    made.tell(Begin(), CANCEL)
    assert (made.state, made.cancels) == ("cancelling", ["task-1"])


def test_handlers_run_one_after_the_other() -> None:
    made = play(step("second", "first", when="always"), step("first", when="failure"), step("a"))
    made.do("a", "failed", reason="exit", message="no")
    assert (made.state, made.submitted()) == ("failing", ["a", "first"])
    made.do("first")
    assert made.submitted() == ["a", "first", "second"]


def test_undoing_a_paused_execution_leaves_nothing_to_come() -> None:
    """What it had not begun is left out for good, in the order of the dependencies."""
    steps = [step("c", "b"), step("b", "a"), step("a", compensate=UNDO)]
    made = play(*steps, step("after", when="failure"), on_failure="pause")
    made.do("a")
    made.do("b", "failed", reason="exit", message="no")
    assert (made.state, made.states()["c"]) == ("paused", "pending")
    made.tell(Reopen(said=undone(made.definition, made.run)))
    assert made.states() == {
        "a": "compensating",
        "b": "failed",
        "c": "skipped",
        "after": "skipped",
    }
    assert {one.reason for one in made.said(ev.StepSkipped)} == {"undone"}
    made.undone("a")
    assert (made.state, made.submitted()) == ("compensated", ["a", "b", "undo a"])
    made.tell(Reopen(said=retried(made.definition, made.run, "")))
    assert made.states()["a"] == "queued", "it may begin anew, with what was left out"
    for name in "abc":
        made.do(name)
    assert (made.state, made.states()["c"]) == ("succeeded", "succeeded")


# Effects of earlier generations ---------------------------------------------------------------


def plans(made: Play) -> list[list[str]]:
    """Return the groups of the newest plan."""
    groups: list[list[str]] = made.said(ev.CompensationPlanned)[-1].groups
    return groups


def test_effect_keeps_its_place_where_a_later_generation_leaves_its_step_out() -> None:
    made = play(
        step("p"),
        step("a", "p", compensate=UNDO),
        step("b", compensate=UNDO),
        on_failure="compensate",
    )
    for name in "pab":
        made.do(name)
    made.tell(Reopen(said=retried(made.definition, made.run, "p")))
    made.do("p", "failed", reason="exit", message="no")
    assert made.states()["a"] == "skipped"
    assert plans(made) == [["b"], ["a"]], "b was done after a, whenever a was skipped"


@pytest.mark.parametrize("began", [True, False])
def test_attempt_keeps_its_place_where_nothing_of_a_later_one_ran(*, began: bool) -> None:
    anyway = undo(on="attempted")
    made = play(
        step("a", compensate=anyway),
        step("b", compensate=anyway),
        on_failure="pause",
    )
    made.do("a", "failed", reason="exit", message="no")
    made.do("b")
    made.tell(Reopen(said=retried(made.definition, made.run, "a")))
    if began:
        made.news("a", "started", attempt=1)
    made.tell(CancelAsked(reason="by me", compensate=True))
    made.news("a", "cancelled", started=began)
    assert plans(made) == ([["a"], ["b"]] if began else [["b"], ["a"]])


def test_output_set_by_hand_is_undone_before_what_it_stands_on_though_that_ran_later() -> None:
    made = play(
        step("a", compensate=UNDO),
        step("b", "a"),
        step("c", "b", compensate=UNDO),
        on_failure="compensate",
        on_cancel="stop",
    )
    made.tell(CancelAsked(reason="by me"))
    made.news("a", "cancelled", started=False)
    made.tell(Reopen(said=decided(made.definition, made.run, "c", {"n": 1})))
    made.do("a")
    made.do("b", "failed", reason="exit", message="no")
    assert plans(made) == [["c"], ["a"]]


def test_effect_stands_though_its_step_is_answered_from_the_cache_later() -> None:
    before = StepRun(id="a", in_force=True, effect_seq=4)
    said = ev.StepSucceeded(step="a", outputs={}, reason="cached")
    then = after(before, said, 1, 9)
    assert (then.in_force, then.effect_seq, then.end_seq) == (True, 4, 9)
