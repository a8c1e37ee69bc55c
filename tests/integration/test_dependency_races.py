"""Tasks that end at once, by two servers, while others that wait for them are submitted."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from claude_agent.core.claims import Slot
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, FencedOut
from tests.unit.core.stand import NO, Stand, compare_with_the_log

SLOTS = [Slot(n=n, queue="", least=0) for n in range(1, 9)]
ROUNDS = 8


@pytest.mark.parametrize("body", ["sqlite", "postgresql"])
def test_ends_at_once_release_once_and_none_is_missed(
    body: str, tmp_path: Path, request: pytest.FixtureRequest, prove_scale: int
) -> None:
    url = request.getfixturevalue("postgres_url") if body == "postgresql" else None
    names = ("one-", "two-") if url else ("one-",)
    stands = [
        Stand(tmp_path, url=url, seed=seed, worker=name) for seed, name in enumerate(names, start=1)
    ]
    one, other = stands[0], stands[-1]
    for n in range(ROUNDS * prove_scale):
        fails = n % 4 == 3
        first, second = running(other), running(other)
        after = one.submit("master", after=[second.ref, first.ref])
        late: list[Task] = []

        def submit_late(refs: tuple[str, str], late: list[Task] = late) -> None:
            try:
                late.append(one.submit("master", after=list(refs)))
            except Conflict:
                assert fails  # noqa: B023 - used in its round

        with ThreadPoolExecutor(5) as pool:
            works: list[Future[Any]] = [
                pool.submit(end, other, first, fails),
                pool.submit(end, one, second, n < 0),
                pool.submit(submit_late, (first.ref, second.ref)),
                *(pool.submit(each.links.orchestrator.drain) for each in (one, other)),
            ]
            for work in works:
                work.result(60)
        one.links.orchestrator.drain()
        wanted = "cancelled" if fails else "ready"
        for task in (after, *late):
            assert one.task(task.id).state == wanted
            released = [x for x in one.types(task.stream) if x == "task.cancelled"]
            assert len(released) == int(fails)
            if not fails:
                one.orders.cancel(task.id, reason="seen", actor="me")
    assert one.waits() == []
    compare_with_the_log(one)
    for each in stands:
        each.close()


def running(stand: Stand) -> Task:
    """Return a task that runs."""
    task = stand.submit("master")
    found = [one for one in stand.claims.claim() if one.id == task.id]
    return stand.start(found[0])


def end(stand: Stand, task: Task, fails: bool) -> None:  # noqa: FBT001 - of this test
    """End its run, well or not."""
    stand.end(task, NO if fails else None)


def test_a_batch_of_timers_and_those_that_wait_do_not_lock_each_other(
    tmp_path: Path, postgres_url: str
) -> None:
    """A batch holds many rows when one of them ends: the rows that wait are not locked from it."""
    stand = Stand(tmp_path, url=postgres_url)
    other = Stand(tmp_path, url=postgres_url, seed=2, worker="two-")
    chain = [stand.submit("master", timeout={"start": "1s"})]
    for _ in range(20):
        chain.append(stand.submit("master", timeout={"start": "1s"}, after=[chain[-1].ref]))
        chain.append(stand.submit("master", timeout={"start": "1s"}))
    for each in (stand, other):
        each.clock.advance(5_000)

    def cancel() -> None:
        for one in reversed(chain):
            try:
                other.orders.cancel(one.id, reason="no", actor="me")
            except (Conflict, FencedOut):
                continue  # it has ended meanwhile

    with ThreadPoolExecutor(3) as pool:
        works: list[Future[Any]] = [pool.submit(stand.scheduler.tick), pool.submit(cancel)]
        works += [pool.submit(other.links.orchestrator.drain)]
        for work in works:
            work.result(60)
    stand.links.orchestrator.drain()
    assert {stand.task(one.id).state.value for one in chain} <= {"expired", "cancelled"}
    assert stand.waits() == []
    compare_with_the_log(stand)
    other.close()
    stand.close()
