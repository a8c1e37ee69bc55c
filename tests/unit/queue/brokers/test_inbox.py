import threading

import pytest

from claude_agent.clock import ManualClock
from claude_agent.queue.brokers.inbox import Inbox
from claude_agent.queue.message_store import Lease


def leases(count: int, start: int = 0) -> tuple[Lease, ...]:
    return tuple(Lease(id=str(n), body="", fence=1) for n in range(start, start + count))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_inbox_has_room_for_its_prefetch_and_no_more(clock: ManualClock) -> None:
    inbox = Inbox("q", 3, clock)
    assert inbox.room() == 3

    inbox.deliver(leases(3))

    assert inbox.room() == 0
    assert [inbox.take(0) for _ in range(4)] == [*leases(3), None]
    assert inbox.room() == 0, "what is in hand counts until it is settled"
    inbox.settled()
    assert inbox.room() == 1


def test_inbox_claims_ahead_when_messages_finish_fast_but_hands_out_its_prefetch(
    clock: ManualClock,
) -> None:
    inbox = Inbox("q", 2, clock, ahead=64)
    for number in range(10):
        inbox.deliver(leases(1, number))
        inbox.take(0)
        inbox.settled()

    assert inbox.room() == 12
    inbox.deliver(leases(12))
    assert [inbox.take(0) is not None for _ in range(3)] == [True, True, False]


def test_inbox_gives_back_what_was_claimed_ahead_when_its_consumer_stalls(
    clock: ManualClock,
) -> None:
    inbox = Inbox("q", 2, clock)
    for number in range(10):
        inbox.deliver(leases(1, number))
        inbox.take(0)
        inbox.settled()
    inbox.deliver(leases(10))
    inbox.take(0)
    assert inbox.surplus() == []

    clock.advance(600)

    assert [one.id for one in inbox.surplus()] == ["9", "8", "7", "6", "5", "4", "3", "2"]
    assert inbox.room() == 0
    assert inbox.surplus() == []


def test_inbox_claims_nothing_ahead_when_its_prefetch_is_one(clock: ManualClock) -> None:
    inbox = Inbox("q", 1, clock)
    for number in range(10):
        inbox.deliver(leases(1, number))
        inbox.take(0)
        inbox.settled()

    assert inbox.room() == 1


def test_inbox_forgets_its_pace_when_time_passes(clock: ManualClock) -> None:
    inbox = Inbox("q", 2, clock)
    for number in range(10):
        inbox.deliver(leases(1, number))
        inbox.take(0)
        inbox.settled()

    clock.advance(1_000)

    assert inbox.room() == 2


def test_inbox_says_that_it_runs_dry(clock: ManualClock) -> None:
    inbox = Inbox("q", 8, clock)
    inbox.deliver(leases(4))
    for _ in range(4):
        inbox.take(0)

    assert [inbox.settled() for _ in range(4)] == [False, True, True, True]


def test_inbox_returns_what_it_did_not_hand_out_when_closed(clock: ManualClock) -> None:
    inbox = Inbox("q", 3, clock)
    inbox.deliver(leases(3))
    inbox.take(0)

    assert inbox.close() == list(leases(2, 1))
    assert inbox.deliver(leases(1)) is False
    assert inbox.take(0) is None
    assert inbox.room() == 0


def test_inbox_wakes_a_waiting_consumer_when_closed(clock: ManualClock) -> None:
    inbox = Inbox("q", 1, clock)
    got: list[Lease | None] = []
    waiter = threading.Thread(target=lambda: got.append(inbox.take(10)))
    waiter.start()
    inbox.close()
    waiter.join(2)

    assert got == [None]


def test_inbox_wakes_its_consumer_once_the_threads_run_dry(clock: ManualClock) -> None:
    inbox = Inbox("q", 4, clock, threads=2)
    inbox.deliver(leases(12))
    had = [inbox.take(0) for _ in range(4)]
    woken = threading.Event()

    def take() -> None:
        had.append(inbox.take(10))
        woken.set()

    consumer = threading.Thread(target=take)
    consumer.start()
    inbox.settled()
    assert not woken.wait(0.05), "three messages for two threads are enough"
    inbox.settled()
    assert woken.wait(10)
    consumer.join()
    assert inbox.take(0) is not None, "it may have more at once"


def test_inbox_wakes_its_consumer_each_time_when_it_holds_less_than_the_threads(
    clock: ManualClock,
) -> None:
    inbox = Inbox("q", 2, clock, threads=8)
    inbox.deliver(leases(3))
    for _ in range(2):
        inbox.take(0)
    woken = threading.Event()
    consumer = threading.Thread(target=lambda: inbox.take(10) and woken.set())
    consumer.start()
    inbox.settled()
    assert woken.wait(10)
    consumer.join()
