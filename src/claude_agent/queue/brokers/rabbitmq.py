"""Tickets over RabbitMQ: Dramatiq's own RabbitmqBroker, with confirms and one small queue."""

import logging
from typing import Any

import dramatiq
import pika
import pika.exceptions
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from typing_extensions import override

from claude_agent.clock import Clock
from claude_agent.queue.brokers.carrier import MOST, PREFETCH, CarrierBroker, in_peace

PATIENCE_S = 2.0
"""How long to wait for a socket; a connection as a whole may take twice as long."""
HEARTBEAT_S = 4
"""A server that is silent for a little over twice as long is taken for lost."""
IDLE_MS = 500
STALE_MS = 60_000
UNUSED_MS = 3_600_000
"""A queue that nobody uses for so long goes: its installation is gone."""

# Its own account of every lost connection, with stack traces; the courier says it in one line.
logging.getLogger("pika").setLevel(logging.CRITICAL)


class RabbitCarrier(CarrierBroker, RabbitmqBroker):
    """Carries tickets in one queue of a RabbitMQ server."""

    title = "RabbitMQ"
    failures = (*CarrierBroker.failures, pika.exceptions.AMQPError)

    def __init__(self, url: str, *, namespace: str, clock: Clock) -> None:
        super().__init__(url=url, confirm_delivery=True, middleware=[])
        self.parameters = _patient(url)
        self.queue = f"claude-agent.tickets.{namespace}"
        self.clock = clock

    @override
    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:
        if queue_name not in self.queues:  # no delay queue: a ticket is for now
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.queues_pending.add(queue_name)
            self.emit_after("declare_queue", queue_name)
        if ensure:
            self._ensure_queue(queue_name)  # type: ignore[no-untyped-call] # theirs

    @override
    def attach(self) -> dramatiq.Consumer:
        self.queues_pending.add(self.queue)  # it may have been wiped
        self.declare_queue(self.queue, ensure=True)
        # The connection on which it was declared would idle in this thread until it is cut.
        del self.connection
        consumer: dramatiq.Consumer = self.consumer_class(self, self.queue, PREFETCH, IDLE_MS)
        return consumer

    @override
    def probe(self) -> None:
        try:
            self.channel.basic_qos(prefetch_count=PREFETCH)  # a question that changes nothing
        except pika.exceptions.AMQPError:
            del self.connection
            raise

    @override
    def close(self) -> None:
        """Close what is open, also while the courier's threads let go of their own.

        Dramatiq's iterates over the live sets, and raises when another thread changes them.
        """
        for opened in (*self.channels.copy(), *self.connections.copy()):
            in_peace(opened.close)

    @override
    def drop_unreadable(self) -> None:
        """Nothing is left: Dramatiq's consumer has refused it, and there are no dead letters."""

    @override
    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        return {"x-max-length": MOST, "x-message-ttl": STALE_MS, "x-expires": UNUSED_MS}

    @override
    def _declare_dq_queue(self, queue_name: str) -> None:
        """Tickets are not delayed."""

    @override
    def _declare_xq_queue(self, queue_name: str) -> None:
        """Tickets have no dead letters."""


def _patient(url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_S
    parameters.socket_timeout = PATIENCE_S
    parameters.stack_timeout = 2 * PATIENCE_S
    parameters.blocked_connection_timeout = PATIENCE_S
    parameters.connection_attempts = 1
    return parameters
