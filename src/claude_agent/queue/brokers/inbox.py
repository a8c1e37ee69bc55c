"""What lies between the dispatcher and one consumer: claimed messages, counted until settled."""

import threading
from collections import deque
from typing import NamedTuple

from claude_agent.clock import Clock
from claude_agent.queue.message_store import Lease

WINDOW_S = 0.05
"""How far ahead of the consumer messages are claimed, measured by its own pace."""
STALLED_S = 0.5
"""After so long without progress, what was claimed ahead goes back to the others."""


class Load(NamedTuple):
    """How busy a consumer is."""

    room: int
    """How many more messages may be claimed for it."""
    ahead: int
    """How many of them beyond its prefetch."""
    unsettled: int
    """How many it holds."""


class Inbox:
    """The messages claimed for one consumer.

    The worker never holds more than `prefetch` of them. While more than that finish within
    `WINDOW_S`, as many (up to `ahead`) are claimed on top, so that they share a commit; a stall
    gives them back. With a prefetch of 1 nothing is claimed ahead. As long as all `threads` of the
    worker have something to do, it is woken for several messages at once.
    """

    def __init__(
        self,
        queue: str,
        prefetch: int,
        clock: Clock,
        *,
        ahead: int = 64,
        threads: int | None = None,
    ) -> None:
        self.queue = queue
        self._prefetch = max(prefetch, 1)
        self._enough = self._prefetch if threads is None else threads
        self._ahead = ahead if prefetch > 1 else 0
        self._clock = clock
        self._leases: deque[Lease] = deque()
        self._unsettled = 0
        self._handed = 0
        self._closed = False
        self._condition = threading.Condition()
        self._window = clock.monotonic()
        self._pace = 0
        self._settled_now = 0
        self._progress_at = self._window

    def room(self) -> int:
        """Return how many more messages may be claimed for it."""
        return self.load().room

    def load(self) -> Load:
        """Return what it holds and what it may take."""
        with self._condition:
            if self._closed:
                return Load(room=0, ahead=0, unsettled=self._unsettled)
            self._roll()
            pace = max(self._pace, self._settled_now)
            ahead = min(pace, self._ahead) if pace > self._prefetch else 0
            room = self._prefetch + ahead - self._unsettled
            return Load(room=room, ahead=ahead, unsettled=self._unsettled)

    def take_back(self) -> list[Lease]:
        """Return what was not handed out, and go on."""
        with self._condition:
            back = list(self._leases)
            self._leases.clear()
            self._unsettled -= len(back)
            return back

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
            if not self._may_take():
                self._condition.wait_for(self._may_take, timeout)
            if self._closed or not self._may_take():
                return None
            self._handed += 1
            return self._leases.popleft()

    def _may_take(self) -> bool:
        return self._closed or (bool(self._leases) and self._handed < self._prefetch)

    def settled(self) -> bool:
        """Count one message less in the consumer's hands; True when it is running dry."""
        with self._condition:
            self._unsettled -= 1
            self._handed -= 1
            if self._handed <= self._enough and self._leases:
                self._condition.notify()
            self._progress_at = self._roll()
            self._settled_now += 1
            return self._unsettled <= self._prefetch // 4

    def surplus(self) -> list[Lease]:
        """Return what was claimed ahead for a consumer that has stalled since."""
        with self._condition:
            over = self._unsettled - self._prefetch
            if over <= 0 or self._clock.monotonic() - self._progress_at < STALLED_S:
                return []
            back = [self._leases.pop() for _ in range(min(over, len(self._leases)))]
            self._unsettled -= len(back)
            return back

    def close(self) -> list[Lease]:
        """Take nothing more; return what was claimed and never handed out."""
        with self._condition:
            self._closed = True
            left = list(self._leases)
            self._leases.clear()
            self._condition.notify_all()
            return left

    def _roll(self) -> float:
        now = self._clock.monotonic()
        passed = now - self._window
        if passed >= WINDOW_S:
            self._pace = self._settled_now if passed < 2 * WINDOW_S else 0
            self._settled_now = 0
            self._window = now
        return now
