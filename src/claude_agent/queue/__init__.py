"""The queue: Dramatiq on our own database. `DatabaseBroker` also stands alone."""

from claude_agent.queue.actors import ActorRegistry, Services, shipped_actors
from claude_agent.queue.broker import BrokerOptions, DatabaseBroker, TicketSource, make_broker
from claude_agent.queue.message_care import Cancelled
from claude_agent.queue.rate_limits import DatabaseRateLimits
from claude_agent.queue.results import DatabaseResults

__all__ = [
    "ActorRegistry",
    "BrokerOptions",
    "Cancelled",
    "DatabaseBroker",
    "DatabaseRateLimits",
    "DatabaseResults",
    "Services",
    "TicketSource",
    "make_broker",
    "shipped_actors",
]
