"""What the brokers that carry tickets share: a steady consumer, small queues, a prompt close.

They are Dramatiq's own brokers with a thin coat. A ticket is worth nothing: losing one costs a
wait, so a carrier never retries, delays or keeps one for later.
"""

import contextlib
import dataclasses
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import dramatiq
from dramatiq.errors import BrokerConnectionError
from typing_extensions import override

from claude_agent.clock import Clock
from claude_agent.queue.tickets import CLAIM, ticket

_LOG = logging.getLogger(__name__)
PREFETCH = 2
"""Tickets at hand beside the one being borne; others are left to other processes."""
MOST = 64
"""The most tickets that wait on a carrier; more would wake nobody sooner."""
LOOK_S = 0.5
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 5.0
CLOSE_S = 1.0
_GARBAGE = (dramatiq.DecodeError, ValueError, TypeError, KeyError, AttributeError)


class Backoff:
    """Grows from failure to failure."""

    def __init__(self) -> None:
        self._next = FIRST_RETRY_S

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._next = FIRST_RETRY_S

    def step(self) -> float:
        """Return how many seconds to wait this time."""
        now, self._next = self._next, min(self._next * 2, LAST_RETRY_S)
        return now


class CarrierBroker(dramatiq.Broker, ABC):
    """One of Dramatiq's brokers, reduced to tickets."""

    title: str
    """Its name for people."""
    queue: str
    """The queue of tickets, apart from those of other installations."""
    failures: tuple[type[Exception], ...] = (BrokerConnectionError, OSError)
    """What is raised when the server does not answer or refuses."""
    clock: Clock

    @abstractmethod
    def attach(self) -> dramatiq.Consumer:
        """Return Dramatiq's own consumer of the tickets. Raises one of `failures`."""

    @abstractmethod
    def probe(self) -> None:
        """Raise one of `failures` unless the server answers soon; keeps the connection alive."""

    @abstractmethod
    def drop_unreadable(self) -> None:
        """Drop what was taken from the queue and is no ticket."""

    @override
    def consume(
        self, queue_name: str, prefetch: int = 1, timeout: int = 30_000
    ) -> dramatiq.Consumer:
        return SteadyConsumer(self)

    def send_ticket(self, hint: str) -> None:
        """Put one ticket onto the carrier. Raises one of `failures`."""
        self.enqueue(dataclasses.replace(ticket(hint), queue_name=self.queue, options={}))

    def is_ticket(self, message: "dramatiq.Message[Any] | dramatiq.MessageProxy") -> bool:
        """Say whether a message has the shape of a ticket: anything else would stop a thread."""
        parts: tuple[object, ...] = (message.options, message.kwargs)
        return (
            message.queue_name == self.queue
            and message.actor_name == CLAIM
            and all(isinstance(part, dict) for part in parts)
            and "eta" not in message.options
            and [*message.kwargs] == ["queue"]
            and isinstance(message.kwargs["queue"], str)
            and not message.args
        )


class SteadyConsumer(dramatiq.Consumer):
    """Outlives its server: what fails is attached again, with backoff, and garbage is dropped."""

    def __init__(self, broker: CarrierBroker) -> None:
        self._broker = broker
        self._lost: tuple[type[Exception], ...] = (*broker.failures, StopIteration)
        self._unsettled: tuple[type[Exception], ...] = (*broker.failures, KeyError)
        self._inner: dramatiq.Consumer | None = None
        self._owner: dict[int, dramatiq.Consumer] = {}
        self._backoff = Backoff()
        self._retry_at = 0.0
        self._closed = threading.Event()

    @override
    def __next__(self) -> dramatiq.MessageProxy | None:
        if self._closed.is_set() or not self._attached():
            return None
        inner = self._inner
        if inner is None:  # for the type checker: `_attached` has made it
            return None
        try:
            message = next(inner)
        except self._lost as error:
            self._lose(error)
            return None
        except _GARBAGE as error:
            self._drop(error)
            return None
        self._backoff.reset()
        if message is None:
            return None
        if not self._broker.is_ticket(message):
            self._settle(inner, message)
            self._drop("it is no ticket")
            return None
        self._owner[id(message)] = inner
        return message

    @override
    def ack(self, message: dramatiq.MessageProxy) -> None:
        # A tag is known only to the connection that brought it.
        inner = self._owner.pop(id(message), None)
        if inner is not None:
            self._settle(inner, message)

    @override
    def nack(self, message: dramatiq.MessageProxy) -> None:
        self.ack(message)  # tickets have no dead letters

    @override
    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        with contextlib.suppress(*self._broker.failures):
            if self._inner is not None:
                self._inner.requeue(messages)

    @override
    def close(self) -> None:
        self._closed.set()
        self._let_go()

    def _attached(self) -> bool:
        if self._inner is not None:
            return True
        wait = self._retry_at - self._broker.clock.monotonic()
        if wait > 0:
            self._closed.wait(min(wait, LOOK_S))
            return False
        try:
            self._inner = self._broker.attach()
        except self._broker.failures as error:
            self._lose(error)
            return False
        return True

    def _lose(self, error: Exception) -> None:
        _LOG.debug("the consumer of %s lost its server: %s", self._broker.title, error)
        self._let_go()
        self._retry_at = self._broker.clock.monotonic() + self._backoff.step()

    def _drop(self, error: Exception | str) -> None:
        _LOG.warning("a message was dropped from %s: %s", self._broker.title, error)
        try:
            self._broker.drop_unreadable()
        except self._broker.failures as failure:
            self._lose(failure)

    def _settle(self, inner: dramatiq.Consumer, message: dramatiq.MessageProxy) -> None:
        try:
            inner.ack(message)
        except self._unsettled as error:
            # It comes again, to somebody: a claim that finds nothing.
            _LOG.debug("a ticket of %s was not acknowledged: %s", self._broker.title, error)

    def _let_go(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            soon(inner.close)


def soon(close: Callable[[], None]) -> None:
    """Close something that says goodbye to a server which may never answer; wait a moment only."""
    thread = threading.Thread(target=in_peace, args=(close,), name="goodbye", daemon=True)
    thread.start()
    thread.join(CLOSE_S)


def in_peace(close: Callable[[], None]) -> None:
    """Close something; whatever goes wrong at a goodbye is nobody's loss, and is logged only."""
    try:
        close()
    except Exception as error:  # noqa: BLE001 - a client cut off in its middle fails in many ways
        _LOG.debug("a goodbye was cut short: %s", error)
