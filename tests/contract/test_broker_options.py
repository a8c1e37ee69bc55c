"""What stock brokers lack: levels, ageing, keys, expiry, transactions, back-pressure, cancel."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dramatiq
import pytest

from claude_agent.errors import Conflict, NotFound, QueueFull, UnknownName
from claude_agent.queue import BrokerOptions, Cancelled, DatabaseBroker
from claude_agent.storage.database import Tx
from tests.contract.broker_tools import Broker, address, broker, held, row, unknown, work
from tests.waiting import wait_until

__all__ = ["address", "broker", "work"]
Work = Callable[..., dramatiq.Worker]
declared: Any = dramatiq.actor
"""Takes a level's name where Dramatiq's types know numbers only."""
LEVELS = ["LOW", "NORMAL", "HIGH", "CRITICAL", "EMERGENCY"]


def test_order_follows_the_levels_by_name(broker: Broker, work: Work) -> None:
    seen: list[str] = []

    @dramatiq.actor(broker=broker)
    def note(level: str) -> None:
        seen.append(level)

    for level in LEVELS:
        note.send_with_options(args=(level,), priority=level.lower())
    note.send_with_options(args=("number",), priority=-150)
    work(worker_threads=1)
    broker.join("default", timeout=5_000)

    assert seen == ["EMERGENCY", "CRITICAL", "number", "HIGH", "NORMAL", "LOW"]


def test_order_holds_over_all_queues(broker: Broker, work: Work) -> None:
    seen: list[str] = []
    leave = threading.Event()

    @dramatiq.actor(broker=broker, queue_name="gate")
    def gate() -> None:
        leave.wait(5)

    def declare(queue: str, level: str) -> Any:
        @declared(broker=broker, queue_name=queue, actor_name=queue, priority=level)
        def run() -> None:
            seen.append(queue)

        return run

    actors = [declare(f"q{number}", level) for number, level in enumerate(LEVELS)]
    broker.enqueue_many([gate.message(), gate.message()])
    work(worker_threads=1)
    wait_until(lambda: broker.store.counts("gate").leased == 2, what="the worker's hands full")
    broker.enqueue_many([actor.message() for _ in range(10) for actor in actors])
    leave.set()
    for actor in actors:
        broker.join(actor.queue_name, timeout=5_000)

    assert len(seen) == 50
    for place, queue in enumerate(seen):
        overtaken = sum(later > queue for later in seen[place + 1 :])
        assert overtaken <= 2, "no more than what the worker had in its hands"


def test_level_that_nobody_knows_is_refused(broker: Broker) -> None:
    broker.declare_queue("default")

    with pytest.raises(UnknownName, match="URGENT"):
        broker.enqueue(unknown("default").copy(options={"priority": "URGENT"}))
    with pytest.raises(UnknownName) as caught:

        @declared(broker=broker, priority="hihg")
        def late() -> None: ...

    assert caught.value.hint == "Did you mean HIGH?"
    assert broker.get_queue_message_counts("default") == (0, 0, 0)


def test_waiting_raises_a_message_but_never_into_emergency(broker: Broker) -> None:
    one = broker
    one.declare_queue("default")
    old = one.enqueue(unknown("default").copy(options={"priority": "LOW"}))
    care = one._care

    assert care.age(3_600_000) == 0
    threading.Event().wait(0.01)
    assert care.age(10) == 1
    assert row(one, old)["priority"] == 0
    threading.Event().wait(0.05)
    assert [care.age(10) for _ in range(4)] == [1, 1, 0, 0]
    assert row(one, old)["priority"] == -200, "at most CRITICAL"
    assert row(one, old)["base_priority"] == 100
    assert care.age(0) == 0


def test_key_returns_the_message_that_is_there(broker: Broker, work: Work) -> None:
    seen: list[int] = []

    @dramatiq.actor(broker=broker)
    def note(number: int) -> None:
        seen.append(number)

    first = note.send_with_options(args=(1,), dedupe_key="order/7")
    again = note.send_with_options(args=(2,), dedupe_key="order/7")
    other = note.send_with_options(args=(3,), dedupe_key="order/8")

    assert again.message_id == first.message_id != other.message_id
    work()
    broker.join("default", timeout=5_000)
    assert sorted(seen) == [1, 3]
    late = note.send_with_options(args=(4,), dedupe_key="order/7")
    assert late.message_id == first.message_id, "also soon after it is through"
    assert broker.get_queue_message_counts("default") == (0, 0, 0)


def test_key_is_kept_once_when_many_send_at_once(broker: Broker) -> None:
    broker.declare_queue("default")
    ids: list[str] = []

    def send() -> None:
        message = unknown("default").copy(options={"dedupe_key": "one"})
        ids.append(broker.enqueue(message).message_id)

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(ids) == 16
    assert len(set(ids)) == 1
    assert broker.get_queue_message_counts("default") == (1, 0, 0)


@pytest.mark.parametrize("expiry", [1, timedelta(milliseconds=1)])
def test_message_that_is_not_begun_in_time_is_a_dead_letter(
    broker: Broker, work: Work, expiry: Any
) -> None:
    ran: list[int] = []

    @dramatiq.actor(broker=broker, expires_in=expiry)
    def soon() -> None:
        ran.append(1)

    message = soon.send()
    keeps = soon.send_with_options(expires_in=60_000)
    threading.Event().wait(0.01)
    work()
    wait_until(lambda: row(broker, message)["state"] == "dead", what="the dead letter")

    assert row(broker, message)["dead_reason"] == "expired"
    assert json.loads(row(broker, message)["history"])["reason"] == "expired"
    broker.join("default", timeout=5_000)
    assert ran == [1]
    assert broker.store.find(keeps.message_id) is None


def test_deadline_is_met_when_the_first_attempt_begins(broker: Broker, work: Work) -> None:
    @dramatiq.actor(broker=broker, min_backoff=60_000)
    def broken() -> None:
        message = "again"
        raise RuntimeError(message)

    message = broken.send_with_options(expires_in=5_000)
    work()
    wait_until(lambda: row(broker, message)["state"] == "delayed", what="the retry")

    assert row(broker, message)["expires_at"] is None


def test_many_are_stored_together_or_not_at_all(broker: Broker) -> None:
    broker.declare_queue("default")
    messages = [unknown("default", number) for number in range(300)]

    assert broker.enqueue_many(messages) == messages
    assert broker.enqueue_many([]) == []
    with pytest.raises(TypeError):
        broker.enqueue_many([unknown("default"), unknown("default", object())])
    assert broker.get_queue_message_counts("default") == (300, 0, 0)


def test_enqueue_in_a_transaction_happens_when_that_commits(broker: Broker, work: Work) -> None:
    done = threading.Event()

    @dramatiq.actor(broker=broker)
    def ring() -> None:
        done.set()

    work()
    wait_until(broker.store.owners, what="the dispatcher to start")

    def fails(tx: Tx) -> None:
        broker.enqueue_in(tx, ring.message())
        message = "the caller's own trouble"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="own trouble"):
        broker.database.write(fails)
    assert broker.store.counts("default").open == 0
    assert not done.is_set()

    stored = broker.database.write(lambda tx: broker.enqueue_in(tx, ring.message()))
    assert stored.actor_name == "ring"
    assert done.wait(0.9), "nobody was rung"


def test_full_queue_refuses_what_is_ready_and_takes_what_waits(address: str) -> None:
    options = BrokerOptions(max_ready={"small": 2, "*": 4})
    one = DatabaseBroker(address, options=options)
    for queue in ("small", "other"):
        one.declare_queue(queue)
    one.enqueue_many([unknown("small"), unknown("small")])

    with pytest.raises(QueueFull, match="small") as caught:
        one.enqueue(unknown("small"))
    assert caught.value.status == 429
    with pytest.raises(QueueFull):
        one.enqueue_many([unknown("other") for _ in range(5)])
    one.enqueue(unknown("small"), delay=60_000)
    one.enqueue_many([unknown("other") for _ in range(4)])

    assert one.get_queue_message_counts("small") == (2, 1, 0)
    assert one.get_queue_message_counts("other") == (4, 0, 0)
    one.close()


def test_unknown_actor_is_refused_at_the_sender_when_asked_for(tmp_path: Path) -> None:
    one = DatabaseBroker(tmp_path / "q.db", options=BrokerOptions(refuse_unknown=True))
    one.declare_queue("default")

    with pytest.raises(UnknownName, match="nobody"):
        one.enqueue(unknown("default"))
    assert one.get_queue_message_counts("default") == (0, 0, 0)
    one.close()


def test_cancel_drops_what_waits(broker: Broker) -> None:
    broker.declare_queue("default")
    ready = broker.enqueue(unknown("default"))
    late = broker.enqueue(unknown("default"), delay=60_000)

    assert broker.cancel(ready.message_id) is Cancelled.DROPPED
    assert broker.cancel(late.message_id) is Cancelled.DROPPED
    assert not broker.cancel(late.message_id)
    assert broker.get_queue_message_counts("default") == (0, 0, 0)


@pytest.mark.parametrize("ending", ["retry", "requeue"])
def test_cancel_of_what_is_at_work_ends_its_retries(broker: Broker, ending: str) -> None:
    @dramatiq.actor(broker=broker)
    def idle() -> None: ...

    message = idle.send()
    consumer = broker.consume("default", timeout=1_000)
    mine: Any = held(consumer)

    assert broker.cancel(message.message_id) is Cancelled.LAST_TRY
    if ending == "retry":
        broker.enqueue(mine, delay=60_000)
        consumer.ack(mine)
    else:
        consumer.requeue([mine])
    broker.join("default", timeout=2_000)

    assert broker.store.find(message.message_id) is None


def test_redrive_gives_a_dead_letter_fresh_retries_and_keeps_its_history(
    broker: Broker, work: Work
) -> None:
    cured = threading.Event()
    tries: list[int] = []

    @dramatiq.actor(broker=broker, max_retries=1, min_backoff=1, max_backoff=1)
    def sick() -> None:
        tries.append(1)
        if not cured.is_set():
            message = "sick"
            raise RuntimeError(message)

    message = sick.send()
    worker = work()
    wait_until(lambda: broker.get_queue_message_counts("default")[2] == 1, what="a dead letter")
    assert len(tries) == 2
    worker.pause()
    broker.redrive(message.message_id)

    alive = row(broker, message)
    assert "retries" not in json.loads(alive["body"])["options"]
    assert [json.loads(line)["event"] for line in alive["history"].splitlines()] == [
        "dead",
        "redriven",
    ]
    cured.set()
    worker.resume()
    broker.join("default", timeout=5_000)
    assert len(tries) == 3
    with pytest.raises(NotFound):
        broker.redrive(message.message_id)


def test_redrive_refuses_what_is_alive_and_takes_what_cannot_be_read(broker: Broker) -> None:
    broker.declare_queue("default")
    message = broker.enqueue(unknown("default"))
    with pytest.raises(Conflict, match="ready"):
        broker.redrive(message.message_id)

    broken = broker.enqueue(unknown("default"))
    consumer = broker.consume("default", timeout=1_000)
    for _ in range(2):
        consumer.nack(held(consumer))
    wait_until(lambda: broker.get_queue_message_counts("default")[2] == 2, what="dead letters")
    consumer.close()
    broker.redrive(broken.message_id)
    assert row(broker, broken)["state"] == "ready"
    with pytest.raises(Conflict, match="any more"):
        broker._care.redrive(broken.message_id, "{}", was="failed")


def test_drain_finishes_what_is_in_hand_and_takes_nothing_new(broker: Broker, work: Work) -> None:
    entered, leave = threading.Event(), threading.Event()
    done: list[int] = []

    @dramatiq.actor(broker=broker)
    def slow(number: int) -> None:
        entered.set()
        leave.wait(5)
        done.append(number)

    for number in range(40):
        slow.send(number)
    work(worker_threads=2)
    assert entered.wait(5)

    assert not broker.drain(0.05), "two are at work"
    leave.set()
    assert broker.drain(5)
    slow.send(99)
    counts = broker.store.counts("default")
    assert counts.leased == 0
    assert counts.ready == 41 - len(done)
    assert len(done) <= 4, "at most what the worker had in hand"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_dead_dispatcher_is_replaced(
    broker: Broker, work: Work, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()

    @dramatiq.actor(broker=broker)
    def ring() -> None:
        done.set()

    work()
    wait_until(broker.store.owners, what="the dispatcher to start")
    died = threading.Event()

    def dies(*_: object) -> bool:
        monkeypatch.undo()
        died.set()
        raise SystemExit

    monkeypatch.setattr(broker.notifier, "wait", dies)  # which no code of ours does
    assert died.wait(2)
    ring.send()

    assert done.wait(3)
    assert "died" in caplog.text
    assert broker._dispatcher.silent_s() < 2
