import contextlib
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import dramatiq
import pytest
from dramatiq.worker import _WorkQueueItem as Item

from claude_agent.queue.brokers.work_queue import WorkQueue

LAST = 9


def item(priority: int) -> Item:
    message: dramatiq.Message[None] = dramatiq.Message("q", "a", (), {}, {})
    return Item(priority, dramatiq.MessageProxy(message))


def test_lower_priority_goes_first_and_then_whoever_came_first() -> None:
    work = WorkQueue()
    items = [item(priority) for priority in (1, 0, 1, 0)]
    for one in items:
        work.put(one)
    assert work.qsize() == 4
    assert [work.get(timeout=0) for _ in items] == [items[n] for n in (1, 3, 0, 2)]
    with pytest.raises(queue.Empty):
        work.get(timeout=0.01)
    with pytest.raises(queue.Empty):
        work.get_nowait()


def test_every_item_is_had_once_by_many_threads_that_wait() -> None:
    work, had = WorkQueue(), list[Item]()

    def take(_: int) -> None:
        while (got := work.get(timeout=10)).priority != LAST:
            had.append(got)
            work.task_done()
        work.task_done()

    with ThreadPoolExecutor(8) as pool:
        takers = pool.map(take, range(8))
        for number in range(2_000):
            work.put(item(number % 3))
        work.join()
        for _ in range(8):
            work.put(item(LAST))
        list(takers)
    assert len(had) == len({one.message.message_id for one in had}) == 2_000
    assert work.unfinished_tasks == 0


def test_threads_that_wait_work_side_by_side() -> None:
    work, together = WorkQueue(), threading.Barrier(4)

    def take(_: int) -> None:
        work.get(timeout=10)
        together.wait(10)  # broken unless all four have an item at once

    with ThreadPoolExecutor(4) as pool:
        takers = pool.map(take, range(4))
        for _ in range(4):
            work.put(item(0))
        list(takers)


def test_nobody_waits_longer_than_asked_when_others_are_quicker() -> None:
    work, ended, wait_s = WorkQueue(), list[int](), 0.0005

    def take(number: int) -> None:
        for _ in range(2_000):  # as many moments at which the time is up and something comes
            with contextlib.suppress(queue.Empty):
                work.get(timeout=wait_s)
        ended.append(number)

    takers = [threading.Thread(target=take, args=(n,), daemon=True) for n in range(4)]
    for one in takers:
        one.start()
    pause = threading.Event()
    while any(one.is_alive() for one in takers) and not ended:
        work.put(item(0))
        pause.wait(wait_s / 2)
    for one in takers:
        one.join(timeout=20)
    assert sorted(ended) == [0, 1, 2, 3]


def test_too_many_ends_are_refused() -> None:
    work = WorkQueue()
    with pytest.raises(ValueError, match="too many"):
        work.task_done()
