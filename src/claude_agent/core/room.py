"""Back-pressure: a queue that has as many ready tasks as it may takes no more from clients.

Only what clients submit is refused. The steps of an execution that runs already, its compensation,
retries and re-drives are not: that work was accepted before, and to refuse it would leave a
promise half kept (an execution could neither go on nor be undone). It may lift a queue over its
bound; then clients wait a little longer.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from claude_agent.errors import QueueFull
from claude_agent.storage.database import Reader

STALE_MS = 200
"""A full queue is counted again after this time: a storm of submits must not count each time."""


@dataclass(slots=True)
class _Known:
    """What is known of one queue."""

    room: int = 0
    """So many are let in before they are counted again."""
    full_at: int | None = None
    """When it was seen full; epoch milliseconds."""


class Room:
    """Says whether a queue takes another ready task. Thread-safe."""

    def __init__(self, most: Mapping[str, int | None]) -> None:
        """`most`: ready tasks by queue; None or absent: without a bound."""
        self._most = {queue: each for queue, each in most.items() if each is not None}
        self._known = {queue: _Known() for queue in self._most}
        self._lock = threading.Lock()

    def require(self, reader: Reader, queue: str, now: int) -> None:
        """Let one ready task in, in the transaction that stores it. Raises `QueueFull`.

        To count a deep queue takes milliseconds, so half of the room that is found is given away
        without counting; whoever else fills it (steps, another process) has the other half. What
        is not committed yet is not counted: on PostgreSQL submits at the same moment may pass the
        bound by one for each connection.
        """
        most = self._most.get(queue)
        if most is None:
            return
        known = self._known[queue]
        with self._lock:
            stale = known.full_at is None or not 0 <= now - known.full_at < STALE_MS
            if known.room <= 0 and stale:
                row = reader.row("queues.ready_up_to", queue=queue, most=most)
                left = most - (row["count"] if row is not None else 0)
                known.room = (left + 1) // 2
                known.full_at = now if known.room <= 0 else None
            if known.room <= 0:
                message = f"The queue {queue} is full: it takes {most} tasks that are ready."
                raise QueueFull(message, hint="Nothing was stored. Submit it again a little later.")
            known.room -= 1
