import threading
from time import monotonic
from typing import Any

import pytest

from tests.unit.api.live_server import LiveServer


def read(server: LiveServer, query: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/events?{query}").json()
    return found


def test_events_are_read_by_position(server: LiveServer) -> None:
    for number in range(5):
        server.services.emit("task.started", f"t{number}")
    first = read(server, "limit=2")
    assert [frame["pos"] for frame in first["items"]] == [1, 2]
    rest = read(server, f"after={first['cursor']}")
    assert [frame["pos"] for frame in rest["items"]] == [3, 4, 5]
    assert read(server, f"after={rest['cursor']}") == {
        "items": [],
        "cursor": "e1:5",
        "reset": False,
    }


def test_events_of_one_topic_move_the_cursor_past_the_others(server: LiveServer) -> None:
    server.services.emit("task.started", "t")
    server.services.emit("agent.session_lost", "a")
    found = read(server, "after=e1:0&topic=tasks")
    assert [frame["id"] for frame in found["items"]] == ["t"]
    assert found["cursor"] == "e1:2"
    assert len(read(server, "after=e1:0&topic=*")["items"]) == 2


def test_events_answer_reset_for_another_epoch(server: LiveServer) -> None:
    assert read(server, "after=old:1&wait_ms=5000")["reset"] is True


def test_events_wait_for_the_first_one(server: LiveServer) -> None:
    timer = threading.Timer(0.2, server.services.emit, ["task.started", "t"])
    timer.start()
    begun = monotonic()
    found = read(server, "after=e1:0&wait_ms=10000")
    timer.join()
    assert [frame["id"] for frame in found["items"]] == ["t"]
    assert monotonic() - begun < 5


def test_events_wait_past_those_of_other_topics(server: LiveServer) -> None:
    timers = [
        threading.Timer(0.1, server.services.emit, ["task.started", "t"]),
        threading.Timer(0.3, server.services.emit, ["agent.session_lost", "a"]),
    ]
    for timer in timers:
        timer.start()
    found = read(server, "after=e1:0&topic=agents&wait_ms=10000")
    for timer in timers:
        timer.join()
    assert [frame["id"] for frame in found["items"]] == ["a"]


def test_events_end_their_wait_empty_handed(server: LiveServer) -> None:
    assert read(server, "after=e1:0&wait_ms=100") == {"items": [], "cursor": "e1:0", "reset": False}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid"),
        ("limit=1001", "invalid"),
        ("wait_ms=-1", "invalid"),
        ("wait_ms=99999999", "invalid"),
        ("topic=task", "unknown_name"),
        ("after=x", "malformed"),
        ("aftr=e1:0", "unknown_name"),
        ("limit=1&limit=2", "invalid"),
        ("after=e1:%00", "malformed"),
    ],
)
def test_events_refuse_a_wrong_query(server: LiveServer, query: str, code: str) -> None:
    assert server.get(f"/events?{query}").problem()[1] == code


def test_head_names_the_newest_position(server: LiveServer) -> None:
    server.services.emit("task.started", "t")
    assert server.get("/events/head").json() == {"cursor": "e1:1", "hash": "0" * 64}
