"""A stand-in peer for the client's unit tests: a real HTTP and WebSocket server with state.

It speaks the contract's JSON; what it is sent is checked with the gateway's own models, and what
it answers is checked in `tests/unit/sdk/test_wire.py`. It decides nothing by itself: a test moves
its tasks and executions.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import ValidationError
from typing_extensions import override

from claude_agent.api import wire
from tests.wire_routes import GETS, POSTS
from tests.wire_world import Json, Refused, Seen, World

TOKEN = "wire-token"  # noqa: S105 - a test's


class WireServer:
    """The server of one test; a context manager."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.seen: list[Seen] = []
        self.mishaps: list[Callable[[BaseHTTPRequestHandler], bool]] = []
        self.sockets: list[socket.socket] = []
        self._http: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "WireServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, on the same port as before if there was one."""
        owner = self

        class Handler(WireHandler):
            server_of = owner

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._http = Server(("127.0.0.1", self.port), Handler)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stop serving and break every connection, as a kill does."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None
        self.cut()

    def cut(self) -> None:
        """Break every open connection."""
        for connection in self.sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.sockets.clear()

    def write_home(self, home: Path, **more: object) -> Path:
        """Write the files by which clients find the server."""
        home.mkdir(parents=True, exist_ok=True)
        document = {"url": self.url, "pid": os.getpid(), "version": "0.1.0"} | more
        (home / "server.json").write_text(json.dumps(document))
        (home / "token").write_text(TOKEN + "\n")
        return home

    def bodies(self, path: str) -> list[Any]:
        """Return the bodies that were sent to a path."""
        return [seen.body for seen in self.seen if seen.path == path and seen.method == "POST"]


class WireHandler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_of: WireServer

    @override
    def setup(self) -> None:
        super().setup()
        self.server_of.sockets.append(self.connection)

    @override
    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, OSError, ValueError):
            return

    @override
    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        parts = urlsplit(self.path)
        seen = Seen(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query),
            headers=dict(self.headers),
            body=json.loads(raw) if raw else None,
        )
        self.server_of.seen.append(seen)
        if self.server_of.mishaps and self.server_of.mishaps.pop(0)(self):
            self.close_connection = True
            return
        try:
            self._authorize()
            if self.headers.get("Upgrade") == "websocket":
                self._serve_socket()
                return
            status, document = self._route(seen)
        except Refused as refusal:
            self.reply(refusal.status, refusal.document, retry_after=refusal.retry_after)
        except ValidationError as error:
            self.reply(422, Refused(422, "unknown_name", str(error)).document)
        else:
            self.reply(status, document)

    def reply(self, status: int, document: Any, *, retry_after: object = None) -> None:
        """Send a JSON answer."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(body)

    def _authorize(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refused(401, "unauthorized", "The token is wrong.", hint="Look into the home.")

    def _route(self, seen: Seen) -> tuple[int, Any]:
        parts = [unquote(part) for part in seen.path.split("/")[1:]]
        routes = POSTS if seen.method == "POST" else GETS
        for shape, answer in routes.items():
            names = shape.split("/")
            if len(names) == len(parts) and all(
                name in {"*", part} for name, part in zip(names, parts, strict=True)
            ):
                found = [p for n, p in zip(names, parts, strict=True) if n == "*"]
                return answer(self.server_of.world, seen, *found)
        raise Refused(404, "not_found", f"There is no {seen.path}.")

    def _serve_socket(self) -> None:
        self.close_connection = True
        mark = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(mark.encode()).digest()).decode()  # noqa: S324
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        wish = wire.Subscribe.model_validate(json.loads(self._read_frame()))
        world = self.server_of.world
        topics: set[str] = set(wish.subscribe)
        cursor = wish.after or world.cursor()
        self._write_frame({"kind": "hello", "cursor": world.cursor()})
        while True:
            with world.changed:
                frames, reset = world.since(cursor, topics)
                if not frames and not reset and cursor == world.cursor():
                    world.changed.wait(0.2)
                    frames, reset = world.since(cursor, topics)
                cursor = world.cursor()
            if reset:
                self._write_frame({"kind": "reset", "cursor": cursor})
            for frame in frames:
                self._write_frame({"kind": "frame", **frame})
            if not frames:
                self._write_frame({"kind": "heartbeat", "cursor": cursor})

    def _read_frame(self) -> bytes:
        _, second = self.rfile.read(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self.rfile.read(2))
        mask = self.rfile.read(4)
        data = self.rfile.read(size)
        return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))

    def _write_frame(self, document: Json) -> None:
        data = json.dumps(document).encode()
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        self.wfile.write(b"\x81" + size + data)


@contextmanager
def serving(home: Path) -> Iterator[WireServer]:
    """Serve, with the files of a home written."""
    with WireServer() as server:
        server.write_home(home)
        yield server
