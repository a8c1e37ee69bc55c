from typing import Any

import pytest

from claude_agent.errors import Conflict, Invalid, NotFound
from tests.unit.core.stand import NO, Stand
from tests.waiting import wait_until


def test_publish_task_returns_the_id_of_an_accepted_task(stand: Stand) -> None:
    task_id = stand.bus.publish_task("database", {"run": "true", "title": "hello"})
    one = stand.task(task_id)
    assert (one.spec.agent, one.spec.title, one.state) == ("database", "hello", "ready")


@pytest.mark.parametrize(
    ("agent", "fields", "expected"),
    [
        ("", {"run": "test it"}, "testing"),
        ("", {"run": "x", "agent": "database"}, "database"),
        ("master", {"run": "x", "agent": "database"}, "master"),
    ],
)
def test_agent_is_the_one_that_was_named_or_routed(
    stand: Stand, agent: str, fields: dict[str, Any], expected: str
) -> None:
    assert stand.task(stand.bus.publish_task(agent, fields)).spec.agent == expected


@pytest.mark.parametrize(("delay", "state"), [(0, "ready"), ("0s", "ready"), ("1s", "scheduled")])
def test_delay_schedules(stand: Stand, delay: object, state: str) -> None:
    assert stand.submit(delay=delay).state == state


def test_results_are_handed_over_in_order_with_what_came_of_them(stand: Stand) -> None:
    seen: list[dict[str, Any]] = []
    end = stand.bus.subscribe_results(seen.append)
    done = stand.end(stand.running(), x=1)
    dead = stand.end(stand.running(), NO)
    gone = stand.orders.cancel(stand.submit().ref, reason="no", actor="me")
    wait_until(lambda: len(seen) == 3, what="three results")
    assert [one["task_id"] for one in seen] == [done.id, dead.id, gone.id]
    assert [one["type"] for one in seen] == ["task.succeeded", "task.dead", "task.cancelled"]
    assert (seen[0]["outputs"], seen[0]["at"]) == ({"x": 1}, stand.clock.now())
    end()
    stand.orders.cancel(stand.submit().ref, reason="no", actor="me")
    assert len(seen) == 3


def test_broadcast_appends_an_event_under_a_name_of_its_own(stand: Stand) -> None:
    for n in (1, 2):
        stand.bus.broadcast_event("release made", {"n": n})
    events = [one.event for one in stand.history()]
    assert [(one.seq, one.type, one.data["n"]) for one in events] == [
        (1, "bus.release made", 1),
        (1, "bus.release made", 2),
    ]
    assert len({one.stream for one in events}) == 2


def test_events_are_handed_over_by_the_pattern_of_their_type(stand: Stand) -> None:
    seen: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    stand.bus.subscribe_events("deploy.*", seen.append)
    stand.bus.subscribe_events("task.succeeded", ended.append)
    for name in ("deploy.begun", "other", "deploy.done"):
        stand.bus.broadcast_event(name, {"of": name})
    done = stand.end(stand.running())
    wait_until(lambda: len(seen) == 2 and len(ended) == 1, what="the events")
    assert [one["type"] for one in seen] == ["deploy.begun", "deploy.done"]
    assert seen[0]["data"] == {"of": "deploy.begun"}
    assert ended[0]["id"] == done.id


def test_an_event_that_calls_itself_ours_is_not_handed_over_as_ours(stand: Stand) -> None:
    seen: list[dict[str, Any]] = []
    stand.bus.subscribe_results(seen.append)
    stand.bus.broadcast_event("task.succeeded", {})
    done = stand.end(stand.running())
    wait_until(lambda: bool(seen), what="a result")
    assert [one["task_id"] for one in seen] == [done.id]


def test_the_results_of_an_execution_are_one_document_and_told_at_its_end(stand: Stand) -> None:
    seen: list[dict[str, Any]] = []
    stand.bus.subscribe_executions(seen.append)
    steps = [{"id": "a", "run": "true"}, {"id": "b", "run": "true", "depends_on": ["a"]}]
    execution_id = stand.engine.execute({"name": "two", "steps": steps})
    assert not stand.bus.results_of(execution_id)["complete"]
    stand.end(stand.running_of("a"), x=1)
    stand.end(stand.running_of("b"), NO)
    wait_until(lambda: bool(seen), what="the end")
    (told,) = seen
    assert (told["execution_id"], told["state"], told["complete"]) == (execution_id, "failed", True)
    assert told["steps"]["a"]["outputs"] == {"x": 1}
    assert told["steps"]["b"]["state"] == "failed"
    with pytest.raises(NotFound):
        stand.bus.results_of("nothing")


def test_notices_are_events_that_people_see(stand: Stand) -> None:
    seen: list[dict[str, Any]] = []
    stand.bus.subscribe_notices(seen.append)
    stand.bus.notify("alert", "The disk is nearly full.", about="system/server")
    wait_until(lambda: bool(seen), what="the notice")
    assert (seen[0]["level"], seen[0]["text"], seen[0]["actor"]) == (
        "alert",
        "The disk is nearly full.",
        "server",
    )
    for level, text in (("loud", "x"), ("info", " "), ("info", "x" * 2_001)):
        with pytest.raises(Invalid):
            stand.bus.notify(level, text)


def test_a_command_is_durable_and_refused_where_nothing_runs(stand: Stand) -> None:
    task = stand.running()
    assert stand.bus.send_command(task.ref, "send", {"text": "go on"}, actor="ann") == task.id
    rows = stand.rows("work.open_commands", task=task.id, run=task.run)
    assert [(row["kind"], row["data"]) for row in rows] == [("send", '{"text": "go on"}')]
    assert stand.history()[-1].event.type == "command.sent"
    with pytest.raises(Invalid, match="no command"):
        stand.bus.send_command(task.ref, "format", {}, actor="ann")
    with pytest.raises(Conflict, match="nothing of it runs"):
        stand.bus.send_command(stand.submit().ref, "interrupt", {}, actor="ann")


def test_broadcast_cannot_pretend_to_be_one_of_ours(stand: Stand) -> None:
    stand.bus.broadcast_event("task.succeeded", {})
    assert stand.history()[0].event.type == "bus.task.succeeded"


@pytest.mark.parametrize("name", ["", "x" * 81, "a\nb", "a\x1b[31m"])
def test_broadcast_refuses_names_that_cannot_be_shown(stand: Stand, name: str) -> None:
    with pytest.raises(Invalid, match="1 to 80 printable"):
        stand.bus.broadcast_event(name, {})
    assert stand.history() == []
