"""Live events: a WebSocket that comes back by itself and misses nothing."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, cast

from claude_sdk.errors import (
    Forbidden,
    NotFound,
    ProblemDocument,
    ServerUnreachable,
    Unauthorized,
    UnexpectedAnswer,
    problem_document,
    problem_from,
)
from claude_sdk.transport import Patience, Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from websockets.sync.client import ClientConnection

    from claude_sdk.discovery import Endpoint
    from claude_sdk.wire import Frame

SILENCE = 45.0  # three missed heartbeats
RESET = "stream.reset"


class LiveEvents:
    """Events as they happen, after a cursor; reconnects and resumes by the last cursor.

    A frame of type `stream.reset` (pos 0) says that the server no longer holds the cursor:
    read again what you show, then go on. Use it in one thread and close it, or use `with`.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        topics: Sequence[str] = ("*",),
        after: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.cursor = after
        self._transport = transport
        self._topics = list(topics)
        self._patience = patience or Patience(budget=30.0, first=0.2, most=5.0)
        self._socket: ClientConnection | None = None
        self._held = ExitStack()
        self._heard = monotonic()
        self._pause = threading.Event()

    def __enter__(self) -> LiveEvents:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        while True:
            frame = self.next(timeout=SILENCE)
            if frame is not None:
                yield frame

    def next(self, *, timeout: float) -> Frame | None:
        """Return the next event, or None after `timeout` seconds without one.

        Raises ServerUnreachable when the server stays away, Unauthorized for a wrong token.
        """
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - lazy

        deadline = monotonic() + timeout
        while (left := deadline - monotonic()) > 0 or timeout <= 0:
            if self._socket is None:
                self._connect()
            try:
                text = cast("ClientConnection", self._socket).recv(timeout=max(0.0, left))
            except TimeoutError:
                if monotonic() - self._heard > SILENCE:
                    self.close()
                return None
            except (ConnectionClosed, OSError):
                self.close()
                continue
            self._heard = monotonic()
            frame = self._take(text)
            if frame is not None:
                return frame
        return None

    def close(self) -> None:
        """Close the connection; `next` opens a new one at the same cursor."""
        self._socket = None
        self._held.close()

    def _take(self, text: str | bytes) -> Frame | None:
        message = json.loads(text)
        kind = message.get("kind")
        if kind == "problem":
            self.close()
            raise problem_from(problem_document(message, status=int(message.get("status", 500))))
        if kind == "frame":
            frame = cast("Frame", message)
            epoch = (self.cursor or "").rpartition(":")[0]
            if epoch:
                self.cursor = f"{epoch}:{frame['pos']}"
            return frame
        if kind == "hello" and self.cursor is not None:
            return None
        self.cursor = message.get("cursor") or self.cursor
        return _reset_frame() if kind == "reset" else None

    def _connect(self) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - lazy

        deadline = monotonic() + self._patience.budget
        attempt = 0
        while True:
            attempt += 1
            endpoint = self._transport.endpoint()
            try:
                self._socket = self._held.enter_context(_open(endpoint))
                self._socket.send(json.dumps({"subscribe": self._topics, "after": self.cursor}))
            except (OSError, ConnectionClosed) as error:
                self.close()
                wait = self._patience.wait(attempt)
                if not endpoint.alive or monotonic() + wait > deadline:
                    msg = f"No server answers at {endpoint.url} ({error})."
                    raise ServerUnreachable(
                        msg,
                        hint="Start it with: claude-agent up --detach",
                    ) from error
                self._pause.wait(wait)
            else:
                self._heard = monotonic()
                return


def _open(endpoint: Endpoint) -> ClientConnection:
    """Connect; OSError means that trying again may help."""
    from websockets import exceptions  # noqa: PLC0415 - lazy
    from websockets.sync.client import connect  # noqa: PLC0415 - lazy

    headers = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
    try:
        return connect(
            f"ws{endpoint.url.removeprefix('http')}/events",
            additional_headers=headers,
            open_timeout=10,
            close_timeout=0.3,
            max_size=4 * 1024 * 1024,
            proxy=None,
            compression=None,
        )
    except exceptions.InvalidStatus as error:
        status = error.response.status_code
        if status in _REFUSALS:
            detail = f"The server refused the event stream (HTTP {status})."
            raise _REFUSALS[status](
                ProblemDocument(status=status, code="", detail=detail)
            ) from error
        msg = f"HTTP {status}"
        raise OSError(msg) from error
    except exceptions.InvalidMessage as error:
        msg = "the connection was cut"  # the server went away while it answered
        raise OSError(msg) from error
    except exceptions.InvalidHandshake as error:
        msg = f"{endpoint.url} gave no event stream: {error}."
        raise UnexpectedAnswer(msg) from error


_REFUSALS = {401: Unauthorized, 403: Forbidden, 404: NotFound}


def _reset_frame() -> Frame:
    return {
        "pos": 0,
        "topic": "stream",
        "type": RESET,
        "id": "",
        "at": 0,
        "actor": "",
        "execution_id": None,
        "data": {},
    }
