"""The queue: Dramatiq on our own database. `DatabaseBroker` also stands alone."""

from claude_agent.queue.actors import ActorRegistry, Services, shipped_actors
from claude_agent.queue.broker import BrokerOptions, DatabaseBroker, TicketSource, make_broker

__all__ = [
    "ActorRegistry",
    "BrokerOptions",
    "DatabaseBroker",
    "Services",
    "TicketSource",
    "make_broker",
    "shipped_actors",
]
