"""Two servers on one PostgreSQL and one schedule: each time starts one execution."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_agent.errors import Conflict
from claude_agent.storage import schedule_rows
from tests.unit.core.stand import Stand, compare_with_the_log

MINUTE = 60_000
ROUNDS = 12


@pytest.mark.parametrize("overlap", ["allow", "queue", "cancel_running"])
def test_two_servers_fire_each_time_once(tmp_path: Path, postgres_url: str, overlap: str) -> None:
    one = Stand(tmp_path, url=postgres_url, seed=1, worker="one-")
    two = Stand(tmp_path, url=postgres_url, seed=2, worker="two-")
    flow = {
        "name": "Race",
        "on": {"schedule": [{"cron": "* * * * *", "overlap": overlap}]},
        "steps": [{"id": "a", "run": "true", "agent": "testing"}],
    }
    one.engine.define_workflow(flow)
    begun = one.clock.now()
    for n in range(ROUNDS):
        for stand in (one, two):
            stand.clock.advance(MINUTE)
        two_at_once = [_looks(one), _looks(two), _ends(two), _people(one, n), _people(two, n)]
        _together(two_at_once)
    one.scheduler.tick()
    rows = one.rows("schedules.every_tick")
    cron = [row for row in rows if row["kind"] == "cron"]
    first = begun // MINUTE * MINUTE + MINUTE
    assert [row["tick"] for row in cron] == [first + MINUTE * n for n in range(ROUNDS)]
    started = [row["execution_id"] for row in rows if row["state"] == "started"]
    assert len(set(started)) == len(started)
    runs = one.rows(
        "executions.list", state="", workflow="", before_at=2**62, before_id="", limit=500
    )
    assert {row["id"] for row in runs} == set(started)
    assert one.database.read(lambda r: schedule_rows.differing(r, one.history())) == []
    compare_with_the_log(one)
    two.close()
    one.close()


def _looks(stand: Stand) -> Callable[[], None]:
    def look() -> None:
        for _ in range(3):
            stand.links.triggers.schedules.tick(stand.clock.now())
            stand.links.orchestrator.drain()

    return look


def _ends(stand: Stand) -> Callable[[], None]:
    """End what a schedule started, so that what waits behind it may start."""

    def end() -> None:
        for row in stand.rows("schedules.every_tick"):
            if row["is_open"]:
                with contextlib.suppress(Conflict):
                    stand.engine.cancel(
                        row["execution_id"], compensate=None, actor="me", reason="enough"
                    )

    return end


def _people(stand: Stand, n: int) -> Callable[[], None]:
    desk = stand.links.triggers.schedule_desk

    def do() -> None:
        if n % 3 == 0:
            stand.database.write(lambda tx: desk.trigger(tx, "race", actor="me"))
        elif n % 3 == 1:
            desk.show("race")
        else:
            desk.all()

    return do


def _together(work: list[Callable[[], None]]) -> None:
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], None]) -> None:
        gate.wait()
        one()

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(run, one) for one in work]:
            done.result(timeout=60)
