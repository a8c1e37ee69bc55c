"""Knows the log's head and wakes who waits for more; what is new is read by `Subscriptions`."""

import threading

from claude_agent.storage import log
from claude_agent.storage.database import Database


class LogFollower:
    """The newest position that was announced, and a place to wait for the next one."""

    def __init__(self, database: Database) -> None:
        self._condition = threading.Condition()
        self._head = database.read(log.head).pos
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

    def close(self) -> None:
        """Stop following and wake everybody."""
        self._end()
        with self._condition:
            self._closed = True
            self._condition.notify_all()
