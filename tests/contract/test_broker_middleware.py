"""Dramatiq's stock middleware does on this broker what its documentation says."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.errors import RateLimitExceeded, Retry
from dramatiq.middleware import AsyncIO, CurrentMessage, Shutdown, TimeLimitExceeded
from dramatiq.rate_limits import ConcurrentRateLimiter

from claude_agent.queue import DatabaseRateLimits
from tests.contract.broker_tools import Broker, address, broker, row, work
from tests.waiting import wait_until

__all__ = ["address", "broker", "work"]
Work = Callable[..., dramatiq.Worker]


def test_time_limit_ends_a_message_that_takes_too_long(broker: Broker, work: Work) -> None:
    ended: list[str] = []

    @dramatiq.actor(broker=broker, time_limit=50, max_retries=0)
    def slow() -> None:
        try:
            # In small steps: the exception is raised between two of them.
            while True:
                threading.Event().wait(0.005)
        except TimeLimitExceeded:
            ended.append("time limit")
            raise

    message = slow.send()
    broker.emit_after("process_boot")  # as the command `dramatiq` does
    work()
    wait_until(lambda: broker.get_queue_message_counts("default")[2] == 1, what="a dead letter")

    assert ended == ["time limit"]
    assert "TimeLimitExceeded" in row(broker, message)["dead_error"]


def test_shutdown_interrupts_who_asked_for_it_and_the_message_comes_back(broker: Broker) -> None:
    entered = threading.Event()
    tries: list[str] = []

    @dramatiq.actor(broker=broker, notify_shutdown=True, min_backoff=1, max_backoff=1)
    def long() -> None:
        tries.append("began")
        if len(tries) > 1:
            return
        entered.set()
        try:
            while True:
                threading.Event().wait(0.005)
        except Shutdown:
            tries.append("told")
            raise

    long.send()
    first = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
    first.start()
    assert entered.wait(5)
    first.stop(timeout=5_000)
    assert tries == ["began", "told"]
    assert sum(broker.get_queue_message_counts("default")[:2]) == 1

    second = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
    second.start()
    broker.join("default", timeout=5_000)
    second.stop(timeout=5_000)
    assert tries == ["began", "told", "began"]


def test_callbacks_tell_success_and_failure(broker: Broker, work: Work) -> None:
    told: list[Any] = []

    @dramatiq.actor(broker=broker)
    def good(message: dict[str, Any], result: object) -> None:
        told.append((message["actor_name"], result))

    @dramatiq.actor(broker=broker)
    def bad(message: dict[str, Any], error: dict[str, str]) -> None:
        told.append((message["actor_name"], error["message"]))

    @dramatiq.actor(broker=broker, max_retries=0)
    def halve(number: int) -> int:
        if number % 2:
            message = "odd"
            raise ValueError(message)
        return number // 2

    for number in (4, 5):
        halve.send_with_options(args=(number,), on_success=good, on_failure=bad)
    work()
    wait_until(lambda: len(told) == 2, what="both callbacks")

    assert sorted(told, key=str) == [("halve", "odd"), ("halve", 2)]


def test_retries_end_with_a_word_to_the_actor_named_for_it(broker: Broker, work: Work) -> None:
    told: list[Any] = []

    @dramatiq.actor(broker=broker)
    def exhausted(message: dict[str, Any], retries: dict[str, int]) -> None:
        told.append((message["args"], retries))

    @dramatiq.actor(
        broker=broker, max_retries=2, min_backoff=1, max_backoff=1, on_retry_exhausted="exhausted"
    )
    def broken(_: int) -> None:
        raise RuntimeError

    broken.send(7)
    work()
    wait_until(lambda: told, what="the word")

    assert told == [([7], {"retries": 2, "max_retries": 2})]


def test_retry_waits_as_long_as_the_actor_asks(broker: Broker, work: Work) -> None:
    @dramatiq.actor(broker=broker)
    def later() -> None:
        raise Retry(delay=60_000)

    message = later.send()
    work()
    wait_until(lambda: row(broker, message)["state"] == "delayed", what="the retry")

    waits = row(broker, message)["not_before"] - broker.clock.now()
    assert 50_000 < waits <= 60_000


def test_throws_ends_without_a_retry(broker: Broker, work: Work) -> None:
    @dramatiq.actor(broker=broker, throws=(KeyError,))
    def refused() -> None:
        raise KeyError

    message = refused.send()
    work()
    wait_until(lambda: row(broker, message)["state"] == "dead", what="the dead letter")

    assert row(broker, message)["dead_reason"] == "failed"


def test_current_message_is_known_inside_its_actor_alone(broker: Broker, work: Work) -> None:
    broker.add_middleware(CurrentMessage())
    seen: list[str] = []

    @dramatiq.actor(broker=broker)
    def who() -> None:
        message = CurrentMessage.get_current_message()
        assert message is not None
        seen.append(message.message_id)

    sent = [who.send().message_id for _ in range(8)]
    work()
    broker.join("default", timeout=5_000)

    assert sorted(seen) == sorted(sent)
    assert CurrentMessage.get_current_message() is None


def test_async_actors_wait_side_by_side(broker: Broker, work: Work) -> None:
    broker.add_middleware(AsyncIO())
    together: list[int] = []
    inside: list[int] = []
    all_in = asyncio.Event()

    @dramatiq.actor(broker=broker)
    async def nap() -> None:
        inside.append(1)
        if len(inside) == 3:
            all_in.set()
        await asyncio.wait_for(all_in.wait(), 5)
        together.append(len(inside))

    for _ in range(3):
        nap.send()
    work(worker_threads=3)
    broker.join("default", timeout=5_000)

    assert together == [3, 3, 3]


def test_rate_limit_puts_a_message_back_until_it_is_let_in(broker: Broker, work: Work) -> None:
    limiter = ConcurrentRateLimiter(DatabaseRateLimits(broker), "one", limit=1)
    most, inside, refused = [0], [0], [0]
    lock = threading.Lock()

    @dramatiq.actor(broker=broker, min_backoff=1, max_backoff=5, max_retries=10_000)
    def alone() -> None:
        try:
            with limiter.acquire():
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                threading.Event().wait(0.002)
                with lock:
                    inside[0] -= 1
        except RateLimitExceeded:
            refused[0] += 1
            raise

    for _ in range(8):
        alone.send()
    work()
    broker.join("default", timeout=10_000)

    assert most == [1]
    assert refused[0] > 0
