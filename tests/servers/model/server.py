"""The scripted model as a server in a thread of the tests; real CLIs talk to it over HTTP."""

import gzip
import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.servers.model.asked import READERS, Asked
from tests.servers.model.replies import STREAM, WHOLE, limits, refusal
from tests.servers.model.script import Script, Turn

BAD_KEY = "bad"
MODELS = ("stub-model", "gpt-5-codex", "gemini-2.5-pro")
INVALID = {"status": 401, "type": "authentication_error", "message": "invalid x-api-key"}


class Model(ThreadingHTTPServer):
    """The server; `asked` is what was asked of it, in order."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.script = Script()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[dict[str, Any]] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()

    def asks(self, text: str) -> list[dict[str, Any]]:
        """Return what was asked so far in conversations that hold a text."""
        return [each for each in list(self.asked) if text in each["told"]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed closes its connections: nothing to say."""

    def close(self) -> None:
        """Stop."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Model

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, body: Any, status: int = 200, headers: Mapping[str, str] = {}) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        told = {"content-type": "application/json", "content-length": str(len(data)), **headers}
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if not path.endswith("/models"):
            self._answer({"error": {"message": f"stub: no GET {path}"}}, 404)
        elif "v1beta" in path:
            self._answer({"models": [{"name": f"models/{each}"} for each in MODELS]})
        else:
            known = [{"id": each, "object": "model", "type": "model"} for each in MODELS]
            self._answer({"object": "list", "data": known, "has_more": False})

    def do_POST(self) -> None:
        path, raw = self.path.split("?")[0], self._read()
        if path.endswith("/count_tokens"):
            return self._answer({"input_tokens": 42})
        if path.endswith(":countTokens"):
            return self._answer({"totalTokens": 42})
        api = _api(path)
        if api is None:
            return self._answer({"error": {"message": "stub: no such endpoint"}}, 404)
        asked = READERS[api](json.loads(raw or b"{}"))
        if api == "gemini":
            asked.model = path.rsplit("/", 1)[1].split(":")[0]
            asked.stream = "streamGenerate" in path
        refused = self._key() == BAD_KEY
        turn = Turn("error", error=INVALID) if refused else self.server.script.turn(asked)
        told = "\n".join(m.text for m in asked.messages if m.role == "user")
        entry = {"api": api, "told": told, "turn": turn.number, "kind": turn.kind}
        self.server.asked.append({**entry, "rounds": len(asked.messages), "model": asked.model})
        try:
            return self._play(api, asked, turn)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        return None

    def _read(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            raw = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw

    def _key(self) -> str:
        bearer = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        return self.headers.get("x-api-key") or self.headers.get("x-goog-api-key") or bearer

    def _play(self, api: str, asked: Asked, turn: Turn) -> None:
        if turn.kind == "error":
            after = turn.error.get("retry_after")
            headers = limits(turn.error)
            headers |= {} if after is None else {"retry-after": str(after)}
            self._answer(refusal(api, turn.error), turn.error["status"], headers)
        elif turn.kind == "hang":
            if asked.stream:
                self._begin_stream()
            self.server.closing.wait(turn.seconds)
            self._cut()
        elif not asked.stream and turn.kind == "disconnect":
            self._cut()
        elif not asked.stream:
            self._answer(WHOLE[api](asked, turn))
        else:
            self._stream(api, asked, turn)

    def _begin_stream(self) -> None:
        self.send_response(200)
        for name, value in (("content-type", "text/event-stream"), ("connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True

    def _stream(self, api: str, asked: Asked, turn: Turn) -> None:
        self._begin_stream()
        for name, data in STREAM[api](asked, turn):
            if name == "cut":
                return self._cut()
            text = data if isinstance(data, str) else json.dumps(data)
            head = f"event: {name}\n" if name else ""
            self.wfile.write(f"{head}data: {text}\n\n".encode())
            self.wfile.flush()
        return None

    def _cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # the client was first
            return


def _api(path: str) -> str | None:
    ends = {"/messages": "anthropic", "/chat/completions": "chat", "/responses": "responses"}
    found = next((api for end, api in ends.items() if path.endswith(end)), None)
    gemini = re.search(r":(stream)?[gG]enerateContent$", path)
    return "gemini" if gemini else found


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    """The scripted model of this test worker."""
    server = Model()
    try:
        yield server
    finally:
        server.close()
