import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_agent.clock import SystemClock
from claude_agent.errors import Unavailable
from claude_agent.queue.brokers.dispatcher import TOPIC, Dispatcher
from claude_agent.queue.brokers.inbox import Inbox
from claude_agent.queue.brokers.options import BrokerOptions
from claude_agent.queue.brokers.owner import InHand
from claude_agent.queue.brokers.ownership import Ownership
from claude_agent.queue.message_care import MessageCare
from claude_agent.queue.message_intake import MessageIntake, NewMessage
from claude_agent.queue.message_store import (
    MessageStore,
    Most,
    Settlement,
    Turn,
    Verdict,
    Wish,
)
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.notifiers.local import LocalNotifier
from tests.waiting import wait_until


class Bench:
    """A dispatcher on a real database."""

    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self.database = open_sqlite(str(folder / "m.db"))
        self.store = MessageStore(self.database, self.clock)
        self.bell = LocalNotifier()
        self.dispatcher = Dispatcher(
            self.store,
            self.bell,
            self.clock,
            ownership=Ownership(self.store, folder, self.clock, in_hand=InHand(), limit=5),
            options=BrokerOptions(),
            care=MessageCare(self.database, self.clock, self.store.intake),
        )

    def put(self, *ids: str) -> None:
        self.store.put([NewMessage(id=one, queue="q", actor="a", body=one) for one in ids])
        self.bell.ring(TOPIC)

    def inbox(self, prefetch: int = 4) -> Inbox:
        inbox = Inbox("q", prefetch, self.clock)
        self.dispatcher.attach(inbox)
        return inbox


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path)
    one.dispatcher.start()
    yield one
    one.dispatcher.stop()
    one.database.close()


def test_dispatcher_goes_on_and_keeps_settlements_when_the_database_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = bench.inbox()
    bench.put("a")
    lease = inbox.take(2)
    assert lease is not None
    turn, failures = bench.store.turn, [1, 2]

    def flaky(*args: Any, **more: Any) -> Turn:
        if failures:
            failures.pop()
            message = "the disk sulks"
            raise Unavailable(message)
        return turn(*args, **more)

    monkeypatch.setattr(bench.store, "turn", flaky)
    done = Settlement(id=lease.id, fence=lease.fence, verdict=Verdict.DONE)
    bench.dispatcher.settle(done, urgent=inbox.settled())

    wait_until(lambda: bench.store.find("a") is None, what="the ack")
    assert not failures
    assert "the disk sulks" in caplog.text


def test_dispatcher_does_not_spin_when_the_doorbell_is_closed_before_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.inbox()
    turns: list[int] = []
    turn = bench.store.turn

    def counted(*args: Any, **more: Any) -> Turn:
        turns.append(1)
        return turn(*args, **more)

    monkeypatch.setattr(bench.store, "turn", counted)
    bench.bell.close()
    threading.Event().wait(0.5)

    assert len(turns) < 6


def test_dispatcher_settles_late_ones_together_when_consumers_are_busy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = bench.inbox(prefetch=16)
    bench.put(*(f"m{n}" for n in range(16)))
    held = [wait_until(lambda: inbox.take(2), what="a lease") for _ in range(16)]
    sizes: list[int] = []
    turn = bench.store.turn

    def counted(
        owner: str, settled: list[Settlement], wishes: list[Wish], *, most: Most | None
    ) -> Turn:
        sizes.append(len(settled))
        return turn(owner, settled, wishes, most=most)

    monkeypatch.setattr(bench.store, "turn", counted)
    for lease in held[:10]:
        done = Settlement(id=lease.id, fence=lease.fence, verdict=Verdict.DONE)
        bench.dispatcher.settle(done, urgent=inbox.settled())
    wait_until(lambda: bench.store.counts("q").leased == 6, what="ten acks")

    assert max(sizes) > 1


def test_dispatcher_gives_messages_to_the_others_when_an_inbox_is_detached(bench: Bench) -> None:
    first = bench.inbox()
    bench.put("a", "b")
    wait_until(lambda: bench.store.counts("q").leased == 2, what="both leases")

    bench.dispatcher.detach(first)
    second = bench.inbox()

    assert {one.id for one in (second.take(2), second.take(2)) if one} == {"a", "b"}


def test_dispatcher_starts_once(bench: Bench) -> None:
    bench.dispatcher.start()

    assert len(bench.store.owners()) == 1


def test_dispatcher_gives_back_what_it_claimed_for_an_inbox_that_closed_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = bench.inbox()
    turn = bench.store.turn

    def closing(*args: Any, **more: Any) -> Turn:
        result = turn(*args, **more)
        if any(result.leases):
            inbox.close()
        return result

    monkeypatch.setattr(bench.store, "turn", closing)
    bench.put("a")

    wait_until(lambda: inbox.room() == 0, what="the inbox to close")
    wait_until(lambda: bench.store.counts("q").ready == 1, what="the message to be ready again")


def test_stream_is_claimed_several_at_a_time_and_a_chain_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn, claims = bench.store.turn, list[int]()

    def counted(*args: Any, **more: Any) -> Turn:
        made = turn(*args, **more)
        claims.append(sum(map(len, made.leases)))
        return made

    monkeypatch.setattr(bench.store, "turn", counted)
    inbox = bench.inbox(64)

    def work(count: int) -> None:
        for _ in range(count):
            lease = inbox.take(10)
            assert lease is not None
            done = Settlement(id=lease.id, fence=lease.fence, verdict=Verdict.DONE)
            bench.dispatcher.settle(done, urgent=inbox.settled())

    for number in range(20):
        bench.put(f"chain{number}")
        work(1)
    assert max(claims) == 1
    claims.clear()

    worker = threading.Thread(target=work, args=(400,))
    worker.start()
    fast = MessageIntake(bench.database, bench.clock, durable=False)
    for number in range(400):
        fast.put([NewMessage(id=f"stream{number}", queue="q", actor="a", body="")])
        bench.bell.ring(TOPIC)
    worker.join(30)
    assert not worker.is_alive()
    assert sum(claims) == 400
    assert sum(one > 0 for one in claims) < 200
