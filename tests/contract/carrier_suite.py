"""What every carrier of tickets does; its body's test file names the server."""

import contextlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dramatiq
import pytest
from typing_extensions import override

from claude_agent.clock import SystemClock
from claude_agent.queue.broker import Courier, open_carrier
from claude_agent.queue.brokers.carrier import MOST, CarrierBroker
from claude_agent.queue.brokers.courier import Post
from claude_agent.queue.tickets import TicketSource
from tests.servers.process import ServerProcess, free_port
from tests.waiting import wait_until

SHAPES = (
    b"\xff\xfe no text",
    b"[]",
    b'{"queue_name": "tickets"}',
    json.dumps(
        {
            "queue_name": "tickets",
            "actor_name": "claim",
            "args": [],
            "kwargs": [],
            "options": 7,
            "message_id": "x",
            "message_timestamp": 0,
        }
    ).encode(),
    json.dumps(
        {
            "queue_name": "elsewhere",
            "actor_name": "stranger",
            "args": [],
            "kwargs": {},
            "options": {"redis_message_id": "y", "eta": 99999999999999},
            "message_id": "y",
            "message_timestamp": 0,
        }
    ).encode(),
)
"""Garbage that a server may hand over, from no text to nearly a ticket."""


class Backlog(TicketSource):
    """Work that waits: a number, which a claim takes whole."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = False
        self.ready = 0
        self.done = 0
        self.claims: list[str] = []

    def put(self, count: int = 1) -> None:
        """Add work and ring for it."""
        with self._changed:
            self.ready += count
        self.ring("testing")

    @override
    def wait(self, timeout: float) -> str | None:
        with self._changed:
            rung = self._changed.wait_for(lambda: self._rung, timeout)
            self._rung = False
            return "testing" if rung else None

    @override
    def ring(self, queue: str) -> None:
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    @override
    def wanted(self) -> int:
        return min(self.ready, 15)

    def claim(self, _hint: str) -> None:
        """Take everything."""
        with self._changed:
            self.claims.append(threading.current_thread().name)
            self.done, self.ready = self.done + self.ready, 0


@dataclass
class House:
    """One installation on the server under test."""

    server: ServerProcess
    namespace: str = field(default_factory=lambda: uuid.uuid4().hex)
    backlog: Backlog = field(default_factory=Backlog)
    couriers: list[Courier] = field(default_factory=list)

    def carrier(self) -> CarrierBroker:
        """Return a carrier of this installation."""
        return open_carrier(self.server.url, namespace=self.namespace, clock=SystemClock())

    def courier(self, backlog: Backlog | None = None) -> Courier:
        """Start a process' courier and wait until its server answers."""
        backlog = backlog or self.backlog
        made = Courier(self.carrier(), address="here", source=backlog, claim=backlog.claim)
        self.couriers.append(made)
        made.start()
        wait_until(lambda: made.state()[0], timeout=20, what="the carrier to answer")
        return made

    def borne(self) -> int:
        """Return how many claims came with a ticket; the courier's own claims are not counted."""
        return sum(name != "courier" for name in self.backlog.claims)

    def works(self, what: str) -> None:
        """Fail unless work that is put now is done."""
        wanted = self.backlog.done + 1
        self.backlog.put()
        wait_until(lambda: self.backlog.done >= wanted, timeout=10, what=what)

    def carries(self) -> None:
        """Fail unless tickets come over the server now."""
        before = self.borne()

        def ring() -> bool:
            self.backlog.put()
            return self.borne() > before

        wait_until(ring, timeout=20, what="a ticket over the carrier", every=0.1)

    def close(self) -> None:
        """Stop every courier."""
        for one in self.couriers:
            one.stop()


@contextlib.contextmanager
def house_on(server: ServerProcess) -> Iterator[House]:
    """An installation on a server, closed afterwards."""
    house = House(server)
    try:
        yield house
    finally:
        server.heal()
        house.close()


def fetched(carrier: CarrierBroker) -> int:
    """Take every ticket that waits now; return how many there were."""
    count = 0
    inner = carrier.attach()
    while (message := next(inner)) is not None:
        count += 1
        inner.ack(message)
    inner.close()
    return count


class CarrierSuite:
    """The tests; a subclass gives `house`."""

    def test_ring_becomes_a_ticket_that_is_borne(self, house: House) -> None:
        house.courier()
        house.works("work that was rung for")
        house.carries()

    def test_ticket_of_one_process_is_borne_by_another(self, house: House) -> None:
        house.courier()
        sender = house.carrier()
        house.backlog.ready = 1  # and nobody rings here
        sender.send_ticket("testing")
        wait_until(lambda: house.backlog.done == 1, timeout=10, what="the other to bear it")
        assert house.borne() == 1
        sender.close()

    def test_installations_on_one_server_do_not_see_each_others_tickets(self, house: House) -> None:
        with house_on(house.server) as other:
            house.courier()
            other.courier()
            for _ in range(5):
                house.works("work of the first")
            house.carries()
            assert other.backlog.claims == []

    def test_tickets_that_nobody_fetches_stay_few(self, house: House) -> None:
        sender = house.carrier()
        for _ in range(MOST + 40):
            sender.send_ticket("testing")
        assert 0 < fetched(sender) <= MOST
        sender.close()

    def test_ring_sends_no_more_tickets_than_are_wanted(self, house: House) -> None:
        sender = house.carrier()
        post = Post(sender)
        post.start()
        wait_until(lambda: not post.trouble(), timeout=20, what="the carrier to answer")
        post.ask(3, "testing")
        reader = house.carrier()
        found = [0]

        def three() -> bool:
            found[0] += fetched(reader)
            return found[0] >= 3

        wait_until(three, what="three tickets")
        assert found[0] + fetched(reader) == 3
        post.stop()
        for carrier in (sender, reader):
            carrier.close()

    def test_ticket_of_a_process_that_went_is_borne_by_another(self, house: House) -> None:
        gone = house.carrier()
        gone.send_ticket("testing")
        holding = gone.attach()
        taken = [None]

        def take() -> bool:
            taken[0] = next(holding)
            return taken[0] is not None

        wait_until(take, what="the ticket in the hands of the first")
        self.lose(gone, holding)
        house.backlog.ready = 1
        house.courier()
        wait_until(lambda: house.backlog.done == 1, timeout=10, what="the ticket to come again")
        assert house.borne() == 1

    def lose(self, gone: CarrierBroker, holding: dramatiq.Consumer) -> None:
        """Make the server see that a process has died with a ticket in its hands."""
        holding.close()
        gone.close()

    @pytest.mark.parametrize("fault", ["kill", "pause", "wipe"])
    def test_server_that_fails_costs_a_wait_and_carries_again(
        self, house: House, fault: str
    ) -> None:
        courier = house.courier()
        house.carries()
        act: Callable[[], None] = getattr(house.server, fault)
        act()
        for _ in range(3):
            house.works(f"work after {fault}")
        if fault in ("kill", "pause"):
            wait_until(lambda: not courier.state()[0], timeout=15, what="the loss to be seen")
            house.works("work while the carrier is known to be away")
        house.server.heal()
        wait_until(lambda: courier.state()[0], timeout=30, what="the carrier to answer again")
        house.carries()

    def test_courier_stops_soon_while_the_server_is_frozen(self, house: House) -> None:
        courier = house.courier()
        house.server.pause()
        house.backlog.put()
        stopping = threading.Thread(target=courier.stop, daemon=True)
        stopping.start()
        wait_until(lambda: not stopping.is_alive(), timeout=10, what="the courier to stop")

    def test_server_that_was_never_there_hinders_nothing(self, house: House) -> None:
        url = house.server.url.replace(str(house.server.port), str(free_port()))
        made = Courier(
            open_carrier(url, namespace=house.namespace),
            address="here",
            source=house.backlog,
            claim=house.backlog.claim,
        )
        house.couriers.append(made)
        made.start()
        house.works("work without a carrier")
        ok, detail = made.state()
        assert not ok
        assert "does not answer" in detail
