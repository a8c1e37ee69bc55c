"""A full queue refuses what clients submit, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from claude_agent.core.room import STALE_MS
from claude_agent.errors import QueueFull
from claude_agent.storage.database import Tx
from tests.unit.core.stand import NO, Stand, compare_with_the_log
from tests.unit.core.test_execution_desk import UNDO, step, workflow


@pytest.fixture
def narrow(tmp_path: Path) -> Stand:
    """A stand whose queue testing takes three ready tasks."""
    stand = Stand(tmp_path)
    bound = replace(stand.catalogue.agents["testing"], max_ready=3)
    stand.catalogue = replace(stand.catalogue, agents={**stand.catalogue.agents, "testing": bound})
    stand.restart()
    return stand


def ready(stand: Stand) -> int:
    rows = stand.database.read(lambda r: r.rows("queues.depths", name="testing"))
    return sum(row["count"] for row in rows if row["state"] == "ready")


def test_a_full_queue_takes_exactly_its_bound_and_stores_nothing_more(narrow: Stand) -> None:
    for _ in range(3):
        narrow.submit()
    events = len(narrow.history())
    for _ in range(4):
        with pytest.raises(QueueFull, match="The queue testing is full: it takes 3 tasks"):
            narrow.submit()
    assert (ready(narrow), len(narrow.history())) == (3, events)
    narrow.submit("database")
    compare_with_the_log(narrow)


def test_delayed_tasks_are_taken_and_a_claim_makes_room(narrow: Stand) -> None:
    for _ in range(3):
        narrow.submit()
    narrow.submit(delay="1h")
    with pytest.raises(QueueFull):
        narrow.submit()
    assert len(narrow.claims.claim()) == 2
    narrow.clock.advance(STALE_MS)
    narrow.submit()
    narrow.submit()
    with pytest.raises(QueueFull):
        narrow.submit()


def test_room_is_found_again_when_the_wall_clock_went_back(narrow: Stand) -> None:
    for _ in range(3):
        narrow.submit()
    with pytest.raises(QueueFull):
        narrow.submit()
    narrow.claims.claim()
    narrow.clock.jump(-3_600_000)
    narrow.submit()


def test_a_refused_transaction_gives_its_place_back_at_the_next_count(narrow: Stand) -> None:
    class Stop(Exception):
        """Breaks a transaction off."""

    def broken_off() -> None:
        def work(tx: Tx) -> None:
            narrow.bus.accept(tx, {"run": "true", "agent": "testing"}, actor="me")
            raise Stop

        with pytest.raises(Stop):
            narrow.database.write(work)

    for _ in range(5):
        broken_off()
    for _ in range(3):
        narrow.submit()
    assert ready(narrow) == 3


def test_steps_compensation_retries_and_redrives_go_on_in_a_full_queue(narrow: Stand) -> None:
    run = narrow.engine.execute(
        workflow(
            step("a", compensate=UNDO, agent="testing"),
            step("b", "a", agent="testing"),
        )
    )
    dead = narrow.submit("testing", priority="EMERGENCY")
    narrow.submit()
    with pytest.raises(QueueFull):
        narrow.submit()
    narrow.end(narrow.start(next(x for x in narrow.claims.claim() if x.id == dead.id)), NO)
    assert narrow.task(dead.id).state == "dead"
    narrow.end(narrow.start(narrow.step_task(run, "a")))  # claimed beside it
    narrow.clock.advance(STALE_MS)
    while True:
        try:
            narrow.submit()
        except QueueFull:
            break
    context = narrow.desk.context("ann")
    narrow.database.write(lambda tx: narrow.letters.redrive(tx, ("task", dead.id), context))
    assert narrow.task(dead.id).state == "ready"
    assert ready(narrow) == 4
    assert narrow.step_task(run, "b").state == "ready"
    compare_with_the_log(narrow)
