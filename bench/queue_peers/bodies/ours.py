"""DatabaseBroker, on SQLite and PostgreSQL."""

from collections.abc import Sequence

import dramatiq
from typing_extensions import override

from claude_agent.queue import BrokerOptions, DatabaseBroker
from queue_peers.adapter import PADDING, NotOffered
from queue_peers.bodies.stock import DramatiqAdapter

BALANCED = "balanced:"
"""Before an address: survive a killed process, not a power cut."""


class Ours(DramatiqAdapter):
    """The broker as somebody would use it alone, with every default."""

    @override
    def broker(self) -> dramatiq.Broker:
        if not self.url.startswith(BALANCED):
            return DatabaseBroker(self.url)
        try:
            options = BrokerOptions(durability="balanced")
        except TypeError as error:
            message = f"no such setting yet: {error}"
            raise NotOffered(message) from error
        return DatabaseBroker(self.url.removeprefix(BALANCED), options=options)

    @override
    def prepare(self) -> None:
        """The broker made its tables when it was built."""

    @override
    def send_many(self, numbers: Sequence[int]) -> None:
        enqueue_many = getattr(self._broker, "enqueue_many", None)
        if enqueue_many is None:
            super().send_many(numbers)
        else:
            enqueue_many([self.job.message(number, PADDING) for number in numbers])
