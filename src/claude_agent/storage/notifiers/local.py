"""A doorbell inside one process."""

import threading
from collections.abc import Collection

from typing_extensions import override

from claude_agent.storage.notifier import Notifier


class LocalNotifier(Notifier):
    """Rings threads of this process; each topic is consumed by the wait that sees it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rung: set[str] = set()
        self._closed = False

    @override
    def ring(self, topic: str) -> None:
        if topic in self._rung:
            # Nobody has heard it yet: whoever does will look after this, so it counts for us too.
            return
        with self._condition:
            self._rung.add(topic)
            self._condition.notify_all()

    @override
    def wait(self, topics: Collection[str], timeout: float) -> bool:
        wanted = set(topics)
        with self._condition:
            self._condition.wait_for(
                lambda: self._closed or not wanted.isdisjoint(self._rung), timeout
            )
            rung = not wanted.isdisjoint(self._rung)
            self._rung -= wanted
            return rung

    @override
    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()
