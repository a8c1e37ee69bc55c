"""A thread with a connection of its own that listens on one channel and may speak on it."""

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Callable

import psycopg
from psycopg import sql

from claude_agent.errors import ClaudeAgentError
from claude_agent.storage.postgres import link

_LOG = logging.getLogger(__name__)
FLOOR_S = 5.0
"""The longest time without a look, also when nothing is heard."""
_PAUSE_S = (0.1, 2.0)
"""Between two tries to connect: first and longest."""


class Listener:
    """Calls back with each notice; with an empty one after every connect and every `FLOOR_S`.

    The callback runs in the listener's thread and must not raise. A lost connection is opened
    again; what was missed meanwhile is covered by the empty notice.
    """

    def __init__(self, url: str, channel: str, heard: Callable[[str], None]) -> None:
        self._url = url
        self._channel = sql.Identifier(channel)
        self._heard = heard
        self._lock = threading.Lock()
        self._to_say: dict[str, None] = {}
        self._closing = threading.Event()
        self._bell, self._rung = socket.socketpair()
        self._rung.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self._bell.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self.connected = threading.Event()
        """Set while the channel is listened on."""
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    def say(self, notice: str) -> None:
        """Send a notice soon, once however often it was said meanwhile; lost while cut off."""
        with self._lock:
            self._to_say[notice] = None
        self._wake()

    def close(self) -> None:
        """End the thread and its connection."""
        self._closing.set()
        self._wake()
        if self._thread is not threading.current_thread():
            self._thread.join(10.0)
        self._bell.close()
        self._rung.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # it is full (woken already) or closed
            self._bell.send(b"!")

    def _run(self) -> None:
        pause = _PAUSE_S[0]
        while not self._closing.is_set():
            try:
                with link.connect(self._url) as connection:
                    self._attend(connection)
            except (psycopg.Error, ClaudeAgentError, OSError) as error:
                if self.connected.is_set():
                    pause = _PAUSE_S[0]
                    _LOG.warning("the listener lost its connection: %s", str(error).strip())
                self.connected.clear()
                self._closing.wait(pause)
                pause = min(pause * 2, _PAUSE_S[1])

    def _attend(self, connection: link.Connection) -> None:
        connection.execute(sql.SQL("LISTEN {}").format(self._channel))
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._rung, selectors.EVENT_READ)
            self.connected.set()
            self._heard("")
            while not self._closing.is_set():
                for notice in connection.notifies(timeout=0):
                    self._heard(notice.payload)
                self._speak(connection)
                if not selector.select(FLOOR_S):
                    self._heard("")
                with contextlib.suppress(BlockingIOError):
                    self._rung.recv(4096)

    def _speak(self, connection: link.Connection) -> None:
        with self._lock:
            notices, self._to_say = list(self._to_say), {}
        for notice in notices:
            text = sql.SQL("NOTIFY {}, {}").format(self._channel, sql.Literal(notice))
            connection.execute(text, prepare=False)
