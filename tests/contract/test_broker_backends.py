"""Results, rate limits, barriers, groups and pipelines on the broker's own database."""

import threading
from collections.abc import Callable
from typing import Any

import dramatiq
import pytest
from dramatiq.middleware import GroupCallbacks
from dramatiq.rate_limits import (
    Barrier,
    BucketRateLimiter,
    ConcurrentRateLimiter,
    WindowRateLimiter,
)
from dramatiq.results import ResultFailure, ResultMissing, Results, ResultTimeout

from claude_agent.queue import DatabaseBroker, DatabaseRateLimits, DatabaseResults
from claude_agent.queue.waiting_room import FLOOR_S
from tests.contract.broker_tools import Broker, address, broker, unknown, work
from tests.waiting import wait_until

__all__ = ["address", "broker", "work"]
Work = Callable[..., dramatiq.Worker]


@pytest.fixture
def results(broker: Broker) -> DatabaseResults:
    backend = DatabaseResults(broker)
    broker.add_middleware(Results(backend=backend, store_results=True))
    return backend


@pytest.fixture
def limits(broker: Broker) -> DatabaseRateLimits:
    return DatabaseRateLimits(broker)


def test_result_is_waited_for_when_the_actor_takes_its_time(
    broker: Broker, work: Work, results: DatabaseResults
) -> None:
    @dramatiq.actor(broker=broker)
    def add(x: int, y: int) -> int:
        return x + y

    work()
    message = add.send(20, 22)

    assert message.get_result(backend=results, block=True, timeout=5_000) == 42
    assert message.get_result(backend=results) == 42


def test_result_wakes_all_who_wait_by_the_bell_and_not_by_the_timer(
    broker: Broker, results: DatabaseResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = unknown("default")
    got: list[object] = []
    looked = threading.Semaphore(0)
    find = results._find

    def finding(key: str) -> str | None:
        found = find(key)
        looked.release()
        return found

    monkeypatch.setattr(results, "_find", finding)
    threads = [
        threading.Thread(target=lambda: got.append(results.get_result(message, block=True)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert looked.acquire(timeout=2)
    before = broker.clock.monotonic()
    results.store_result(message, "done", 60_000)
    for thread in threads:
        thread.join(5)

    assert got == ["done"] * 4
    assert broker.clock.monotonic() - before < FLOOR_S, "they waited for the timer"


def test_result_of_another_process_rings_here(address: str) -> None:
    ours, theirs = DatabaseBroker(address), DatabaseBroker(address)
    message = unknown("default")
    got: list[object] = []
    waiting = threading.Thread(
        target=lambda: got.append(DatabaseResults(ours).get_result(message, block=True))
    )
    waiting.start()
    DatabaseResults(theirs).store_result(message, {"a": [1]}, 60_000)
    waiting.join(5)

    assert got == [{"a": [1]}]
    ours.close()
    theirs.close()


def test_result_tells_what_the_actor_raised(
    broker: Broker, work: Work, results: DatabaseResults
) -> None:
    @dramatiq.actor(broker=broker, max_retries=0)
    def broken() -> int:
        message = "the reason"
        raise RuntimeError(message)

    work()
    with pytest.raises(ResultFailure, match="RuntimeError: the reason"):
        broken.send().get_result(backend=results, block=True, timeout=5_000)


def test_result_is_missing_late_or_over(broker: Broker, results: DatabaseResults) -> None:
    message = unknown("default")

    with pytest.raises(ResultMissing):
        results.get_result(message)
    with pytest.raises(ResultTimeout):
        results.get_result(message, block=True, timeout=20)
    results.store_result(message, 1, 0)
    with pytest.raises(ResultMissing):
        results.get_result(message)
    broker._care.forget()
    assert broker.database.read(lambda r: r.row("broker.result", key="", now=0)) is None


def test_result_may_be_bytes_when_the_encoder_makes_them(broker: Broker) -> None:
    backend = DatabaseResults(broker, encoder=dramatiq.PickleEncoder())
    message = unknown("default")
    backend.store_result(message, {1, 2}, 60_000)

    assert backend.get_result(message) == {1, 2}


def test_pipeline_hands_results_on_and_gives_the_last(
    broker: Broker, work: Work, results: DatabaseResults
) -> None:
    @dramatiq.actor(broker=broker)
    def double(number: int) -> int:
        return number * 2

    work()
    rest: Any = double
    line: Any = dramatiq.pipeline(
        [double.message(1), rest.message(), rest.message()], broker=broker
    )
    line.run()

    assert line.get_result(block=True, timeout=5_000) == 8
    assert list(line.get_results()) == [2, 4, 8]


def test_group_runs_side_by_side_and_calls_back_once(
    broker: Broker, work: Work, results: DatabaseResults, limits: DatabaseRateLimits
) -> None:
    broker.add_middleware(GroupCallbacks(limits))
    called: list[str] = []

    @dramatiq.actor(broker=broker)
    def square(number: int) -> int:
        return number * number

    @dramatiq.actor(broker=broker)
    def finished(word: str) -> None:
        called.append(word)

    group: Any = dramatiq.group([square.message(number) for number in range(10)], broker=broker)
    group.add_completion_callback(finished.message("all"))
    group.run()
    work()

    assert list(group.get_results(block=True, timeout=5_000)) == [n * n for n in range(10)]
    wait_until(lambda: called, what="the callback")
    broker.join("default", timeout=5_000)
    assert called == ["all"]


def test_concurrent_limiter_lets_in_as_many_as_it_may(limits: DatabaseRateLimits) -> None:
    limiter = ConcurrentRateLimiter(limits, "doors", limit=2)
    with limiter.acquire(), limiter.acquire(), limiter.acquire(raise_on_failure=False) as third:
        assert not third
    with limiter.acquire(raise_on_failure=False) as again:
        assert again


def test_concurrent_limiter_holds_under_many_threads(limits: DatabaseRateLimits) -> None:
    limiter = ConcurrentRateLimiter(limits, "mutex", limit=3)
    inside, most, lock = [0], [0], threading.Lock()

    def enter() -> None:
        for _ in range(10):
            with limiter.acquire(raise_on_failure=False) as acquired:
                if acquired:
                    with lock:
                        inside[0] += 1
                        most[0] = max(most[0], inside[0])
                    with lock:
                        inside[0] -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert 1 <= most[0] <= 3
    assert not limits.decr("mutex", 1, 0, 1_000), "every entry was given back"


@pytest.mark.parametrize(
    "limiter",
    [
        lambda limits: BucketRateLimiter(limits, "bucket", limit=3, bucket=60_000),
        lambda limits: WindowRateLimiter(limits, "window", limit=3, window=60),
    ],
)
def test_rate_limiters_refuse_what_is_too_much(
    limits: DatabaseRateLimits, limiter: Callable[[DatabaseRateLimits], Any]
) -> None:
    one = limiter(limits)
    entered = []
    for _ in range(5):
        with one.acquire(raise_on_failure=False) as acquired:
            entered.append(acquired)

    # At the turn of a minute a bucket begins anew.
    assert sum(entered) in ({3} if isinstance(one, WindowRateLimiter) else {3, 4, 5})
    assert entered[:3] == [True] * 3


def test_window_counts_the_seconds_together(limits: DatabaseRateLimits) -> None:
    assert limits.incr_and_sum("w@2", lambda: ["w@2", "w@1"], 1, 2, 60_000)
    assert limits.incr_and_sum("w@1", lambda: ["w@1", "w@0"], 1, 2, 60_000)
    assert not limits.incr_and_sum("w@2", lambda: ["w@2", "w@1"], 1, 2, 60_000)


def test_counter_begins_anew_when_its_time_is_over(
    broker: Broker, limits: DatabaseRateLimits
) -> None:
    assert limits.add("key", 5, 0)
    assert limits.add("key", 7, 60_000)
    assert not limits.add("key", 9, 60_000)
    assert limits.incr("key", 1, 8, 0)
    assert not limits.decr("key", 1, 0, 60_000), "a missing counter is 0"
    limits.add("over", 1, 0)
    broker._care.forget()
    assert limits.add("over", 1, 60_000)


def test_barrier_opens_for_all_when_the_last_comes(limits: DatabaseRateLimits) -> None:
    barrier = Barrier(limits, "start")
    assert barrier.create(parties=3)
    opened: list[bool] = []
    threads = [
        threading.Thread(target=lambda: opened.append(barrier.wait(timeout=5_000)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(6)

    assert opened == [True] * 3


def test_barrier_gives_up_when_its_time_is_over(limits: DatabaseRateLimits) -> None:
    barrier = Barrier(limits, "start")
    barrier.create(parties=2)

    assert not barrier.wait(timeout=20)
