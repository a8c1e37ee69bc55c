"""The queue between Dramatiq's consumers and its worker threads, at half the cost."""

import queue
import threading
from collections import deque
from heapq import heappop, heappush
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from dramatiq.worker import _WorkQueueItem as Item


class WorkQueue(queue.PriorityQueue["Item"]):
    """Holds work items by priority, first in first out within one.

    The standard one waits on a condition, whose every wait makes a lock, and compares the items
    themselves. Here each thread waits on a lock of its own, and what is compared are numbers.
    (Not on a `SimpleQueue`: its `get` waits for ever when another thread is quicker at the very
    moment at which its time is up.)
    """

    def __init__(self) -> None:
        super().__init__()
        self._heap: list[tuple[int, int, Item]] = []
        self._sleepers: deque[threading.Lock] = deque()
        self._own = _Bed()
        self._number = count()

    @override
    def _qsize(self) -> int:
        return len(self._heap)

    @override
    def put(self, item: "Item", block: bool = True, timeout: float | None = None) -> None:
        with self.mutex:
            heappush(self._heap, (item.priority, next(self._number), item))
            self.unfinished_tasks += 1
            if self._sleepers:
                self._sleepers.popleft().release()

    @override
    def get(self, block: bool = True, timeout: float | None = None) -> "Item":
        """Return the first item; raise `queue.Empty` when there is none in time (seconds)."""
        deadline = None if timeout is None else monotonic() + timeout
        mine, woken = self._own.bed, block
        while True:
            with self.mutex:
                if self._heap:
                    return heappop(self._heap)[2]
                if not woken:
                    raise queue.Empty
                self._sleepers.append(mine)
            left = -1 if deadline is None else max(deadline - monotonic(), 0.0)
            woken = mine.acquire(timeout=left)
            if not woken:
                with self.mutex:
                    if mine in self._sleepers:
                        self._sleepers.remove(mine)
                    else:  # woken between its time being up and now
                        mine.acquire()

    @override
    def task_done(self) -> None:
        """Count one item as worked on. Raises ValueError when there are no more."""
        with self.mutex:
            if self.unfinished_tasks <= 0:
                message = "task_done() called too many times"
                raise ValueError(message)
            self.unfinished_tasks -= 1
            if not self.unfinished_tasks:
                self.all_tasks_done.notify_all()


class _Bed(threading.local):
    """The lock that a thread waits on; held whenever it does not wait."""

    def __init__(self) -> None:
        self.bed = threading.Lock()
        self.bed.acquire()
