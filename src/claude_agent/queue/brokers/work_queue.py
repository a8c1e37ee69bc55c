"""The queue between Dramatiq's consumers and its worker threads, at half the cost."""

import queue
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from dramatiq.worker import _WorkQueueItem as Item


class WorkQueue(queue.PriorityQueue["Item"]):
    """Holds work items by priority, first in first out within one.

    The standard one waits on a condition, whose every wait makes a lock, and compares the items
    themselves. Here threads wait for a mark in a `SimpleQueue`, which is written in C, and what is
    compared are numbers.
    """

    def __init__(self) -> None:
        super().__init__()
        self._heap: list[tuple[int, int, Item]] = []
        self._marks: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._number = count()

    @override
    def _qsize(self) -> int:
        return len(self._heap)

    @override
    def put(self, item: "Item", block: bool = True, timeout: float | None = None) -> None:
        with self.mutex:
            heappush(self._heap, (item.priority, next(self._number), item))
            self.unfinished_tasks += 1
        self._marks.put(None)

    @override
    def get(self, block: bool = True, timeout: float | None = None) -> "Item":
        """Return the first item; raise `queue.Empty` when there is none in time (seconds)."""
        self._marks.get(block, timeout)
        with self.mutex:
            return heappop(self._heap)[2]

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
