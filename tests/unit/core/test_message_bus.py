from typing import Any

import pytest

from claude_agent.errors import Invalid
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
    first, second = (one.event for one in stand.history())
    assert (first.stream, first.seq, first.type, first.data) == (
        "system/bus",
        1,
        "bus.release made",
        {"n": 1},
    )
    assert second.seq == 2


def test_broadcast_cannot_pretend_to_be_one_of_ours(stand: Stand) -> None:
    stand.bus.broadcast_event("task.succeeded", {})
    assert stand.history()[0].event.type == "bus.task.succeeded"


@pytest.mark.parametrize("name", ["", "x" * 81, "a\nb", "a\x1b[31m"])
def test_broadcast_refuses_names_that_cannot_be_shown(stand: Stand, name: str) -> None:
    with pytest.raises(Invalid, match="1 to 80 printable"):
        stand.bus.broadcast_event(name, {})
    assert stand.history() == []
