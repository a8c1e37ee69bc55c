"""Follows the log: knows its head, wakes who waits for more, hands events to subscribers."""

import logging
import threading
from collections.abc import Callable, Sequence

from claude_agent.errors import ClaudeAgentError
from claude_agent.storage import log
from claude_agent.storage.database import Database
from claude_agent.storage.log import Recorded

_LOG = logging.getLogger(__name__)
_CHUNK = 200
_PAUSE_S = 1.0
"""Between two tries to read a log that cannot be read just now."""

Subscriber = Callable[[Recorded], None]


class LogFollower:
    """One thread that reads each new event once and calls the subscribers in order.

    Started lazily: without subscribers there is nothing to read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._condition = threading.Condition()
        self._head = database.read(log.head).pos
        self._subscribers: tuple[tuple[Subscriber, frozenset[str]], ...] = ()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._end = database.subscribe(self._rung)

    def _rung(self, pos: int) -> None:
        with self._condition:
            self._head = max(self._head, pos)
            self._condition.notify_all()

    def head(self) -> int:
        """Return the newest position that was announced."""
        with self._condition:
            return self._head

    def wait_beyond(self, pos: int, timeout: float) -> bool:
        """Wait until the log is longer than `pos`; False when the time is over."""
        with self._condition:
            return self._condition.wait_for(lambda: self._closed or self._head > pos, timeout)

    def subscribe(self, callback: Subscriber, types: Sequence[str]) -> Callable[[], None]:
        """Call back for each later event of these types; returns what ends it.

        A callback that raises is logged and called again for the next event.
        """
        entry = (callback, frozenset(types))
        with self._condition:
            self._subscribers = (*self._subscribers, entry)
            if self._thread is None:
                start = self._head
                self._thread = threading.Thread(
                    target=self._follow, args=(start,), name="log-follower", daemon=True
                )
                self._thread.start()

        def end() -> None:
            with self._condition:
                self._subscribers = tuple(one for one in self._subscribers if one is not entry)

        return end

    def _follow(self, pos: int) -> None:
        while self.wait_beyond(pos, 60.0) or not self._closed:
            if self._closed:
                return
            for one in self._after(pos):
                pos = one.pos
                self._hand_out(one)

    def _after(self, pos: int) -> list[Recorded]:
        try:
            return self._database.read(lambda r: log.after(r, pos, _CHUNK))
        except ClaudeAgentError as error:
            _LOG.warning("the log cannot be followed just now: %s", error.detail)
        with self._condition:
            self._condition.wait_for(lambda: self._closed, _PAUSE_S)
        return []

    def _hand_out(self, one: Recorded) -> None:
        for callback, types in self._subscribers:
            if one.event.type not in types:
                continue
            try:
                callback(one)
            except Exception:  # noqa: BLE001 - a stranger's callback must not stop the others
                _LOG.exception("a subscriber of the log failed")

    def close(self) -> None:
        """Stop following and wake everybody."""
        self._end()
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5.0)
