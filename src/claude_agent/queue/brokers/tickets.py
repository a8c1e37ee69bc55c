"""Tickets on our own databases: no row at all, made when the doorbell rings."""

import threading
from collections.abc import Iterable

import dramatiq
from typing_extensions import override

from claude_agent.queue.tickets import TicketSource, hint_of, ticket


class TicketConsumer(dramatiq.Consumer):
    """Turns rings into messages for the actor `claim`. Acking or failing one touches nothing."""

    def __init__(self, source: TicketSource, *, prefetch: int, timeout_ms: int) -> None:
        self._source = source
        self._prefetch = max(prefetch, 1)
        self._timeout = timeout_ms / 1000
        self._out = 0
        self._closed = False
        self._condition = threading.Condition()

    @override
    def __next__(self) -> dramatiq.MessageProxy | None:
        with self._condition:
            self._condition.wait_for(lambda: self._out < self._prefetch, self._timeout)
            if self._out >= self._prefetch or self._closed:
                return None
        hint = self._source.wait(self._timeout)
        if hint is None:
            return None
        with self._condition:
            self._out += 1
        return dramatiq.MessageProxy(ticket(hint))

    @override
    def ack(self, message: dramatiq.MessageProxy) -> None:
        self._settled()

    @override
    def nack(self, message: dramatiq.MessageProxy) -> None:
        self._settled()

    @override
    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        for message in messages:
            self._settled()
            self._source.ring(hint_of(message))

    @override
    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _settled(self) -> None:
        with self._condition:
            self._out -= 1
            self._condition.notify()
