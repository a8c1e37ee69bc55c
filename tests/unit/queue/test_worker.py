"""Our worker gives Dramatiq's middleware every signal that the command `dramatiq` gives it."""

import threading
from pathlib import Path

from dramatiq.middleware import Shutdown, TimeLimitExceeded

from claude_agent.queue.actors import ActorRegistry
from claude_agent.queue.broker import BrokerOptions, make_broker
from claude_agent.queue.brokers.database import DatabaseBroker
from claude_agent.queue.worker import QueueWorker
from tests.waiting import wait_until


def nap_for_ever() -> None:
    """Wait in small steps: an interrupt is raised between two of them."""
    while True:
        threading.Event().wait(0.005)


def start(path: Path, registry: ActorRegistry) -> tuple[DatabaseBroker, QueueWorker]:
    broker = make_broker(
        path / "queue.db", registry=registry, options=BrokerOptions(owners=path / "owners")
    )
    worker = QueueWorker(broker)
    worker.start()
    return broker, worker


def test_a_time_limit_ends_an_actor_in_our_worker_and_the_next_message_is_done(
    tmp_path: Path,
) -> None:
    registry = ActorRegistry()
    told: list[str] = []

    @registry.actor(time_limit=50, max_retries=0)
    def slow(number: int) -> None:
        if number == 2:
            told.append("two")
            return
        try:
            nap_for_ever()
        except TimeLimitExceeded:
            told.append("time limit")
            raise

    broker, worker = start(tmp_path, registry)
    try:
        first = broker.send_by_name("slow", (1,), {})
        wait_until(lambda: broker.get_queue_message_counts("default")[2] == 1, what="its death")
        broker.send_by_name("slow", (2,), {})
        wait_until(lambda: "two" in told, what="the next message")
        found = broker.store.find(first.message_id)
        assert found is not None
        assert "TimeLimitExceeded" in found["dead_error"]
        assert told == ["time limit", "two"]
    finally:
        worker.stop()
        broker.close()


def test_an_actor_that_asks_is_told_that_our_worker_stops_and_its_message_stays(
    tmp_path: Path,
) -> None:
    registry, entered = ActorRegistry(), threading.Event()
    told: list[str] = []

    @registry.actor(notify_shutdown=True)
    def long() -> None:
        entered.set()
        try:
            nap_for_ever()
        except Shutdown:
            told.append("shutdown")
            raise

    broker, worker = start(tmp_path, registry)
    try:
        broker.send_by_name("long", (), {})
        assert entered.wait(5)
        worker.stop()
        assert told == ["shutdown"]
        assert broker.get_queue_message_counts("default") == (0, 1, 0)

    finally:
        worker.stop()
        broker.close()
