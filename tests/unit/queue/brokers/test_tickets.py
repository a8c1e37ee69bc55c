import dramatiq
import pytest
from typing_extensions import override

from claude_agent.queue.brokers.tickets import TicketConsumer
from claude_agent.queue.tickets import TicketSource, hint_of, ticket


class Rings(TicketSource):
    def __init__(self, *rings: str) -> None:
        self.rings = list(rings)

    @override
    def wait(self, timeout: float) -> str | None:
        return self.rings.pop(0) if self.rings else None

    @override
    def ring(self, queue: str) -> None:
        self.rings.append(queue)


def take(consumer: TicketConsumer) -> dramatiq.MessageProxy:
    message = next(consumer)
    assert message is not None
    return message


def test_consumer_makes_a_ticket_of_each_ring() -> None:
    consumer = TicketConsumer(Rings("testing"), prefetch=2, timeout_ms=1)
    message = take(consumer)

    assert (message.actor_name, message.queue_name) == ("claim", "tickets")
    assert message.kwargs == {"queue": "testing"}
    assert next(consumer) is None


@pytest.mark.parametrize("how", ["ack", "nack"])
def test_consumer_waits_for_a_free_slot(how: str) -> None:
    source = Rings("a", "b")
    consumer = TicketConsumer(source, prefetch=1, timeout_ms=1)
    first = take(consumer)

    assert next(consumer) is None
    assert source.rings == ["b"], "a ring was used up without a slot"
    getattr(consumer, how)(first)
    assert hint_of(take(consumer)) == "b"


def test_consumer_rings_again_when_a_ticket_was_not_begun() -> None:
    source = Rings("a")
    consumer = TicketConsumer(source, prefetch=1, timeout_ms=1)
    consumer.requeue([take(consumer)])

    assert source.rings == ["a"]
    consumer.close()
    assert next(consumer) is None


def test_ticket_names_its_queue_in_either_way() -> None:
    assert hint_of(ticket("a")) == "a"
    assert hint_of(ticket("a").copy(kwargs={}, args=("b",))) == "b"
    assert hint_of(ticket("a").copy(kwargs={})) == ""
