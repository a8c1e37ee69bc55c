"""What Dramatiq asks of a broker, with its stock worker and stock middleware, and what we add."""

import json
import threading
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq.errors import QueueJoinTimeout, QueueNotFound
from dramatiq.middleware import default_middleware

from claude_agent.queue import BrokerOptions, DatabaseBroker
from tests.contract.broker_tools import Broker, address, broker, held, row, unknown, work
from tests.waiting import wait_until

__all__ = ["address", "broker", "work"]


def test_broker_runs_what_was_sent_when_a_stock_worker_runs(broker: Broker, work: Any) -> None:
    seen: list[tuple[int, str]] = []

    @dramatiq.actor(broker=broker)
    def note(number: int, *, word: str) -> None:
        seen.append((number, word))

    for number in range(50):
        note.send(number, word="w")
    work()
    broker.join(note.queue_name, timeout=5_000)

    assert sorted(seen) == [(number, "w") for number in range(50)]
    assert broker.get_queue_message_counts("default") == (0, 0, 0)


def test_broker_wakes_an_idle_worker_when_a_message_comes(broker: Broker, work: Any) -> None:
    done = threading.Event()

    @dramatiq.actor(broker=broker)
    def ring() -> None:
        done.set()

    work()
    wait_until(broker.store.owners, what="the dispatcher to start")
    ring.send()

    assert done.wait(0.9), "the message waited for the timer instead of the doorbell"


def test_broker_uses_all_stock_middleware_when_none_is_given(broker: Broker) -> None:
    kinds = [type(one) for one in broker.middleware]

    assert [kind for kind in kinds if kind in default_middleware] == default_middleware


def test_enqueue_is_refused_when_the_queue_is_not_declared(broker: Broker) -> None:
    message = unknown("nowhere")

    with pytest.raises(QueueNotFound):
        broker.enqueue(message)
    with pytest.raises(QueueNotFound):
        broker.consume("nowhere")
    with pytest.raises(QueueNotFound):
        broker.join("nowhere")


def test_enqueue_stores_nothing_when_arguments_cannot_be_encoded(broker: Broker) -> None:
    @dramatiq.actor(broker=broker)
    def take(_: object) -> None: ...

    with pytest.raises(TypeError):
        take.send(object())

    assert broker.get_queue_message_counts("default") == (0, 0, 0)


def test_enqueue_keeps_one_row_when_the_same_message_comes_twice(broker: Broker) -> None:
    broker.declare_queue("default")
    message = unknown("default", 1)

    broker.enqueue(message)
    broker.enqueue(message.copy(args=(2,)))

    assert broker.get_queue_message_counts("default") == (1, 0, 0)
    assert json.loads(row(broker, message)["body"])["args"] == [2]


def test_delay_waits_in_the_table_when_a_message_is_delayed(broker: Broker, work: Any) -> None:
    done = threading.Event()

    @dramatiq.actor(broker=broker)
    def later() -> None:
        done.set()

    worker = work()
    message = later.send_with_options(delay=300)

    assert broker.get_queue_message_counts("default") == (0, 1, 0)
    assert "eta" not in row(broker, message)["body"]
    assert set(worker.consumers) == {"default"}, "a delay queue was declared"
    assert not done.wait(0.2), "it ran too early"
    assert done.wait(1.0), "its time did not wake the dispatcher"


def test_order_follows_priority_then_age_when_many_wait(broker: Broker, work: Any) -> None:
    seen: list[str] = []

    @dramatiq.actor(broker=broker, priority=10)
    def low(number: int) -> None:
        seen.append(f"low{number}")

    @dramatiq.actor(broker=broker, priority=1)
    def high(number: int) -> None:
        seen.append(f"high{number}")

    for number in range(5):
        low.send(number)
    for number in range(5):
        high.send(number)
    work(worker_threads=1)
    broker.join("default", timeout=5_000)

    assert seen == [f"high{n}" for n in range(5)] + [f"low{n}" for n in range(5)]


def test_prefetch_is_honoured_when_messages_are_not_settled(broker: Broker) -> None:
    @dramatiq.actor(broker=broker)
    def idle() -> None: ...

    for _ in range(10):
        idle.send()
    consumer = broker.consume("default", prefetch=3, timeout=200)
    taken = [held(consumer) for _ in range(3)]

    assert next(consumer) is None
    assert broker.store.counts("default").leased == 3

    consumer.ack(taken[0])
    held(consumer)
    assert broker.store.counts("default").leased == 3


def test_requeue_gives_back_uncounted_when_a_worker_stops(broker: Broker) -> None:
    entered, leave = threading.Event(), threading.Event()

    @dramatiq.actor(broker=broker)
    def slow() -> None:
        entered.set()
        leave.wait(5)

    messages = [slow.send() for _ in range(6)]
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
    worker.start()
    assert entered.wait(2)
    wait_until(lambda: worker.work_queue.qsize() == 1, what="one message behind it")
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    wait_until(lambda: not worker.workers[0].running, what="the order to stop")
    leave.set()
    stopping.join(5)

    rows = [broker.store.find(message.message_id) for message in messages]
    assert [row and (row["state"], row["deliveries"]) for row in rows] == [
        None,
        *[("ready", 0)] * 5,
    ]


def test_enqueue_stores_anew_when_a_proxy_is_settled_already(broker: Broker) -> None:
    @dramatiq.actor(broker=broker)
    def idle() -> None: ...

    idle.send()
    consumer = broker.consume("default", timeout=1_000)
    message = held(consumer)
    consumer.ack(message)
    broker.join("default", timeout=2_000)

    broker.enqueue(message)  # type: ignore[arg-type] # as middleware does

    assert held(consumer).message_id == message.message_id


def test_enqueue_of_a_proxy_goes_before_its_failure(broker: Broker) -> None:
    @dramatiq.actor(broker=broker)
    def idle() -> None: ...

    idle.send()
    consumer = broker.consume("default", timeout=1_000)
    message = held(consumer)
    broker.enqueue(message, delay=60_000)  # type: ignore[arg-type] # as middleware does
    consumer.nack(message)

    wait_until(lambda: broker.get_queue_message_counts("default") == (0, 1, 0), what="the retry")


@pytest.mark.parametrize("proxy", [False, True])
def test_enqueue_strips_a_foreign_eta(broker: Broker, *, proxy: bool) -> None:
    broker.declare_queue("default")
    plain = unknown("default").copy(options={"eta": 1, "other": 2})
    message: Any = dramatiq.MessageProxy(plain) if proxy else plain

    broker.enqueue(message)

    assert json.loads(row(broker, message)["body"])["options"] == {"other": 2}


def test_ack_refuses_a_message_of_another_broker(broker: Broker) -> None:
    broker.declare_queue("default")
    consumer = broker.consume("default", timeout=1)

    with pytest.raises(TypeError, match="did not come from this broker"):
        consumer.ack(dramatiq.MessageProxy(unknown("default")))


def test_flush_drops_what_waits_and_keeps_dead_letters(broker: Broker) -> None:
    @dramatiq.actor(broker=broker)
    def idle() -> None: ...

    idle.send()
    idle.send_with_options(delay=60_000)
    consumer = broker.consume("default", timeout=1_000)
    consumer.nack(held(consumer))
    wait_until(lambda: broker.get_queue_message_counts("default") == (0, 1, 1), what="settling")

    broker.flush("default")
    assert broker.get_queue_message_counts("default") == (0, 0, 1)
    broker.flush_all()
    assert broker.get_queue_message_counts("default") == (0, 0, 0)


def test_join_gives_up_when_its_time_is_over(broker: Broker) -> None:
    @dramatiq.actor(broker=broker)
    def idle() -> None: ...

    idle.send_with_options(delay=60_000)

    with pytest.raises(QueueJoinTimeout):
        broker.join("default", timeout=80)


def test_pipeline_and_async_actor_run_when_composed(broker: Broker, work: Any) -> None:
    seen: list[int] = []
    broker.add_middleware(dramatiq.middleware.AsyncIO())

    @dramatiq.actor(broker=broker)
    async def double(number: int) -> int:
        return number * 2

    @dramatiq.actor(broker=broker)
    def note(number: int) -> None:
        seen.append(number)

    second: dramatiq.Message[None] = dramatiq.Message(
        queue_name="default", actor_name="note", args=(), kwargs={}, options={}
    )
    pipeline: Any = dramatiq.pipeline([double.message(21), second], broker=broker)
    pipeline.run()
    work()
    wait_until(lambda: seen == [42], what="the end of the pipeline")


def test_ack_changes_nothing_when_the_lease_is_another_owners(broker: Broker) -> None:
    @dramatiq.actor(broker=broker)
    def idle() -> None: ...

    message = idle.send()
    consumer = broker.consume("default", timeout=1_000)
    mine = held(consumer)
    broker.enqueue(message)  # the sender puts it anew: the lease is void
    wait_until(lambda: row(broker, message)["state"] == "ready", what="the new row")
    consumer.ack(mine)
    again = held(consumer)

    assert again.message_id == message.message_id
    assert again.lease.fence == mine.lease.fence + 1


def test_broker_stores_bytes_when_the_encoder_makes_them(broker: Broker, work: Any) -> None:
    seen: list[object] = []

    @dramatiq.actor(broker=broker)
    def note(thing: object) -> None:
        seen.append(thing)

    before = dramatiq.get_encoder()
    dramatiq.set_encoder(dramatiq.PickleEncoder())
    try:
        note.send({1, 2})
        work()
        wait_until(lambda: seen == [{1, 2}], what="the pickled message")
    finally:
        dramatiq.set_encoder(before)


def test_options_keep_middleware_when_given(tmp_path: Path) -> None:
    retries = dramatiq.middleware.Retries(max_retries=1)
    one = DatabaseBroker(tmp_path / "q.db", options=BrokerOptions(middleware=(retries,)))

    assert retries in one.middleware
    assert len(one.middleware) == 3
    one.close()
