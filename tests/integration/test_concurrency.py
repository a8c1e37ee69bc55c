"""Many who start and end executions of one concurrency key at once: never more than its limit."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_agent.core.claims import Slot
from tests.integration.test_locks import take_seats
from tests.unit.core.stand import Stand, compare_with_the_log
from tests.unit.core.test_execution_desk import step, workflow

SLOTS = [Slot(n=n, queue="", least=0) for n in range(1, 13)]
LIMIT = 2
FLOW = workflow(step("a"), concurrency={"key": "k", "limit": LIMIT})


class Watch:
    """Counts outside of the database how many run."""

    def __init__(self, count: int) -> None:
        self._mutex = threading.Lock()
        self._running = 0
        self.most = 0
        self.left = threading.Semaphore(count)

    def began(self) -> None:
        """One runs."""
        with self._mutex:
            self._running += 1
            self.most = max(self.most, self._running)

    def ends(self) -> None:
        """One is about to end."""
        with self._mutex:
            self._running -= 1


@pytest.mark.parametrize("body", ["sqlite", "postgresql"])
def test_races_for_a_key_never_pass_its_limit_and_everybody_gets_a_turn(
    body: str, tmp_path: Path, request: pytest.FixtureRequest, prove_scale: int
) -> None:
    url = request.getfixturevalue("postgres_url") if body == "postgresql" else None
    names = ("one-", "two-") if url else ("one-",)
    processes = [
        Stand(tmp_path, url=url, slots=SLOTS, seed=seed, worker=name)
        for seed, name in enumerate(names, start=1)
    ]
    if url:
        take_seats(processes[0], SLOTS)
    for stand in processes:
        stand.database.migrate_script("UPDATE queues SET max = 99;")
    count = 24 * prove_scale
    watch = Watch(count)

    def feed(stand: Stand) -> None:
        for _ in range(count // len(processes)):
            stand.engine.execute(FLOW)

    def work(stand: Stand) -> None:
        while watch.left._value:
            stand.links.tick(0)
            for one in stand.claims.claim():
                watch.began()
                started = stand.start(one)
                watch.ends()
                stand.end(started)
                watch.left.acquire()

    with ThreadPoolExecutor(9) as pool:
        threads = [pool.submit(feed, stand) for stand in processes]
        threads += [pool.submit(work, stand) for stand in processes for _ in range(3)]
        for each in threads:
            each.result(120)
    assert 1 <= watch.most <= LIMIT
    assert processes[0].rows("inbox.slots", key="k") == []
    assert {row["state"] for row in processes[0].rows("executions.counts", workflow="")} == {
        "succeeded"
    }
    compare_with_the_log(processes[0])
    for stand in processes:
        stand.close()
