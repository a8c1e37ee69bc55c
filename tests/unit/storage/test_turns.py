"""Who leads a batch: everybody is served once, nobody waits for a thread that has gone."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from claude_agent.errors import Unavailable
from claude_agent.storage.turns import Request, Turns
from tests.waiting import wait_until


class Writer:
    """Records batches; waits at a gate while it is closed."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.pause_s = 10.0
        self.interrupted = 0
        """Which batch is interrupted before anything of it is done."""
        self.turns = Turns(self.commit, threading.Lock())

    def commit(self, batch: Sequence[Request]) -> None:
        self.batches.append(len(batch))
        self.gate.wait(self.pause_s)
        if len(self.batches) == self.interrupted:
            raise KeyboardInterrupt
        for request in batch:
            request.done = True


def request() -> Request:
    return Request(lambda _: None, durable=True)


def test_those_who_come_during_a_commit_share_the_next() -> None:
    writer = Writer()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(writer.turns.run, request())
        wait_until(lambda: writer.batches == [1])
        rest = [pool.submit(writer.turns.run, request()) for _ in range(8)]
        wait_until(lambda: writer.turns.waiting == 8)
        writer.gate.set()
        for one in (first, *rest):
            one.result(10)
    assert writer.batches == [1, 8]


def test_busy_threads_share_commits_again_and_again() -> None:
    writer = Writer()
    writer.pause_s = 0.002

    def busy() -> None:
        for _ in range(20):
            writer.turns.run(request())

    with ThreadPoolExecutor(16) as pool:
        for one in [pool.submit(busy) for _ in range(16)]:
            one.result(30)
    assert sum(writer.batches) == 320
    assert len(writer.batches) < 160  # the thread that has just committed does not take every turn


def test_leader_that_is_interrupted_leaves_the_writer_to_the_next() -> None:
    writer = Writer()
    writer.interrupted = 1
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(writer.turns.run, request())
        wait_until(lambda: writer.batches == [1])
        second = pool.submit(writer.turns.run, request())
        wait_until(lambda: writer.turns.waiting == 1)
        writer.gate.set()
        with pytest.raises(KeyboardInterrupt):
            first.result(10)
        second.result(10)
    assert writer.batches == [1, 1]


def test_follower_is_told_when_its_batch_was_never_committed() -> None:
    writer = Writer()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(writer.turns.run, request())
        wait_until(lambda: writer.batches == [1])
        rest = [pool.submit(writer.turns.run, request()) for _ in range(3)]
        wait_until(lambda: writer.turns.waiting == 3)
        writer.interrupted = 2
        writer.gate.set()
        first.result(10)
        outcomes = [one.exception(10) for one in rest]
    assert [type(one) for one in outcomes].count(KeyboardInterrupt) == 1
    assert [type(one) for one in outcomes].count(Unavailable) == 2
    writer.turns.run(request())
    assert writer.batches == [1, 3, 1]


def test_thread_interrupted_while_it_waits_is_not_waited_for() -> None:
    writer = Writer()
    gone: Any = request()

    class Interrupted:
        def __init__(self) -> None:
            self.held = 0

        def acquire(self) -> bool:
            self.held += 1
            if self.held == 2:  # the first is the one that makes it wait
                raise KeyboardInterrupt
            return True

        def release(self) -> None: ...

    gone.turn = Interrupted()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(writer.turns.run, request())
        wait_until(lambda: writer.batches == [1])
        with pytest.raises(KeyboardInterrupt):
            writer.turns.run(gone)
        assert writer.turns.waiting == 0
        second = pool.submit(writer.turns.run, request())
        wait_until(lambda: writer.turns.waiting == 1)
        writer.gate.set()
        first.result(10)
        second.result(10)
    assert not gone.done
    assert writer.batches == [1, 1]


def test_lone_writer_that_is_interrupted_leaves_the_writer_free() -> None:
    writer = Writer()
    writer.gate.set()
    writer.interrupted = 1
    with pytest.raises(KeyboardInterrupt):
        writer.turns.run(request())
    later = request()
    writer.turns.run(later)
    assert later.done
    assert writer.batches == [1, 1]
