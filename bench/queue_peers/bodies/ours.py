"""DatabaseBroker, on SQLite and PostgreSQL."""

from collections.abc import Sequence

import dramatiq
from typing_extensions import override

from claude_agent.queue import BrokerOptions, DatabaseBroker
from queue_peers.adapter import PADDING
from queue_peers.bodies.stock import DramatiqAdapter

BALANCED = "balanced:"
"""Before an address: survive a killed process, not a power cut."""


class Ours(DramatiqAdapter):
    """The broker as somebody would use it alone, with its defaults."""

    @override
    def broker(self) -> dramatiq.Broker:
        strict = not self.url.startswith(BALANCED)
        options = BrokerOptions(durability="strict" if strict else "balanced")
        self._ours = DatabaseBroker(self.url.removeprefix(BALANCED), options=options)
        return self._ours

    @override
    def send_many(self, numbers: Sequence[int]) -> None:
        self._ours.enqueue_many([self.job.message(number, PADDING) for number in numbers])
