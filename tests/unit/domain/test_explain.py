"""Explanations of imagined situations, and that they agree with what is decided."""

import random
from dataclasses import replace
from typing import Any

import pytest

from claude_agent.domain import execution_events as ev
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_kinds import Wait
from claude_agent.domain.definition_parts import Foreach
from claude_agent.domain.execution import Execution, submitted
from claude_agent.domain.execution_decide import Begin, Fact, Means, decide
from claude_agent.domain.explaining.foresight import if_failed, if_well, means_of_nobody
from claude_agent.domain.explaining.reasons import Around, Queue, Reason, time_left
from claude_agent.domain.explaining.tasks import task_reasons
from claude_agent.domain.explaining.whole import explain
from claude_agent.domain.states import STEP_OPEN, ExecutionState, StepState
from claude_agent.domain.task import Task
from claude_agent.domain.task_events import TaskReaped, TaskUncertain
from tests.simulation import histories
from tests.unit.domain.making import (
    AT,
    EXECUTION,
    fold,
    numbered,
    play,
    running,
    step,
    undo,
)
from tests.unit.domain.making import submitted as task

REAPED = TaskReaped(run=1, killed=0)
NOW = Around(at=AT + 1_000)


def codes(reasons: list[Reason]) -> list[str]:
    return [one.code for one in reasons]


def reasons_of(one: Any, name: str, around: Around = NOW) -> list[Reason]:
    found = explain(one.definition, one.run, {}, around, only=name)
    return list(found.steps[0].reasons) if found.steps else []


# Tasks ----------------------------------------------------------------------------------------


def test_ready_task_with_a_free_slot_starts_at_once() -> None:
    assert codes(task_reasons(task(), NOW)) == ["next"]


def queue(**changes: Any) -> Queue:
    plain = Queue(name="testing", paused=False, running=0, most=2, slots=3, free=1)
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"paused": True}, "queue_paused", "The queue testing is paused."),
        ({"running": 2}, "queue_limit", "The queue testing runs 2 of at most 2 tasks."),
        ({"free": 0}, "no_slot", "All 3 slots that serve the queue testing are busy."),
        ({"slots": 0, "free": 0}, "no_worker", "No worker serves the queue testing."),
    ],
)
def test_ready_task_waits_for_its_queue(changes: dict[str, Any], code: str, text: str) -> None:
    one = task()
    around = replace(NOW, queues={one.id: queue(**changes, ahead=4)})
    found = task_reasons(one, around)
    assert codes(found) == [code, "line"]
    assert found[0].text == text
    assert found[0].command.startswith("claude-agent ")


def test_ready_task_waits_for_the_holder_of_its_lock_or_for_who_came_before() -> None:
    one = task(lock="db")
    held = task_reasons(one, replace(NOW, holders={"db": "ZZ99"}))
    assert codes(held) == ["lock"]
    assert (held[0].text, held[0].about) == ("Task ZZ99 holds the lock db.", ("db", "ZZ99"))
    assert held[0].command == "claude-agent task explain ZZ99"
    behind = task_reasons(one, replace(NOW, first={"db": "YY88"}))
    assert "submitted earlier" in behind[0].text
    assert codes(task_reasons(one, replace(NOW, holders={"db": one.ref}))) == ["next"]
    assert codes(task_reasons(one, replace(NOW, first={"db": one.ref}))) == ["next"]


def test_scheduled_task_says_for_what_time_it_waits() -> None:
    late = task(not_before=AT + 61_500)
    (reason,) = task_reasons(late, NOW)
    assert (reason.code, reason.until) == ("delay", AT + 61_500)
    assert "in 1m" in reason.text


def test_time_left_is_in_whole_seconds() -> None:
    assert [time_left(AT + ms, AT) for ms in (-5, 999, 1_000, 125_999)] == [
        "now",
        "now",
        "in 1s",
        "in 2m5s",
    ]


def test_running_and_ended_tasks() -> None:
    (reason,) = task_reasons(running(), NOW)
    assert (reason.code, reason.about) == ("running", ("testing",))
    assert "attempt 1 of" in reason.text


def uncertain(reason: str = "gone", **changes: Any) -> Task:
    return fold(running(**changes), TaskUncertain(run=1, reason=reason))


def test_uncertain_task_says_what_is_being_proved_and_who_decides() -> None:
    first = uncertain()
    assert "being proved that run 1 has ended" in task_reasons(first, NOW)[0].text
    proved = fold(first, REAPED)
    (ask,) = task_reasons(proved, NOW)
    assert ask.command == f"claude-agent task resolve {proved.ref} succeeded|retry|failed"
    probed = fold(uncertain(on_uncertain="verify", verify="kubectl get"), REAPED)
    assert "kubectl get" in task_reasons(probed, NOW)[0].text
    assert "tried again" in task_reasons(fold(uncertain(idempotent=True), REAPED), NOW)[0].text
    fails = fold(uncertain(on_uncertain="fail"), REAPED)
    assert "it failed" in task_reasons(fails, NOW)[0].text
    (far,) = task_reasons(uncertain("host unreachable"), NOW)
    assert far.command.startswith("claude-agent host lost")


# Steps ----------------------------------------------------------------------------------------


def test_pending_step_names_what_it_needs_with_its_state() -> None:
    one = play(step("a"), step("b"), step("c", "a", "b"))
    one.do("a")
    (reason,) = reasons_of(one, "c")
    assert reason.text == "It needs the end of b, which is queued."
    assert (reason.code, reason.about) == ("dependency", ("b",))
    assert reasons_of(one, "a") == []


def test_wait_names_its_time_and_its_signal_with_the_command() -> None:
    one = play(step("w", kind="wait", action=None, wait=Wait(for_=600_000, or_signal="go")))
    timer, signal = reasons_of(one, "w")
    assert (timer.code, timer.until) == ("timer", AT + 600_001)
    assert "in 9m59s" in timer.text
    assert signal.command == "claude-agent execution signal EXEC go"


def test_instances_beyond_the_limit_wait_for_a_place() -> None:
    one = play(step("t", foreach=Foreach(items=[1, 2, 3], max_parallel=1)))
    assert codes(reasons_of(one, "t[2]")) == ["max_parallel"]
    assert codes(reasons_of(one, "t")) == ["instances"]
    assert "1 are open and 2 not begun" in reasons_of(one, "t")[0].text


def test_step_that_looks_at_the_whole_execution_waits_for_its_end() -> None:
    one = play(step("a"), step("alarm", when="failure"))
    assert codes(reasons_of(one, "alarm")) == ["end"]


def test_queued_execution_names_the_holder_of_its_key() -> None:
    one = play(step("a"))
    run = one.run.draft()
    run.state, run.concurrency_key = ExecutionState.QUEUED, "deploy"
    around = replace(NOW, key_holders=("AAAA",), key_before=("BBBB",))
    found = explain(one.definition, run, {}, around)
    (reason,) = found.reasons
    assert reason.code == "concurrency"
    assert reason.text == (
        "The concurrency key deploy is held by execution AAAA; before it in line: BBBB."
    )


def test_while_it_fails_no_step_starts_and_open_ones_are_named() -> None:
    one = play(step("a"), step("b"), step("c", "b"))
    one.do("a", "failed", reason="exit", message="no")
    found = explain(one.definition, one.run, {}, NOW)
    assert found.reasons[0].code == "stopping"
    assert found.reasons[0].about == ("b",)
    assert codes(reasons_of(one, "c")) == ["dependency", "stopping"]


# What follows ---------------------------------------------------------------------------------


def test_end_of_a_step_starts_skips_and_leaves_open_what_reads_it() -> None:
    one = play(
        step("a"),
        step("b", "a"),
        step("c", "a", if_="inputs.no"),
        step("d", "a", if_="steps.a.outputs.n == 1"),
        step("e", "d"),
        step("f", "a", "other"),
        step("other"),
        step("g", "a", with_={"x": "${{ steps.a.outputs.url }}"}),
        params={"no": False},
    )
    found = if_well(one.definition, one.run, "a", means_of_nobody(AT))
    assert found.starts == ("b",)
    assert found.skips == (("c", "condition_false"),)
    assert found.undecided == ("d", "g")
    assert found.ends == ""


def test_end_of_the_last_step_ends_the_execution() -> None:
    one = play(step("a"))
    assert if_well(one.definition, one.run, "a", means_of_nobody(AT)).ends == "succeeded"


def test_failure_stops_skips_and_undoes_in_reverse_order() -> None:
    one = play(
        step("a", compensate=undo()),
        step("b", "a", compensate=undo()),
        step("c", "b", compensate=undo(on="attempted")),
        step("side", "b"),
        step("d", "c"),
        step("alarm", "c", when="failure"),
        on_failure="compensate",
    )
    one.do("a")
    one.do("b")
    one.news("c", "started", attempt=1)
    one.news("side", "started", attempt=1)
    found = if_failed(one.definition, one.run, "c", means_of_nobody(AT))
    assert found.stops == ("side",)
    assert found.starts == ("alarm",)
    assert found.skips == ("d",)
    assert found.undoes == (("c",), ("b",), ("a",))
    assert found.not_undone == ("side", "alarm")
    assert found.ends == "compensating"
    before = one.run
    assert one.state == "running"
    assert one.run is before


def test_failure_of_an_instance_lets_the_others_go_on() -> None:
    one = play(step("t", foreach=Foreach(items=[1, 2], fail_fast=False)), on_failure="fail")
    found = if_failed(one.definition, one.run, "t[0]", means_of_nobody(AT))
    assert (found.stops, found.ends) == ((), "failed")


def test_failure_of_a_step_that_has_not_begun_starts_nothing_of_it() -> None:
    one = play(step("a"), step("b", "a"), step("c", "b"), on_failure="fail")
    found = if_failed(one.definition, one.run, "b", means_of_nobody(AT))
    assert (found.stops, found.starts, found.skips) == (("a",), (), ("c",))


# Agreement with what is decided ---------------------------------------------------------------


def _decided(before: Execution, now: Execution, *but: str) -> dict[str, str]:
    return {
        name: one.state.value
        for name, one in now.steps.items()
        if not one.parent
        and name not in but
        and before.steps[name].state == StepState.PENDING
        and one.state != StepState.PENDING
    }


def _begins(definition: Definition, first: ev.ExecutionSubmitted) -> None:
    run = submitted(EXECUTION, first, 0)
    run.state = ExecutionState.RUNNING  # as Begin makes it
    startable = explain(definition, run, {}, NOW).startable
    whole = decide(definition, submitted(EXECUTION, first, 0), [Begin()], means_of_nobody(1))
    decided = _decided(run, whole.run)
    direct = {
        name
        for name in decided
        if not definition.by_id[name].depends_on and definition.by_id[name].when != "cancelled"
    }
    at_the_end = {one.id for one in definition.steps if one.when in ("failure", "cancelled")}
    roots = {one.id for one in definition.steps if not one.depends_on} - at_the_end
    assert set(startable) == roots
    if whole.run.state in (ExecutionState.RUNNING, ExecutionState.WAITING):
        assert direct - at_the_end == roots


def test_what_is_explained_as_startable_is_what_decide_starts(prove_scale: int) -> None:
    compared = 0
    for seed in range(400 * prove_scale):
        history = histories.play(seed)
        chance = random.Random(seed)  # noqa: S311 - the seed is the point
        _begins(history.definition, history.first)
        run = submitted(EXECUTION, history.first, 0)
        for n, (at, said) in enumerate(history.events, start=1):
            run = histories.evolve(run, said, at)
            settled = n < len(history.events) and history.events[n][0] != at
            if not settled or chance.random() < 0.5:  # in the middle of one decision
                continue
            compared += _agrees(history.definition, run, chance, seed)
    assert compared > 300


def _agrees(definition: Definition, run: Execution, chance: random.Random, seed: int) -> int:
    going = (ExecutionState.RUNNING, ExecutionState.WAITING)
    open_now = [one for one in run.open_steps() if one.task_id and one.state in STEP_OPEN]
    if not open_now or run.state not in going:
        return 0
    one = chance.choice(open_now)
    told = if_well(definition, run, one.id, means_of_nobody(5))
    fact = Fact(step=one.id, undo=False, kind="succeeded", task_id=one.task_id, outputs={"n": 1})
    means = Means(at=5, new_id=numbered(), route=lambda _: ("master", "x"))
    real = decide(definition, run, [fact], means).run
    decided = _decided(run, real, one.id)
    if told.undecided:
        return 0
    expected = set(told.starts) | {name for name, _ in told.skips}
    assert expected == set(decided), (seed, one.id)
    return 1
