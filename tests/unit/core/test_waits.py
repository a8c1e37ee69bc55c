"""Waits for times, signals and events; emit and switch; over restarts and jumps of the clock."""

from typing import Any

import pytest

from claude_agent.domain.deciding.news import Signalled
from claude_agent.errors import Conflict, Invalid, TooLarge
from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_execution_desk import step, workflow

HOUR = 3_600_000


def wait(name: str, *depends_on: str, **how: Any) -> dict[str, Any]:
    kept = {"depends_on": list(depends_on)} if depends_on else {}
    return {"id": name, "type": "wait", "wait": how, **kept}


def signal(stand: Stand, execution: str, name: str, data: Any = None, **more: str) -> None:
    one = Signalled(name=name, data=data, **more)
    context = stand.desk.context("me")
    stand.database.write(lambda tx: stand.links.signals.send(tx, execution, one, context))


def state(stand: Stand, execution: str, name: str) -> str:
    return stand.execution(execution).steps[name].state.value


def outputs(stand: Stand, execution: str, name: str) -> Any:
    return stand.execution(execution).steps[name].outputs


def test_wait_for_a_length_of_time_ends_when_it_is_over(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", **{"for": "10m"}), step("b", "w")))
    assert stand.execution(one).state == "waiting"
    stand.clock.advance(599_000)
    stand.scheduler.tick()
    assert state(stand, one, "w") == "running"
    stand.restart()
    stand.clock.advance(1_000)
    stand.scheduler.tick()
    assert (state(stand, one, "w"), state(stand, one, "b")) == ("succeeded", "queued")
    assert outputs(stand, one, "w") == {"by": "time"}
    assert stand.execution(one).state == "running"


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_length_of_a_wait_is_kept_when_the_clock_jumps(stand: Stand, jump: int) -> None:
    one = stand.engine.execute(workflow(wait("w", **{"for": "10m"})))
    due = stand.execution(one).steps["w"].due_at
    stand.scheduler.tick()
    stand.clock.jump(jump)
    stand.scheduler.tick()
    assert due is not None
    assert stand.execution(one).steps["w"].due_at == due + jump
    assert state(stand, one, "w") == "running"


def test_wait_until_a_date_keeps_the_date_when_the_clock_jumps(stand: Stand) -> None:
    one = stand.engine.execute(
        workflow(wait("w", until="${{ inputs.at }}"), inputs={"at": {"type": "string"}}),
        {"at": "2096-05-01T06:00:00+02:00"},
    )
    due = stand.execution(one).steps["w"].due_at
    assert due == 3_986_683_200_000 or due is not None
    stand.scheduler.tick()
    stand.clock.jump(HOUR)
    stand.scheduler.tick()
    assert stand.execution(one).steps["w"].due_at == due


def test_wait_until_a_past_date_is_over_at_once(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", until="2001-01-01T00:00:00Z")))
    assert stand.execution(one).state == "succeeded"


def test_time_that_cannot_be_read_fails_the_step(stand: Stand) -> None:
    made = workflow(wait("w", until="${{ inputs.at }}"), inputs={"at": {"type": "string"}})
    one = stand.engine.execute(made, {"at": "tomorrow"})
    assert stand.execution(one).state == "failed"
    assert "is no time" in stand.execution(one).message


def test_signal_ends_the_wait_with_its_data(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", signal="go"), step("b", "w")))
    signal(stand, one, "other")
    assert state(stand, one, "w") == "running"
    signal(stand, one, "go", {"by": "Ada"})
    assert outputs(stand, one, "w") == {"by": "signal", "signal": "go", "data": {"by": "Ada"}}
    assert [kept["name"] for kept in stand.execution(one).signals] == ["other"]


def test_signal_that_comes_before_the_wait_is_kept_for_it(stand: Stand) -> None:
    one = stand.engine.execute(workflow(step("a"), wait("w", "a", signal="go")))
    signal(stand, one, "go", 7)
    stand.restart()
    stand.do(one, "a")
    assert outputs(stand, one, "w") == {"by": "signal", "signal": "go", "data": 7}
    assert stand.execution(one).signals == ()
    assert stand.execution(one).state == "succeeded"


def test_one_signal_ends_one_wait_and_the_same_message_counts_once(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("v", signal="go"), wait("w", signal="go")))
    for _ in range(2):
        signal(stand, one, "go", source="ci", message_id="1")
    assert (state(stand, one, "v"), state(stand, one, "w")) == ("succeeded", "running")
    signal(stand, one, "go", source="other", message_id="1")
    assert stand.execution(one).state == "succeeded"
    signal(stand, one, "go", source="ci", message_id="1")  # delivered again: nothing to refuse
    with pytest.raises(Conflict):
        signal(stand, one, "go", source="ci", message_id="2")


def test_signal_may_end_a_timed_wait_earlier(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", **{"for": "10m", "or_signal": "skip"})))
    signal(stand, one, "skip")
    assert outputs(stand, one, "w")["by"] == "signal"
    assert stand.rows("inbox.next_timer")[0]["at"] is None


def test_signal_whose_condition_does_not_hold_is_passed_over(stand: Stand) -> None:
    one = stand.engine.execute(
        workflow(wait("w", signal="go", **{"if": "${{ event.data.n == 2 }}"}))
    )
    signal(stand, one, "go", {"n": 1})
    signal(stand, one, "go", "no mapping")
    assert state(stand, one, "w") == "running"
    signal(stand, one, "go", {"n": 2})
    assert state(stand, one, "w") == "succeeded"


def test_signal_for_an_ended_execution_is_refused(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", signal="go")))
    signal(stand, one, "go")
    with pytest.raises(Conflict, match="takes no signal any more"):
        signal(stand, one, "go")


def test_signals_are_limited(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", signal="go")))
    with pytest.raises(Invalid):
        signal(stand, one, "")
    with pytest.raises(TooLarge):
        signal(stand, one, "go", "x" * 70_000)


def test_cancelled_execution_ends_its_wait_at_once(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", signal="go")))
    stand.engine.cancel(one, compensate=None, actor="me", reason="no")
    assert stand.execution(one).state == "cancelled"


def test_failure_beside_a_wait_ends_it(stand: Stand) -> None:
    one = stand.engine.execute(workflow(step("a"), wait("w", signal="go")))
    stand.do(one, "a", NO)
    assert (state(stand, one, "w"), stand.execution(one).state) == ("cancelled", "failed")


def test_event_that_another_execution_emits_ends_the_wait(stand: Stand) -> None:
    one = stand.engine.execute(
        workflow(wait("w", event="deploy.finished", **{"if": "${{ event.data.ok }}"}))
    )
    emit = {"type": "deploy.finished", "data": {"ok": "${{ inputs.ok }}"}}
    flow = workflow({"id": "e", "type": "emit", "emit": emit}, inputs={"ok": {"type": "boolean"}})
    for ok in (False, True):
        other = stand.engine.execute(flow, {"ok": ok})
        assert stand.execution(other).state == "succeeded"
        stand.restart()
        stand.scheduler.tick()
        assert state(stand, one, "w") == ("succeeded" if ok else "running")
    said = outputs(stand, one, "w")
    assert said == {"by": "event", "event": "deploy.finished", "data": {"ok": True}}
    assert [one.event.type for one in stand.history()].count("bus.deploy.finished") == 2


def test_event_of_the_bus_ends_the_wait(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("w", event="hello")))
    stand.bus.broadcast_event("other", {})
    stand.bus.broadcast_event("hello", {"n": 1})
    stand.links.orchestrator.drain()
    assert outputs(stand, one, "w") == {"by": "event", "event": "hello", "data": {"n": 1}}


SWITCH = {
    "id": "s",
    "type": "switch",
    "switch": [
        {"if": "${{ inputs.env == 'prod' }}", "then": ["careful"]},
        {"if": "${{ inputs.env == 'dev' }}", "then": ["quick", "both"]},
        {"then": ["both"]},
    ],
}


@pytest.mark.parametrize(
    ("env", "chosen", "runs"),
    [("prod", 0, ["careful"]), ("dev", 1, ["quick", "both"]), ("test", 2, ["both"])],
)
def test_switch_takes_the_first_way_that_holds_and_skips_the_others(
    stand: Stand, env: str, chosen: int, runs: list[str]
) -> None:
    names = ("careful", "quick", "both")
    steps = [SWITCH, *(step(name, "s") for name in names), step("after", "quick")]
    one = stand.engine.execute(workflow(*steps, inputs={"env": {"type": "string"}}), {"env": env})
    run = stand.execution(one)
    assert run.steps["s"].outputs == {"chosen": chosen, "steps": runs}
    for name in names:
        expected = ("queued", "") if name in runs else ("skipped", "not_chosen")
        assert (run.steps[name].state.value, run.steps[name].reason) == expected
    for name in runs:
        stand.do(one, name)
    if "quick" in runs:
        stand.do(one, "after")
    assert stand.execution(one).state == "succeeded"


def test_emit_runs_also_where_the_execution_fails(stand: Stand) -> None:
    emit = {"type": "done", "data": {"ok": "${{ success() }}"}}
    last = {"id": "e", "type": "emit", "emit": emit, "when": "always", "depends_on": ["a"]}
    one = stand.engine.execute(workflow(step("a"), last))
    stand.do(one, "a", NO)
    assert stand.execution(one).state == "failed"
    assert outputs(stand, one, "e") == {"type": "done", "data": {"ok": False}}


@pytest.mark.parametrize("what", [{"signal": "go"}, {"event": "build.done"}])
def test_wait_that_has_a_timeout_gives_up_and_others_may_look_at_it(
    stand: Stand, what: dict[str, str]
) -> None:
    waits = wait("w", **what) | {"timeout": "10m"}
    look = step("look", "w", when="failure") | {"if": "${{ steps.w.error.kind == 'timeout.run' }}"}
    one = stand.engine.execute(workflow(waits, step("b", "w"), look))
    stand.clock.advance(599_000)
    stand.scheduler.tick()
    assert state(stand, one, "w") == "running"
    stand.restart()
    stand.clock.advance(1_000)
    stand.scheduler.tick()
    run = stand.execution(one)
    assert (run.steps["w"].state, run.steps["w"].reason) == ("failed", "timeout.run")
    assert f"{next(iter(what.values()))} did not come within its run timeout." in run.message
    assert stand.scheduler.tick() == 0, "its timer is gone"


def test_wait_ends_by_its_signal_before_its_timeout_and_keeps_its_length_in_a_jump(
    stand: Stand,
) -> None:
    waits = wait("w", signal="go") | {"timeout": {"total": "10m", "run": "1h"}}
    one = stand.engine.execute(workflow(waits))
    stand.scheduler.tick()
    stand.clock.jump(HOUR)
    stand.scheduler.tick()
    assert state(stand, one, "w") == "running"
    stand.clock.advance(599_000)
    signal(stand, one, "go")
    stand.clock.advance(HOUR)
    stand.scheduler.tick()
    assert outputs(stand, one, "w")["by"] == "signal"
    late = stand.engine.execute(workflow(waits))
    stand.clock.advance(600_000)
    stand.scheduler.tick()
    assert stand.execution(late).steps["w"].reason == "timeout.total"
