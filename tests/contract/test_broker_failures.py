"""What becomes of a message that fails, cannot be read, or that nobody knows."""

import json
import threading
from typing import Any

import dramatiq
import pytest

from claude_agent.queue.message_intake import NewMessage
from tests.contract.broker_tools import Broker, address, broker, row, unknown, work
from tests.waiting import wait_until

__all__ = ["address", "broker", "work"]


def test_retry_reuses_the_row_when_an_actor_fails(broker: Broker, work: Any) -> None:
    tries: list[int] = []

    @dramatiq.actor(broker=broker, min_backoff=1, max_backoff=2)
    def shaky() -> None:
        tries.append(1)
        if len(tries) < 3:
            message = "not yet"
            raise RuntimeError(message)

    shaky.send()
    work()
    broker.join("default", timeout=5_000)

    assert len(tries) == 3
    assert broker.get_queue_message_counts("default") == (0, 0, 0)


def test_retry_waits_as_the_same_row_with_its_count_when_delayed(broker: Broker, work: Any) -> None:
    @dramatiq.actor(broker=broker, min_backoff=60_000)
    def broken() -> None:
        message = "always"
        raise RuntimeError(message)

    message = broken.send()
    work()
    wait_until(lambda: broker.get_queue_message_counts("default") == (0, 1, 0), what="the retry")

    assert json.loads(row(broker, message)["body"])["options"]["retries"] == 1


def test_dead_letter_tells_why_when_retries_are_used_up(broker: Broker, work: Any) -> None:
    @dramatiq.actor(broker=broker, max_retries=0)
    def broken() -> None:
        message = "the reason"
        raise RuntimeError(message)

    message = broken.send()
    work()
    wait_until(lambda: broker.get_queue_message_counts("default")[2] == 1, what="a dead letter")

    letter = row(broker, message)
    error = json.loads(letter["dead_error"])
    assert (letter["dead_reason"], error["type"], error["message"]) == (
        "failed",
        "RuntimeError",
        "the reason",
    )
    assert "in broken" in error["traceback"]
    assert json.loads(letter["history"])["event"] == "dead"


def test_dead_letter_lives_again_when_it_is_enqueued_again(broker: Broker, work: Any) -> None:
    cured = threading.Event()
    done = threading.Event()

    @dramatiq.actor(broker=broker, max_retries=0)
    def sick() -> None:
        if not cured.is_set():
            message = "sick"
            raise RuntimeError(message)
        done.set()

    message = sick.send()
    work()
    wait_until(lambda: broker.get_queue_message_counts("default")[2] == 1, what="a dead letter")
    cured.set()
    broker.enqueue(message)

    assert done.wait(2)
    broker.join("default", timeout=2_000)
    assert broker.get_queue_message_counts("default") == (0, 0, 0)


def test_unknown_actor_is_a_dead_letter_when_a_worker_meets_it(broker: Broker, work: Any) -> None:
    broker.declare_queue("default")
    message = unknown("default")
    broker.enqueue(message)
    work()
    wait_until(lambda: broker.get_queue_message_counts("default")[2] == 1, what="a dead letter")

    assert row(broker, message)["dead_reason"] == "unknown_actor"


@pytest.mark.parametrize(
    "body", ["{not json", "[]", '{"a":1}', "base64:%%%", "base64:AAAA", "null"]
)
def test_undecodable_body_is_a_dead_letter_and_the_rest_runs(
    broker: Broker, work: Any, body: str
) -> None:
    seen: list[int] = []

    @dramatiq.actor(broker=broker)
    def note(number: int) -> None:
        seen.append(number)

    first, broken, last = note.send(1), note.send(2), note.send(3)
    spoiled = NewMessage(id=broken.message_id, queue="default", actor="note", body=body)
    broker.store.put([spoiled])
    work()
    wait_until(lambda: len(seen) == 2 and row(broker, broken)["dead_reason"], what="all three")

    broker.join("default", timeout=2_000)
    assert sorted(seen) == [1, 3]
    assert row(broker, broken)["dead_reason"] == "undecodable"
    assert broker.store.find(first.message_id) is None
    assert broker.store.find(last.message_id) is None


def test_old_message_is_skipped_into_the_dead_letters(broker: Broker, work: Any) -> None:
    @dramatiq.actor(broker=broker, max_age=1)
    def fresh() -> None: ...

    message = fresh.send()
    threading.Event().wait(0.01)
    work()
    wait_until(lambda: row(broker, message)["state"] == "dead", what="a dead letter")

    assert row(broker, message)["dead_reason"] == "skipped"
