"""A real uvicorn on a real socket in a thread, and a client that hides nothing of HTTP."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from websockets.sync.client import ClientConnection, connect

from claude_agent.api.context import Limits
from claude_agent.api.gateway import create_app
from claude_agent.api.services import Access
from claude_agent.clock import ManualClock
from tests.unit.api.memory_services import TOKEN, MemoryServices
from tests.waiting import wait_until

AUTH = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    def json(self) -> Any:
        return json.loads(self.raw)

    def problem(self) -> tuple[int, str]:
        assert self.headers["content-type"] == "application/problem+json"
        found = self.json()
        assert found["status"] == self.status
        assert found["detail"].endswith(".")
        assert found["id"] == self.headers["x-request-id"]
        return self.status, found["code"]


@dataclass(kw_only=True)
class LiveServer:
    """One server with its services and clock."""

    port: int
    services: MemoryServices
    clock: ManualClock
    app: FastAPI
    listening: socket.socket = field(repr=False)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] = AUTH,
        raw: bytes | None = None,
    ) -> Answer:
        sent = dict(headers)
        content = raw
        if body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body=content, headers=sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=found, raw=answer.read())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] = AUTH) -> Answer:
        return self.call("GET", path, headers=headers)

    def post(
        self, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self.call("POST", path, body, headers={**AUTH, **(headers or {})})

    def follow(self, headers: Mapping[str, str] = AUTH, **options: Any) -> ClientConnection:
        opened: ClientConnection = connect(
            f"ws://{self.host}/events",
            additional_headers=dict(headers),
            proxy=None,
            compression=None,
            close_timeout=1,
            **options,
        )
        return opened


@contextmanager
def serve(listening: socket.socket, limits: Limits, dashboard: Path) -> Iterator[LiveServer]:
    """Serve until the block ends."""
    port = listening.getsockname()[1]
    services, clock = MemoryServices(Access.loopback(TOKEN, port)), ManualClock()
    app = create_app(services, limits=limits, clock=clock, dashboard=dashboard)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started, what="the server's start")
    try:
        yield LiveServer(port=port, services=services, clock=clock, app=app, listening=listening)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()
