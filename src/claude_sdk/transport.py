"""HTTP with the standard library alone: keep-alive, retries that cannot do a thing twice.

Every POST carries an idempotency key, so a request whose answer was lost is simply sent
again. Connections belong to one thread and one process: a fork never shares a socket.
"""

import http.client
import json
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import cast
from urllib.parse import urlencode, urlsplit

from claude_sdk.discovery import START, Endpoint
from claude_sdk.errors import (
    Problem,
    ServerUnreachable,
    UnexpectedAnswer,
    problem_document,
    problem_from,
)

_RETRIED = frozenset({429, 503})
_BROKEN = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a request is tried again, in seconds; a wait grows from `first` to `most`."""

    budget: float = 5.0
    first: float = 0.05
    most: float = 1.0

    def wait(self, attempt: int) -> float:
        """Return the pause after the given attempt (1, 2, ...), with jitter."""
        full = min(self.most, self.first * 2.0 ** (attempt - 1))
        return full * (0.5 + os.urandom(1)[0] / 512)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `timeout` is the silence allowed, in seconds."""

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    body: object | None = None
    key: str | None = None
    timeout: float = 30.0
    patient: bool = True

    @property
    def target(self) -> str:
        """The path with its query; None values are left out."""
        given = {name: value for name, value in self.query.items() if value is not None}
        return f"{self.path}?{urlencode(given, doseq=True)}" if given else self.path


class Transport:
    """Sends requests to the server that `find` names; safe to share between threads."""

    def __init__(self, find: Callable[[], Endpoint], *, patience: Patience | None = None) -> None:
        self._find = find
        self._patience = patience or Patience()
        self._local = threading.local()
        self._open: weakref.WeakSet[http.client.HTTPConnection] = weakref.WeakSet()
        self._pause = threading.Event()
        self._finalizer = weakref.finalize(self, _close_all, self._open)

    def endpoint(self) -> Endpoint:
        """Return where the server is now."""
        return self._find()

    def send(self, request: Request) -> object:
        """Return the JSON answer; raise Problem, ServerUnreachable or UnexpectedAnswer."""
        key = request.key or (os.urandom(16).hex() if request.method == "POST" else None)
        deadline = monotonic() + self._patience.budget
        attempt = 0
        while True:
            attempt += 1
            endpoint = self._find()
            try:
                return self._once(endpoint, request, key)
            except _BROKEN as error:
                reused = self._drop()
                wait = 0.0 if reused else self._patience.wait(attempt)
                hopeless = not endpoint.alive and not reused
                if hopeless or not request.patient or monotonic() + wait > deadline:
                    raise _unreachable(endpoint, error) from error
            except Problem as problem:
                wait = problem.document.retry_after or self._patience.wait(attempt)
                if not (request.patient and _passing(problem)) or monotonic() + wait > deadline:
                    raise
            self._pause.wait(wait)

    def close(self) -> None:
        """Close every connection; a later request opens a new one."""
        _close_all(self._open)
        self._local = threading.local()

    def _once(self, endpoint: Endpoint, request: Request, key: str | None) -> object:
        connection = self._connection(endpoint, request.timeout)
        headers = {"Accept": "application/json"}
        if endpoint.token:
            headers["Authorization"] = f"Bearer {endpoint.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        body = None
        if request.method == "POST":
            body = json.dumps(request.body if request.body is not None else {}).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(request.method, request.target, body=body, headers=headers)
        except BrokenPipeError:
            # A server that refuses a large body answers before it has read it; the answer
            # may still be there.
            if connection.sock is None:
                raise
        response = connection.getresponse()
        raw = response.read()
        self._local.used = True
        return _answer(endpoint, response, raw)

    def _connection(self, endpoint: Endpoint, timeout: float) -> http.client.HTTPConnection:
        owner = (os.getpid(), endpoint.url)
        held = cast("http.client.HTTPConnection | None", getattr(self._local, "held", None))
        if held is None or self._local.owner != owner:
            self._drop()  # the server came back at another address
            parts = urlsplit(endpoint.url)
            kind = (
                http.client.HTTPSConnection
                if parts.scheme == "https"
                else http.client.HTTPConnection
            )
            held = kind(parts.hostname or "", parts.port)
            self._local.held, self._local.owner, self._local.used = held, owner, False
            self._open.add(held)
        held.timeout = timeout
        if held.sock is not None:
            held.sock.settimeout(timeout)
        return held

    def _drop(self) -> bool:
        """Close this thread's connection; say whether it had served a request before."""
        held = cast("http.client.HTTPConnection | None", getattr(self._local, "held", None))
        used = bool(getattr(self._local, "used", False))
        self._local.held = None
        self._local.used = False
        if held is not None:
            held.close()
        return used


def _close_all(connections: weakref.WeakSet[http.client.HTTPConnection]) -> None:
    for connection in list(connections):
        connection.close()


def _passing(problem: Problem) -> bool:
    """Whether the same request may well succeed in a moment."""
    if problem.status not in _RETRIED:
        return False
    return problem.document.retry_after is not None or problem.document.code == "unavailable"


def _unreachable(endpoint: Endpoint, error: Exception) -> ServerUnreachable:
    if isinstance(error, TimeoutError):
        cause = "no answer in time"
    elif isinstance(error, ConnectionRefusedError):
        cause = "connection refused"
    else:
        cause = str(error) or type(error).__name__
    return ServerUnreachable(f"No server answers at {endpoint.url} ({cause}).", hint=START)


def _answer(endpoint: Endpoint, response: http.client.HTTPResponse, raw: bytes) -> object:
    try:
        document = json.loads(raw) if raw else None
    except ValueError as error:
        msg = f"{endpoint.url} answered {response.status} without JSON: is it a claude-agent?"
        raise UnexpectedAnswer(
            msg,
            hint="Check the address (--url or CLAUDE_AGENT_URL).",
        ) from error
    if response.status < 400:  # noqa: PLR2004 - HTTP
        return document
    fields = document if isinstance(document, dict) else {}
    wait = _seconds(response.getheader("Retry-After"))
    raise problem_from(problem_document(fields, status=response.status, retry_after=wait))


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:
        return None
