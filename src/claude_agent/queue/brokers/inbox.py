"""What lies between the dispatcher and one consumer: claimed messages, counted until settled."""

import threading
from collections import deque

from claude_agent.queue.message_store import Lease


class Inbox:
    """Messages claimed for one consumer and not yet settled; never more than its prefetch."""

    def __init__(self, queue: str, prefetch: int) -> None:
        self.queue = queue
        self._prefetch = max(prefetch, 1)
        self._leases: deque[Lease] = deque()
        self._unsettled = 0
        self._closed = False
        self._condition = threading.Condition()

    def room(self) -> int:
        """Return how many more messages may be claimed for it."""
        return 0 if self._closed else self._prefetch - self._unsettled

    def deliver(self, leases: tuple[Lease, ...]) -> bool:
        """Take claimed messages in; False when it was closed meanwhile."""
        with self._condition:
            if self._closed:
                return False
            self._leases.extend(leases)
            self._unsettled += len(leases)
            self._condition.notify()
            return True

    def take(self, timeout: float) -> Lease | None:
        """Return the next message, waiting up to `timeout` seconds for one."""
        with self._condition:
            self._condition.wait_for(lambda: self._leases or self._closed, timeout)
            return self._leases.popleft() if self._leases and not self._closed else None

    def settled(self) -> None:
        """Count one message less in the consumer's hands."""
        with self._condition:
            self._unsettled -= 1

    def close(self) -> list[Lease]:
        """Take nothing more; return what was claimed and never handed out."""
        with self._condition:
            self._closed = True
            left = list(self._leases)
            self._leases.clear()
            self._condition.notify_all()
            return left
