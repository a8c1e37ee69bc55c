"""A doorbell over LISTEN/NOTIFY: rings the threads of every process on one PostgreSQL database.

One connection a process. While it is cut off only this process's own threads are rung; after it
is back, and every few seconds, whoever waits is woken to look.
"""

import secrets
import threading
from collections.abc import Collection

from typing_extensions import override

from claude_agent.storage.notifier import Notifier
from claude_agent.storage.notifiers.local import LocalNotifier
from claude_agent.storage.postgres.listener import Listener

CHANNEL = "claude_agent_bell"


class PostgresqlNotifier(Notifier):
    """Rings topics here and, through the database, everywhere else."""

    def __init__(self, url: str) -> None:
        self._local = LocalNotifier()
        self._me = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._waited: frozenset[str] = frozenset()
        self._listener = Listener(url, CHANNEL, self._heard)

    @override
    def ring(self, topic: str) -> None:
        self._local.ring(topic)
        self._listener.say(f"{self._me} {topic}")

    @override
    def wait(self, topics: Collection[str], timeout: float) -> bool:
        if not self._waited.issuperset(topics):
            with self._lock:
                self._waited = self._waited.union(topics)
        return self._local.wait(topics, timeout)

    def _heard(self, notice: str) -> None:
        who, _, topic = notice.partition(" ")
        if not notice:
            for one in self._waited:
                self._local.ring(one)
        elif who != self._me:
            self._local.ring(topic)

    def connected(self) -> bool:
        """Say whether rings of other processes are heard just now."""
        return self._listener.connected.is_set()

    @override
    def close(self) -> None:
        self._local.close()
        self._listener.close()
