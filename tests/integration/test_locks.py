"""Many claimers at once: a lock never has two holders, and is given in the order of the submits."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_agent.core.claims import Slot
from claude_agent.domain.task import Task
from claude_agent.errors import ClaudeAgentError
from claude_agent.storage.database import Tx
from tests.unit.core.stand import Stand, compare_with_the_log

SLOTS = [Slot(n=n, queue="", least=0) for n in range(1, 9)]
LOCKS = ("db", "cluster", "")


class Watch:
    """Sees who holds what, outside of the database."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held: dict[str, str] = {}
        self.order: dict[str, list[str]] = defaultdict(list)
        self.wrong: list[str] = []

    def began(self, task: Task) -> None:
        """A task runs."""
        name = task.spec.lock
        with self._mutex:
            if name and name in self._held:
                self.wrong.append(f"{task.ref} and {self._held[name]} held {name}")
            self._held[name] = task.ref
            self.order[name].append(task.spec.title)

    def ends(self, task: Task) -> None:
        """A task is about to end."""
        with self._mutex:
            self._held.pop(task.spec.lock, None)


def stands(folder: Path, url: str | None) -> Iterator[Stand]:
    """Two processes on PostgreSQL, one on SQLite."""
    names = ("one-", "two-") if url else ("one-",)
    for seed, name in enumerate(names, start=1):
        yield Stand(folder, url=url, slots=SLOTS, seed=seed, worker=name)


@pytest.mark.parametrize("body", ["sqlite", "postgresql"])
def test_many_claimers_never_make_two_holders(
    body: str, tmp_path: Path, request: pytest.FixtureRequest, prove_scale: int
) -> None:
    url = request.getfixturevalue("postgres_url") if body == "postgresql" else None
    processes = list(stands(tmp_path, url))
    if url:
        take_seats(processes[0], SLOTS)
    for stand in processes:
        stand.database.migrate_script("UPDATE queues SET max = 99;")
    count = 60 * prove_scale
    watch = race(processes, count)
    assert watch.wrong == []
    for name in ("db", "cluster"):
        assert watch.order[name] == sorted(watch.order[name], key=int)
    assert sum(map(len, watch.order.values())) == count
    assert processes[0].rows("locks.all") == []
    compare_with_the_log(processes[0])
    for stand in processes:
        stand.close()


def race(processes: list[Stand], count: int) -> Watch:
    """Submit tasks while four threads of each process claim and end them, until all have ended."""
    watch = Watch()
    left = threading.Semaphore(count)

    def feed() -> None:
        for n in range(count):
            name = LOCKS[n % 3]
            fields = {"lock": name} if name else {}
            priority = ("LOW", "HIGH")[n % 2]
            stand = processes[n % len(processes)]
            stand.submit("master", title=f"{n}", priority=priority, **fields)

    def work(stand: Stand) -> None:
        while left._value:
            for one in stand.claims.claim():
                watch.began(one)
                started = stand.start(one)
                watch.ends(one)
                stand.end(started)
                left.acquire()

    with ThreadPoolExecutor(9) as pool:
        threads = [pool.submit(feed)]
        threads += [pool.submit(work, stand) for stand in processes for _ in range(4)]
        for each in threads:
            each.result(120)
    return watch


def take_seats(stand: Stand, slots: list[Slot]) -> None:
    """Be a worker again: the process that registered later took our slots for leftovers."""

    def work(tx: Tx) -> None:
        me = stand.claims.worker
        for slot in slots:
            tx.execute("work.put_slot", worker=me, n=slot.n, queue="", least=0)

    with contextlib.suppress(ClaudeAgentError):  # they are still there
        stand.database.write(work)
