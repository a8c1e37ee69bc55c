"""Tickets: wake-ups for task claims, without content. The contract and the message."""

from abc import ABC, abstractmethod
from typing import Any

import dramatiq

TICKETS = "tickets"
"""The queue of tickets."""
CLAIM = "claim"
"""The actor that bears them."""


class TicketSource(ABC):
    """Says when a task may be ready while a slot is free."""

    @abstractmethod
    def wait(self, timeout: float) -> str | None:
        """Wait up to `timeout` seconds; return the queue that rang (a hint), or None."""

    @abstractmethod
    def ring(self, queue: str) -> None:
        """Remember that this queue may have work; a lost ring costs a wait."""

    def wanted(self) -> int:
        """Return how many bearers may find something now, at most the free slots."""
        return 1


class TicketCarrier(ABC):
    """Another broker that carries the tickets of this database."""

    @abstractmethod
    def start(self) -> None:
        """Begin to send tickets and to bear them; returns before the carrier has answered."""

    @abstractmethod
    def stop(self) -> None:
        """End soon, whether the carrier answers or not."""

    @abstractmethod
    def state(self) -> tuple[bool, str]:
        """Return whether the carrier answers, and a line about it for people."""


def ticket(hint: str) -> dramatiq.Message[None]:
    """Return a ticket for a queue. It is never retried: the sweep rings again."""
    return dramatiq.Message(
        queue_name=TICKETS,
        actor_name=CLAIM,
        args=(),
        kwargs={"queue": hint},
        options={"max_retries": 0},
    )


def hint_of(message: "dramatiq.Message[Any] | dramatiq.MessageProxy") -> str:
    """Return the queue a ticket names."""
    return str(message.kwargs.get("queue") or next(iter(message.args), ""))
