from dataclasses import replace
from typing import Any

import pytest

from claude_agent.domain import execution_events as ev
from claude_agent.domain.definition import Step
from claude_agent.domain.execution_decide import CancelAsked, Fact
from tests.unit.domain.making import chain, play, step, types, undo

UNDO = undo()
ANYWAY = undo(on="attempted")
CANCEL = CancelAsked(reason="by me")


def undoable(*names: str) -> list[Step]:
    """Return a chain of steps that can all be undone."""
    return [replace(one, compensate=UNDO) for one in chain(*names)]


# The way of a success -----------------------------------------------------------------------


def test_chain_runs_one_after_the_other_and_succeeds_with_its_outputs() -> None:
    made = play(*chain("a", "b"), outputs={"x": "${{ steps.a.outputs.x }}", "n": 1})
    assert (made.state, made.submitted()) == ("running", ["a"])
    made.do("a", outputs={"x": 7})
    assert made.submitted() == ["a", "b"]
    made.do("b")
    assert (made.state, made.run.outputs) == ("succeeded", {"x": 7, "n": 1})
    assert types(made.events) == [
        "execution.started",
        "step.queued",
        "step.started",
        "step.succeeded",
        "step.queued",
        "step.started",
        "step.succeeded",
        "execution.ended",
    ]


def test_steps_without_dependencies_run_at_once_and_a_join_waits_for_all() -> None:
    made = play(step("a"), step("b"), step("join", "a", "b"))
    assert made.submitted() == ["a", "b"]
    made.do("a")
    assert made.submitted() == ["a", "b"]
    made.do("b")
    assert made.submitted() == ["a", "b", "join"]


def test_steps_may_stand_in_any_order_in_the_source() -> None:
    made = play(step("last", "first"), step("first"))
    assert made.submitted() == ["first"]
    made.do("first")
    assert made.submitted() == ["first", "last"]


def test_execution_without_steps_succeeds_at_once() -> None:
    assert play().state == "succeeded"


def test_step_without_an_agent_is_routed() -> None:
    made = play(step("a", agent=None), step("b"))
    routed, named = made.specs.values()
    assert (routed.agent, routed.routed_by) == ("master", "the fallback")
    assert (named.agent, named.routed_by) == ("testing", "the workflow names it")


def test_step_is_queued_with_the_number_of_its_effect() -> None:
    made = play(step("a"))
    assert made.said(ev.StepQueued) == [
        ev.StepQueued(step="a", task_id="task-1", task_ref="T001", k=1)
    ]


# Conditions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({"if_": "inputs.yes"}, "queued", ""),
        ({"if_": "!inputs.yes"}, "skipped", "condition_false"),
        ({"if_": "steps.a.outputs.x == 1"}, "queued", ""),
        ({"if_": "failure()"}, "skipped", "condition_false"),
        ({"if_": "inputs.text"}, "failed", "expression"),
        ({"with_": {"x": "${{ steps.a.outputs.none }}"}}, "failed", "expression"),
        ({"when": "always"}, "queued", ""),
        ({"when": "failure"}, "skipped", "condition_false"),
        ({"when": "cancelled"}, "skipped", "condition_false"),
    ],
)
def test_step_after_a_success(changes: dict[str, Any], state: str, reason: str) -> None:
    made = play(step("a"), step("b", "a", **changes), params={"yes": True, "text": "x"})
    made.do("a", outputs={"x": 1})
    assert (made.run.steps["b"].state, made.run.steps["b"].reason) == (state, reason)


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({}, "skipped", "upstream_failed"),
        ({"when": "always"}, "queued", ""),
        ({"when": "failure"}, "queued", ""),
        ({"when": "failure", "if_": "failure()"}, "queued", ""),
        ({"when": "always", "if_": "success()"}, "skipped", "condition_false"),
        ({"when": "cancelled"}, "skipped", "condition_false"),
    ],
)
@pytest.mark.parametrize("on_failure", ["fail", "continue", "compensate"])
def test_step_after_a_failure(
    on_failure: str, changes: dict[str, Any], state: str, reason: str
) -> None:
    made = play(step("a"), step("b", "a", **changes), on_failure=on_failure)
    made.do("a", "failed", reason="exit", message="no")
    assert (made.run.steps["b"].state, made.run.steps["b"].reason) == (state, reason)


def test_step_after_a_skipped_one_is_skipped_unless_it_always_runs() -> None:
    made = play(
        step("a", if_="false"),
        step("b", "a"),
        step("c", "b"),
        step("d", "b", when="always"),
    )
    assert made.states() == {"a": "skipped", "b": "skipped", "c": "skipped", "d": "queued"}
    assert made.run.steps["c"].reason == "upstream_skipped"
    made.do("d")
    assert made.state == "succeeded"


def test_expression_that_cannot_be_read_fails_the_execution_and_stops_its_siblings() -> None:
    made = play(step("a"), step("b", if_="inputs.x"), params={"x": "text"})
    assert (made.state, made.cancels) == ("failing", ["task-1"])
    made.news("a", "cancelled", started=False)
    assert (made.state, made.run.failed_step) == ("failed", "b")


# Handlers -----------------------------------------------------------------------------------


def test_handler_without_dependencies_waits_for_the_end_and_is_skipped_after_a_success() -> None:
    made = play(step("handler", when="failure"), step("a"))
    assert made.submitted() == ["a"]
    made.do("a")
    assert made.states() == {"handler": "skipped", "a": "succeeded"}
    assert made.state == "succeeded"


@pytest.mark.parametrize("on_failure", ["fail", "continue"])
def test_handler_without_dependencies_runs_after_a_failure(on_failure: str) -> None:
    made = play(step("handler", when="failure"), step("a"), on_failure=on_failure)
    made.do("a", "failed", reason="exit", message="no")
    assert made.submitted() == ["a", "handler"]
    assert not made.run.terminal
    made.do("handler")
    assert (made.state, made.run.reason, made.run.failed_step) == ("failed", "exit", "a")


def test_handler_sees_the_failure_although_a_sibling_was_stopped() -> None:
    made = play(step("a"), step("b"), step("handler", when="failure", if_="failure()"))
    made.do("a", "failed", reason="exit", message="no")
    made.news("b", "cancelled", started=True)
    assert made.submitted() == ["a", "b", "handler"]


def test_what_follows_a_handler_waits_for_it() -> None:
    """A step never starts before what it depends on has ended, whatever its `when`."""
    made = play(
        step("after", "handler", when="always"),
        step("handler", when="failure"),
        step("a"),
        on_failure="continue",
    )
    made.do("a", "failed", reason="exit", message="no")
    assert made.submitted() == ["a", "handler"]
    made.do("handler")
    assert made.submitted() == ["a", "handler", "after"]
    made.do("after")
    assert made.state == "failed"


def test_success_that_follows_a_handler_is_not_skipped_before_it_ended() -> None:
    made = play(
        step("handler", when="failure"),
        step("after", "handler"),
        step("a"),
        on_failure="continue",
    )
    made.do("a", "failed", reason="exit", message="no")
    assert made.run.steps["after"].state == "pending"
    made.do("handler")
    assert made.run.steps["after"].state == "queued"


def test_handlers_run_before_the_first_undoing() -> None:
    made = play(*undoable("a", "b"), step("handler", "b", when="failure"), on_failure="compensate")
    made.do("a")
    made.do("b", "failed", reason="exit", message="no")
    assert (made.state, made.submitted()) == ("failing", ["a", "b", "handler"])
    made.do("handler")
    assert (made.state, made.submitted()[-1]) == ("compensating", "undo a")


def test_handler_of_a_cancel_runs_when_everything_has_stopped() -> None:
    made = play(step("a"), step("handler", when="cancelled"))
    made.news("a", "started", attempt=1)
    made.tell(CANCEL)
    assert made.submitted() == ["a"]
    made.news("a", "cancelled")
    assert made.submitted() == ["a", "handler"]
    made.do("handler")
    assert made.state == "cancelled"


def test_handlers_that_wait_for_a_success_are_skipped_when_the_execution_stops() -> None:
    made = play(*chain("a", "b", "c"))
    made.tell(CANCEL)
    made.news("a", "cancelled", started=False)
    assert made.states() == {"a": "cancelled", "b": "skipped", "c": "skipped"}
    assert [made.run.steps[name].reason for name in "bc"] == ["cancelled", "cancelled"]


# Failure ------------------------------------------------------------------------------------


def test_failure_stops_what_runs_and_starts_nothing_new() -> None:
    made = play(step("a"), step("b"), step("c", "b"))
    made.news("b", "started", attempt=1)
    made.do("a", "failed", reason="exit", message="no")
    assert (made.state, made.cancels) == ("failing", ["task-2"])
    made.news("b", "succeeded")
    assert (made.state, made.states()["c"]) == ("failed", "skipped")
    assert (made.run.failed_step, made.run.reason, made.run.message) == ("a", "exit", "no")
    assert made.run.not_undone == ("a", "b")


def test_failure_is_survived_where_the_definition_says_so() -> None:
    made = play(step("a"), step("b"), step("c", "b"), on_failure="continue")
    made.do("a", "failed", reason="exit", message="no")
    made.do("b")
    made.do("c")
    assert (made.state, made.run.reason, made.run.message) == ("failed", "exit", "no")


def test_first_failure_is_named_where_several_were_survived() -> None:
    made = play(step("a"), step("b"), on_failure="continue")
    made.do("b", "failed", reason="gate", message="first")
    made.do("a", "failed", reason="exit", message="second")
    assert (made.run.failed_step, made.run.message) == ("b", "first")


def test_step_whose_task_was_cancelled_alone_fails_the_execution() -> None:
    """What was asked for is not done: it must not look like a success."""
    made = play(*chain("a", "b"))
    made.news("a", "started", attempt=1)
    made.news("a", "cancelled")
    assert (made.state, made.run.failed_step, made.run.reason) == ("failed", "a", "cancelled")
    assert made.run.message == "Its task was cancelled."


def test_step_whose_task_was_cancelled_alone_is_survived_and_still_no_success() -> None:
    made = play(step("a"), step("b"), on_failure="continue")
    made.news("a", "cancelled", started=False)
    made.do("b")
    assert (made.state, made.run.reason) == ("failed", "cancelled")
    assert made.run.message == "Its task was cancelled."


def test_cancel_handler_runs_when_a_step_was_cancelled_alone() -> None:
    made = play(step("a"), step("handler", when="cancelled"), step("other", when="failure"))
    made.news("a", "cancelled", started=False)
    assert made.submitted() == ["a", "handler"]


def test_outputs_that_cannot_be_rendered_fail_the_execution() -> None:
    made = play(step("a"), outputs={"x": "${{ steps.a.outputs.none }}"})
    made.do("a")
    assert (made.state, made.run.reason, made.run.failed_step) == (
        "failed",
        "expression",
        "outputs",
    )
    assert "none" in made.run.message


def test_outputs_that_cannot_be_rendered_undo_what_can_be_undone() -> None:
    bad = {"x": "${{ steps.a.outputs.none }}"}
    made = play(*undoable("a"), outputs=bad, on_failure="compensate")
    made.do("a")
    assert made.state == "compensating"
    made.undone("a")
    assert made.state == "compensated"


def test_step_that_never_began_is_not_called_started() -> None:
    """Its run was sealed and its task then expired: there is nothing to undo."""
    made = play(step("a", compensate=ANYWAY), on_failure="compensate")
    made.news("a", "started", attempt=1)
    made.news("a", "failed", reason="timeout.start", message="late", started=False)
    assert (made.state, made.run.steps["a"].started) == ("failed", False)


# Waiting ------------------------------------------------------------------------------------


def test_execution_waits_while_every_open_step_waits() -> None:
    made = play(step("a"), step("b"))
    for name in "ab":
        made.news(name, "started", attempt=1)
    made.news("a", "retrying", message="no", due=9)
    assert made.state == "running"
    made.news("b", "uncertain", reason="gone")
    assert made.state == "waiting"
    assert made.said(ev.ExecutionWaiting) == [ev.ExecutionWaiting(steps=["a", "b"])]
    made.news("a", "started", attempt=2)
    assert (made.state, made.states()["a"]) == ("running", "running")


def test_waiting_execution_goes_on_with_a_new_step() -> None:
    made = play(step("a"), step("b"), step("c", "b"))
    for name in "ab":
        made.news(name, "started", attempt=1)
    made.news("a", "retrying", message="no")
    made.news("b", "uncertain", reason="gone")
    made.news("b", "succeeded")
    assert (made.state, made.states()["c"]) == ("running", "queued")


def test_waiting_execution_ends_from_there() -> None:
    made = play(step("a"))
    made.news("a", "started", attempt=1)
    made.news("a", "uncertain", reason="gone")
    made.news("a", "succeeded")
    assert made.state == "succeeded"


def test_adopted_run_says_nothing_new() -> None:
    made = play(step("a"))
    made.news("a", "started", attempt=1)
    assert made.news("a", "started", attempt=1).events == []


@pytest.mark.parametrize(
    "fact",
    [
        Fact(step="a", undo=False, kind="succeeded", task_id="another"),
        Fact(step="a", undo=True, kind="succeeded", task_id="task-1"),
        Fact(step="b", undo=False, kind="succeeded", task_id=""),
    ],
)
def test_news_of_a_task_that_is_not_the_steps_is_ignored(fact: Fact) -> None:
    made = play(*chain("a", "b"))
    assert made.tell(fact).events == []


def test_news_of_a_step_that_ended_is_ignored() -> None:
    made = play(step("a"), step("b"))
    made.do("a")
    assert made.news("a", "failed", reason="late").events == []
