"""Events that start workflows, on the core: what is armed, what is seen, once, and no loops."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from claude_agent.core.event_triggers import MAX_DEPTH
from tests.unit.core.stand import Stand, compare_with_the_log
from tests.unit.core.test_schedules import runs

WORK = {"id": "a", "run": "true", "agent": "testing"}


def define(stand: Stand, *lines: dict[str, Any], name: str = "Ship", **more: Any) -> str:
    given = lines or ({"type": "release.ready"},)
    definition = {"name": name, "on": {"event": list(given)}, "steps": [WORK], **more}
    return stand.engine.define_workflow(definition)


def say(stand: Stand, type_: str = "release.ready", **data: Any) -> str:
    return stand.database.write(lambda tx: stand.bus.broadcast(tx, type_, data, actor="ann"))


def look(stand: Stand) -> None:
    stand.scheduler.tick()


def told(stand: Stand, type_: str) -> list[dict[str, Any]]:
    return [dict(one.event.data) for one in stand.history() if one.event.type == type_]


def test_event_starts_the_workflow_that_is_for_it_with_inputs_of_the_event(stand: Stand) -> None:
    inputs = {"tag": "${{ event.data.tag }}", "by": "${{ event.source }}", "n": "${{ event.id }}"}
    digest = define(stand, {"type": "release.ready", "inputs": inputs})
    event = say(stand, tag="v1")
    assert runs(stand) == []  # not in the transaction of who says it
    look(stand)
    (started,) = runs(stand)
    run = stand.execution(started)
    assert (run.definition, run.params) == (digest, {"tag": "v1", "by": "ann", "n": event})
    by = {"kind": "event", "event": event, "type": "release.ready", "depth": 1}
    assert run.started_by == by
    say(stand, "release.other")
    stand.restart()
    look(stand)
    assert runs(stand) == [started]
    (fired,) = told(stand, "trigger.fired")
    assert (fired["event"], fired["workflow"], fired["execution_id"]) == (event, "ship", started)


def test_condition_chooses_and_one_that_cannot_be_evaluated_is_told(stand: Stand) -> None:
    define(stand, {"type": "release.ready", "if": "event.data.wanted"})
    say(stand, wanted=False)
    say(stand, wanted=True)
    say(stand, wanted="a text")
    look(stand)
    assert len(runs(stand)) == 1
    (refused,) = told(stand, "trigger.refused")
    assert (refused["reason"], refused["workflow"]) == ("condition", "ship")
    assert "condition cannot be computed" in refused["message"]
    look(stand)
    assert len(told(stand, "trigger.refused")) == 1


def test_what_refuses_one_execution_is_told_and_starts_nothing_of_it(stand: Stand) -> None:
    define(stand, inputs={"tag": {"type": "string", "required": True}})
    missing = {"type": "release.ready", "inputs": {"tag": "${{ event.data.nothing }}"}}
    define(stand, missing, name="Missing")
    define(stand, name="Sound")
    say(stand)
    look(stand)
    reasons = {one["workflow"]: one["reason"] for one in told(stand, "trigger.refused")}
    assert reasons == {"ship": "refused", "missing": "inputs"}
    (started,) = runs(stand)
    assert stand.execution(started).workflow == "sound"


def test_newer_version_replaces_and_what_was_said_before_starts_the_older(stand: Stand) -> None:
    old = define(stand, {"type": "release.ready"}, {"type": "release.again"})
    say(stand)
    define(stand, {"type": "release.again"}, description="newer")
    say(stand)
    look(stand)
    (started,) = runs(stand)
    assert stand.execution(started).definition == old
    stand.engine.define_workflow({"name": "Ship", "steps": [WORK]})
    say(stand, "release.again")
    look(stand)
    assert runs(stand) == [started]
    assert [one["types"] for one in told(stand, "trigger.armed")] == [
        ["release.ready", "release.again"],
        ["release.again"],
        [],
    ]


def test_step_that_emits_starts_another_workflow(stand: Stand) -> None:
    define(stand, {"type": "build.done", "inputs": {"what": "${{ event.data.what }}"}})
    emit = {"id": "e", "type": "emit", "emit": {"type": "build.done", "data": {"what": "x"}}}
    first = stand.engine.execute({"name": "Build", "steps": [emit]})
    look(stand)
    (other,) = [one for one in runs(stand) if one != first]
    assert stand.execution(other).params == {"what": "x"}
    assert stand.execution(other).started_by["depth"] == 1


@pytest.mark.parametrize("through", ["itself", "a sub-workflow"])
def test_loop_of_events_ends_with_a_clear_reason(stand: Stand, through: str) -> None:
    emit: dict[str, Any] = {"id": "e", "type": "emit", "emit": {"type": "loop.again"}}
    if through == "a sub-workflow":
        stand.engine.define_workflow({"name": "Inner", "steps": [emit]})
        emit = {"id": "e", "workflow": "inner"}
    define(stand, {"type": "loop.again"}, name="Loop", steps=[emit])
    say(stand, "loop.again")
    for _ in range(3 * MAX_DEPTH):
        look(stand)
    loops = [stand.execution(one) for one in runs(stand)]
    depths = [one.started_by["depth"] for one in loops if one.workflow == "loop"]
    assert sorted(map(int, map(str, depths))) == list(range(1, MAX_DEPTH + 1))
    assert {one.state.value for one in loops} == {"succeeded"}
    (refused,) = told(stand, "trigger.refused")
    assert refused["reason"] == "loop"
    assert "may be a loop" in refused["message"]


def test_event_of_a_transaction_that_is_undone_starts_nothing(stand: Stand) -> None:
    define(stand)

    def work(tx: Any) -> None:
        stand.bus.broadcast(tx, "release.ready", {}, actor="ann")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - our own
        stand.database.write(work)
    look(stand)
    assert runs(stand) == []


def test_many_who_look_at_once_start_each_event_once(stand: Stand) -> None:
    define(stand)
    define(stand, name="Other")
    events = [say(stand, n=n) for n in range(8)]
    gate = threading.Barrier(4)

    def one() -> None:
        gate.wait()
        stand.links.triggers.events.drain()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(one) for _ in range(4)]:
            done.result(60)
    seen = [stand.execution(one) for one in runs(stand)]
    found = sorted((str(one.started_by["event"]), one.workflow) for one in seen)
    assert found == sorted((event, name) for event in events for name in ("ship", "other"))


def test_two_servers_on_one_database_start_each_event_once(
    tmp_path: Path, postgres_url: str
) -> None:
    one = Stand(tmp_path, url=postgres_url, seed=1, worker="one-")
    two = Stand(tmp_path, url=postgres_url, seed=2, worker="two-")
    define(one)
    events = [say(stand) for stand in (one, two) for _ in range(6)]
    gate = threading.Barrier(2)

    def drain(stand: Stand) -> None:
        gate.wait()
        stand.links.triggers.events.drain()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(drain, stand) for stand in (one, two)]:
            done.result(60)
    seen = [one.execution(each).started_by["event"] for each in runs(one)]
    assert sorted(map(str, seen)) == sorted(events)
    compare_with_the_log(one)
    two.close()
    one.close()
