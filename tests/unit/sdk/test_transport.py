# ruff: noqa: S106 - the tokens of a test
import os
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from time import monotonic
from typing import cast

import pytest

from claude_sdk import (
    ClaudeSystem,
    DiskFull,
    IdempotencyMismatch,
    NotFound,
    Patience,
    ServerUnreachable,
    Unauthorized,
    UnexpectedAnswer,
)
from claude_sdk.discovery import locator
from claude_sdk.transport import Request, Transport
from tests.wire_server import WireHandler, WireServer


def drop(handler: BaseHTTPRequestHandler) -> bool:
    """Break the connection with a reset, as a killed server does."""
    reset = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    handler.connection.close()
    return True


def refuse(status: int, code: str, retry_after: str | None = None):  # type: ignore[no-untyped-def]
    def mishap(handler: BaseHTTPRequestHandler) -> bool:
        document = {"status": status, "code": code, "detail": code, "id": "r1"}
        cast("WireHandler", handler).reply(status, document, retry_after=retry_after)
        return True

    return mishap


def fine(_: BaseHTTPRequestHandler) -> bool:
    return False


def test_connection_is_kept_for_the_next_request(server: WireServer, system: ClaudeSystem) -> None:
    system.agents.status()
    system.agents.status()
    assert len(server.sockets) == 1


def test_request_is_sent_again_when_the_connection_breaks(
    server: WireServer, system: ClaudeSystem
) -> None:
    server.mishaps = [fine, drop]
    system.agents.status()
    assert system.agents.status()["workers"]["slots"] == 15


def test_submit_is_sent_again_with_the_same_key_and_makes_one_task(
    server: WireServer, system: ClaudeSystem
) -> None:
    def answer_is_lost(handler: BaseHTTPRequestHandler) -> bool:
        # The server did the work; only the answer never arrives.
        cast("WireHandler", handler)._route(server.seen[-1])
        return drop(handler)

    server.mishaps = [answer_is_lost]
    task = system.submit_task(run="true")
    assert list(server.world.tasks) == [task["id"]]
    keys = [seen.headers["Idempotency-Key"] for seen in server.seen]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_two_submits_have_two_keys(server: WireServer, system: ClaudeSystem) -> None:
    system.submit_task(run="true")
    system.submit_task(run="true")
    assert len({seen.headers["Idempotency-Key"] for seen in server.seen}) == 2


def test_given_key_is_used_and_another_body_is_a_mismatch(
    server: WireServer, system: ClaudeSystem
) -> None:
    first = system.submit_task(run="true", idempotency_key="k")
    assert system.submit_task(run="true", idempotency_key="k")["id"] == first["id"]
    with pytest.raises(IdempotencyMismatch):
        system.submit_task(run="false", idempotency_key="k")


@pytest.mark.parametrize(("code", "retry_after"), [("unavailable", None), ("anything", "0.01")])
def test_busy_server_is_asked_again(
    server: WireServer, system: ClaudeSystem, code: str, retry_after: str | None
) -> None:
    server.mishaps = [refuse(503, code, retry_after)] * 2
    assert system.events.head()["cursor"] == "e1:0"
    assert len(server.seen) == 3


def test_full_disk_is_not_asked_again(server: WireServer, system: ClaudeSystem) -> None:
    server.mishaps = [refuse(507, "disk_full", "0.01")]
    with pytest.raises(DiskFull):
        system.submit_task(run="true")
    assert len(server.seen) == 1


def test_patience_ends(server: WireServer, tmp_path: Path) -> None:
    transport = Transport(
        locator(home=tmp_path / "home"), patience=Patience(budget=0.1, first=0.02, most=0.02)
    )
    server.stop()
    begun = monotonic()
    with pytest.raises(ServerUnreachable, match="connection refused"):
        transport.send(Request(method="GET", path="/health"))
    assert 0.03 < monotonic() - begun < 2
    transport.close()


def test_request_waits_for_a_restarted_server(server: WireServer, system: ClaudeSystem) -> None:
    system.agents.status()
    server.stop()
    threading.Timer(0.2, server.start).start()
    assert system.agents.status()["cursor"] == "e1:0"


def test_dead_server_is_not_waited_for(server: WireServer, tmp_path: Path) -> None:
    server.write_home(tmp_path / "home", pid=2**22 + 5, keeper_pid=2**22 + 6)
    server.stop()
    begun = monotonic()
    with ClaudeSystem(home=tmp_path / "home") as system, pytest.raises(ServerUnreachable) as caught:
        system.agents.status()
    assert monotonic() - begun < 1
    assert "claude-agent up" in caught.value.hint


def test_wrong_token_is_unauthorized(server: WireServer) -> None:
    with ClaudeSystem(url=server.url, token="wrong") as system, pytest.raises(Unauthorized):
        system.agents.status()


def test_other_program_on_the_port_is_named(server: WireServer, system: ClaudeSystem) -> None:
    def speak_html(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")
        return True

    server.mishaps = [speak_html]
    with pytest.raises(UnexpectedAnswer, match="without JSON"):
        system.agents.status()


def test_answer_to_a_body_that_was_not_read_arrives(
    server: WireServer, system: ClaudeSystem
) -> None:
    with pytest.raises(NotFound):
        system.workflows.execute("nothing", params={"x": "y" * 100_000})


def test_names_cannot_become_other_paths(server: WireServer, system: ClaudeSystem) -> None:
    with pytest.raises(NotFound):
        system.tasks.get("../events/head")
    assert server.seen[-1].path == "/tasks/..%2Fevents%2Fhead"


def test_forked_child_opens_a_connection_of_its_own(
    server: WireServer, system: ClaudeSystem
) -> None:
    system.agents.status()
    child = os.fork()
    if child == 0:
        try:
            ok = system.agents.status()["workers"]["slots"] == 15
        finally:
            os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    system.agents.status()
    assert len(server.sockets) == 2
