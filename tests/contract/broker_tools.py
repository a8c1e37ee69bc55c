"""What the broker's contract tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest

from claude_agent.queue import BrokerOptions, DatabaseBroker
from claude_agent.queue.brokers.consumer import LeasedMessage

Broker = DatabaseBroker


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a fresh database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def broker(address: str, tmp_path: Path) -> Iterator[Broker]:
    one = DatabaseBroker(address, options=BrokerOptions(owners=tmp_path / "owners"))
    yield one
    one.close()


@pytest.fixture
def work(broker: Broker) -> Iterator[Callable[..., dramatiq.Worker]]:
    running: list[dramatiq.Worker] = []

    def start(**settings: Any) -> dramatiq.Worker:
        worker = dramatiq.Worker(broker, worker_timeout=50, **{"worker_threads": 4, **settings})
        worker.start()
        running.append(worker)
        return worker

    yield start
    for worker in running:
        worker.stop(timeout=5_000)


def held(consumer: dramatiq.Consumer) -> LeasedMessage:
    """Return the next message, which must come within the consumer's timeout."""
    message = next(consumer)
    assert isinstance(message, LeasedMessage)
    return message


def unknown(queue: str, *args: object) -> "dramatiq.Message[None]":
    """Return a message for an actor that nobody has declared."""
    return dramatiq.Message(queue_name=queue, actor_name="nobody", args=args, kwargs={}, options={})


def row(broker: Broker, message: Any) -> dict[str, Any]:
    found = broker.store.find(message.message_id)
    assert found is not None, "the message has no row"
    return dict(found)
