import json
import socket
import threading
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from claude_agent.api.context import Limits
from claude_agent.api.hub import Hub
from claude_agent.errors import Unavailable
from tests.unit.api.conftest import StartServer
from tests.unit.api.live_server import LiveServer
from tests.waiting import wait_until

Message = dict[str, Any]


def subscribe(client: ClientConnection, *topics: str, after: str | None = None) -> Message:
    client.send(json.dumps({"subscribe": list(topics or ("*",)), "after": after}))
    return receive(client)


def receive(client: ClientConnection) -> Message:
    message: Message = json.loads(client.recv(timeout=10))
    return message


def positions(client: ClientConnection, count: int) -> list[int]:
    return [receive(client)["pos"] for _ in range(count)]


def hub_of(server: LiveServer) -> Hub:
    hub: Hub = server.app.state.context.hub
    return hub


def test_stream_says_hello_and_then_what_happens(server: LiveServer) -> None:
    server.services.emit("server.started", "server")
    with server.follow() as client:
        assert subscribe(client) == {"kind": "hello", "cursor": "e1:1"}
        server.services.emit("task.submitted", "t1", title="x")
        assert receive(client) == {
            "kind": "frame",
            "pos": 2,
            "topic": "tasks",
            "type": "task.submitted",
            "id": "t1",
            "at": 1_700_000_000_002,
            "actor": "operator",
            "execution_id": None,
            "data": {"title": "x"},
        }


def test_stream_resumes_after_a_cursor_and_misses_nothing(server: LiveServer) -> None:
    with server.follow() as client:
        subscribe(client, after="e1:0")
        for _ in range(5):
            server.services.emit("task.started", "t")
        assert positions(client, 3) == [1, 2, 3]
    for _ in range(700):
        server.services.emit("task.started", "t")
    with server.follow() as client:
        assert subscribe(client, after="e1:3") == {"kind": "hello", "cursor": "e1:3"}
        server.services.emit("task.succeeded", "t")
        assert positions(client, 703) == list(range(4, 707))


def test_stream_gives_each_event_once_while_events_pour_in(server: LiveServer) -> None:
    total = 3_000

    def pour() -> None:
        for _ in range(total):
            server.services.emit("task.started", "t")

    writer = threading.Thread(target=pour)
    with ExitStack() as stack:
        clients = [stack.enter_context(server.follow()) for _ in range(3)]
        for client in clients:
            subscribe(client, after="e1:0")
        writer.start()
        late = stack.enter_context(server.follow())
        subscribe(late, after="e1:0")
        for client in (*clients, late):
            assert positions(client, total) == list(range(1, total + 1))
    writer.join()


@pytest.mark.parametrize("cursor", ["e0:1", "e1:99", "e2:0", ":1"])
def test_stream_resets_a_cursor_it_cannot_honour(server: LiveServer, cursor: str) -> None:
    server.services.emit("task.started", "t")
    with server.follow() as client:
        assert subscribe(client, after=cursor)["kind"] == "hello"
        assert receive(client) == {"kind": "reset", "cursor": "e1:1"}
        server.services.emit("task.started", "t")
        assert positions(client, 1) == [2]


def test_stream_resets_everybody_when_the_log_begins_a_new_epoch(server: LiveServer) -> None:
    for _ in range(3):
        server.services.emit("task.started", "t")
    with server.follow() as client:
        subscribe(client)
        server.services.restore("e2")
        for _ in range(4):
            server.services.emit("task.started", "t")
        assert receive(client)["kind"] == "reset"
        server.services.emit("task.succeeded", "t")
        wait_until(lambda: receive(client).get("type") == "task.succeeded", what="the next frame")


def test_stream_sends_only_the_topics_asked_for(server: LiveServer) -> None:
    server.services.emit("task.started", "t")
    server.services.emit("execution.started", "x")
    with server.follow() as client:
        subscribe(client, "executions", "agents", after="e1:0")
        server.services.emit("task.started", "t")
        server.services.emit("agent.session_lost", "a")
        assert [receive(client)["topic"] for _ in range(2)] == ["executions", "agents"]


def test_stream_can_be_asked_for_other_topics_without_a_new_socket(server: LiveServer) -> None:
    with server.follow() as client:
        subscribe(client, "agents")
        server.services.emit("task.started", "t")
        assert subscribe(client, "tasks", after="e1:0") == {"kind": "hello", "cursor": "e1:0"}
        assert positions(client, 1) == [1]


def test_stream_beats_while_nothing_happens_and_moves_the_cursor(start: StartServer) -> None:
    server = start(limits=Limits(heartbeat_s=0.1))
    with server.follow() as client:
        subscribe(client, "agents")
        assert receive(client) == {"kind": "heartbeat", "cursor": "e1:0"}
        server.services.emit("task.started", "not of the topic")
        beat = wait_until(
            lambda: (found := receive(client))["cursor"] == "e1:1" and found, what="a beat"
        )
        assert beat == {"kind": "heartbeat", "cursor": "e1:1"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "malformed"),
        ("[]", "invalid"),
        ('{"subscribe": ["task"]}', "unknown_name"),
        ('{"subscribe": []}', "invalid"),
        ('{"subscribe": "*"}', "invalid"),
        ('{"subscribe": ["*"], "aftr": null}', "unknown_name"),
        ('{"subscribe": ["*"], "after": "what"}', "malformed"),
        ('{"subscribe": ["*"], "after": "e1:-1"}', "malformed"),
        ("x" * 5_000, "malformed"),
    ],
)
def test_stream_says_what_was_wrong_and_closes(server: LiveServer, sent: str, code: str) -> None:
    with server.follow() as client:
        client.send(sent)
        problem = receive(client)
        assert (problem["kind"], problem["code"]) == ("problem", code)
        assert problem["detail"].endswith(".")
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5)
    wait_until(lambda: hub_of(server).followers == 0, what="the follower to be gone")


def test_stream_closes_when_nobody_subscribes(start: StartServer) -> None:
    server = start(limits=Limits(first_message_s=0.1))
    with server.follow() as client:
        assert receive(client)["detail"] == "No subscription came."
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5)


def test_stream_refuses_bytes(server: LiveServer) -> None:
    with server.follow() as client:
        client.send(b'{"subscribe": ["*"]}')
        assert receive(client)["code"] == "malformed"


def test_stream_answers_429_past_its_most_sockets(start: StartServer) -> None:
    server = start(limits=Limits(sockets=1))
    with server.follow() as client:
        subscribe(client)
        with pytest.raises(InvalidStatus, match="429"):
            server.follow()


def pour(server: LiveServer, count: int, size: int = 10_000) -> None:
    for _ in range(count):
        server.services.emit("task.output", "t", text="x" * size)


def until_reset(client: ClientConnection) -> tuple[list[int], Message]:
    seen: list[int] = []
    while True:
        message = receive(client)
        if message["kind"] == "reset":
            return seen, message
        if message["kind"] == "frame":
            seen.append(message["pos"])


def test_slow_client_is_reset_and_slows_nobody(start: StartServer) -> None:
    server = start(limits=Limits(backlog_bytes=50_000))
    with server.follow(max_queue=1) as slow, server.follow() as quick:
        subscribe(slow)
        subscribe(quick)
        for first in range(1, 2_001, 50):
            pour(server, 50)
            assert positions(quick, 50) == list(range(first, first + 50))
        seen, reset = until_reset(slow)
        assert seen == list(range(1, len(seen) + 1)), "what came before the reset has no gap"
        assert len(seen) < 2_000
        assert reset["cursor"] == "e1:2000"
        server.services.emit("task.succeeded", "t")
        assert positions(slow, 1) == positions(quick, 1) == [2_001]


def test_client_that_stalls_is_reset_once_it_takes_again(start: StartServer) -> None:
    server = start(limits=Limits(backlog_bytes=10**9, stall_s=0.2))
    with server.follow(max_queue=1) as client:
        subscribe(client)
        pour(server, 1_500)
        threading.Event().wait(0.5)
        seen, reset = until_reset(client)
        assert 0 < len(seen) < 1_500
        assert reset["cursor"] == "e1:1500"


def test_client_that_takes_nothing_is_let_go(start: StartServer) -> None:
    server = start(limits=Limits(backlog_bytes=10**9, drop_s=0.3))
    with server.follow(max_queue=1) as client:
        subscribe(client)
        pour(server, 1_500)
        wait_until(lambda: hub_of(server).followers == 0, timeout=10, what="the drop")
    assert server.get("/health").status == 200


def test_slow_reader_of_the_past_gets_all_of_it(start: StartServer) -> None:
    server = start(limits=Limits(backlog_bytes=20_000))
    pour(server, 1_000)
    with server.follow(max_queue=1) as client:
        subscribe(client, after="e1:0")
        assert positions(client, 1_000) == list(range(1, 1_001))


def test_ring_keeps_to_its_bytes_and_lets_them_go_with_the_last_follower(
    start: StartServer,
) -> None:
    server = start(limits=Limits(backlog_bytes=100_000))
    hub = hub_of(server)
    with server.follow() as client:
        subscribe(client)
        for _ in range(20):
            pour(server, 20)
            positions(client, 20)
        kept = sum(len(frame.text) for frame in hub.after(hub.start, 10_000)[0])
        assert 0 < kept <= 100_000 + 20 * 11_000
    wait_until(lambda: hub.followers == 0, what="the follower to be gone")
    assert hub.after(0, 10_000)[0] == []


def test_followers_are_told_when_the_server_stops(server: LiveServer) -> None:
    with server.follow() as client:
        subscribe(client)
        hub = hub_of(server)
        assert hub._loop
        hub._loop.call_soon_threadsafe(hub.close)
        with pytest.raises(ConnectionClosed) as caught:
            client.recv(timeout=5)
        assert caught.value.rcvd
        assert caught.value.rcvd.code == 1012


def test_commits_in_a_burst_ring_the_loop_once(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, heard, gate = hub_of(server), list[int](), threading.Event()
    assert hub._loop
    original, loop = hub._heard, hub._loop

    def count() -> None:
        heard.append(1)
        original()

    loop.call_soon_threadsafe(gate.wait, 5)
    monkeypatch.setattr(hub, "_heard", count)
    for _ in range(1_000):
        server.services.emit("task.started", "t")
    gate.set()
    wait_until(lambda: hub.head == 1_000, what="the head")
    assert len(heard) == 1


def test_gone_clients_leave_nothing_behind(server: LiveServer) -> None:
    for _ in range(10):
        with server.follow() as client:
            subscribe(client)
            client.socket.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: hub_of(server).followers == 0, what="the followers to be gone")
    assert server.get("/health").status == 200


def test_stream_goes_on_after_the_log_could_not_be_read(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, failed = server.services.events_after, threading.Event()

    def once_down(*args: Any) -> dict[str, Any]:
        if not failed.is_set():
            failed.set()
            msg = "The database does not answer."
            raise Unavailable(msg)
        return original(*args)

    with server.follow() as client:
        subscribe(client)
        monkeypatch.setattr(server.services, "events_after", once_down)
        server.services.emit("task.started", "t")
        assert failed.wait(5)
        server.services.emit("task.succeeded", "t")
        assert positions(client, 2) == [1, 2]


def test_stream_closes_without_a_traceback_when_the_server_fails(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        msg = "a secret of the server"
        raise ZeroDivisionError(msg)

    with server.follow() as client:
        subscribe(client)
        monkeypatch.setattr(server.services, "head", broken)
        client.send('{"subscribe": ["tasks"]}')
        with pytest.raises(ConnectionClosed) as caught:
            client.recv(timeout=5)
    assert caught.value.rcvd
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1011, "internal")
    wait_until(lambda: hub_of(server).followers == 0, what="the follower to be gone")
