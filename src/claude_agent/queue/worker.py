"""The worker of this process: Dramatiq's own, fed with tickets when a slot may be filled."""

from collections.abc import Callable

import dramatiq
from dramatiq import Worker as DramatiqWorker
from typing_extensions import override

from claude_agent.queue.tickets import TicketCarrier, TicketSource
from claude_agent.storage.notifier import Notifier

THREADS = 4
"""Actors are short: none waits for an agent, so a few threads serve all 15 slots."""
GRACE_MS = 5_000
LOOK_MS = 1_000
"""How soon an idle thread of the worker sees that it is to stop."""


class SlotTickets(TicketSource):
    """Turns the doorbell "ready" into tickets; whether a slot is free is seen by the claim."""

    def __init__(
        self, notifier: Notifier, topic: str, *, wanted: Callable[[], int] | None = None
    ) -> None:
        self._notifier = notifier
        self._topic = topic
        self._wanted = wanted

    @override
    def wait(self, timeout: float) -> str | None:
        return "" if self._notifier.wait({self._topic}, timeout) else None

    @override
    def ring(self, queue: str) -> None:
        self._notifier.ring(self._topic)

    @override
    def wanted(self) -> int:
        return super().wanted() if self._wanted is None else self._wanted()


class QueueWorker:
    """Starts and stops Dramatiq's worker for one broker."""

    def __init__(self, broker: dramatiq.Broker, carrier: TicketCarrier | None = None) -> None:
        self._carrier = carrier
        self._worker = DramatiqWorker(broker, worker_threads=THREADS, worker_timeout=LOOK_MS)
        self._broker = broker
        self._booted = False
        self._running = False

    def start(self) -> None:
        """Begin to consume every declared queue."""
        if not self._booted:
            # The command `dramatiq` sends this signal, not its Worker. Without it time limits are
            # written down and nobody looks at them, and metrics have nothing to count with. Once
            # only: the time limit's thread cannot be started a second time.
            self._booted = True
            self._broker.emit_after("process_boot")
        self._worker.start()
        if self._carrier is not None:
            self._carrier.start()
        self._running = True

    def stop(self) -> None:
        """Finish the messages at hand and stop; the rest stays in the database."""
        if self._running:
            self._running = False
            if self._carrier is not None:
                self._carrier.stop()
            self._worker.stop(timeout=GRACE_MS)
