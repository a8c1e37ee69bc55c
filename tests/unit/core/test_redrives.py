"""Re-drives of many, taken turn by turn by the scheduler."""

from typing import Any

import pytest

from claude_agent.core import redrives
from claude_agent.core.letters import Criteria
from claude_agent.errors import Invalid, NotFound
from tests.unit.core.stand import NO, Stand, compare_with_the_log
from tests.unit.core.test_dead_letters import bury, die


def begin(stand: Stand, rate: str | None = None, **wanted: Any) -> str:
    per_minute = redrives.per_minute_of(rate)
    context = stand.desk.context("ann")
    return stand.database.write(
        lambda tx: stand.redrives.begin(tx, Criteria(**wanted), per_minute, context)
    )


def seen(stand: Stand, redrive_id: str) -> Any:
    return stand.database.read(lambda r: redrives.redrive_view(redrives.find(r, redrive_id)))


def ready(stand: Stand) -> int:
    return sum(row["count"] for row in stand.rows("tasks.by_queue") if row["state"] == "ready")


def test_everything_that_is_dead_is_re_driven_once(stand: Stand) -> None:
    tasks = [die(stand) for _ in range(3)]
    bury(stand, "m1")
    new = begin(stand)
    assert seen(stand, new)["total"] == 4
    stand.scheduler.tick()
    found = seen(stand, new)
    assert (found["done"], found["skipped"], found["state"]) == (4, 0, "ended")
    assert ready(stand) == 3
    assert stand.types("message/m1") == ["message.redriven"]
    assert stand.types(f"redrive/{new}") == ["redrive.started", "redrive.ended"]
    redriven = [one.event for one in stand.history() if one.event.type == "task.redriven"]
    assert {one.stream for one in redriven} == {one.stream for one in tasks}
    assert {(one.actor, one.causation) for one in redriven} == {("ann", f"redrive/{new}")}
    stand.scheduler.tick()
    assert seen(stand, new) == found
    compare_with_the_log(stand)


def test_more_letters_than_one_turn_takes_are_all_re_driven(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrives, "AT_ONCE", 2)
    for _ in range(5):
        die(stand)
    new = begin(stand)
    counts = []
    while seen(stand, new)["state"] == "running":
        stand.scheduler.tick()
        stand.clock.advance(5)
        counts.append(seen(stand, new)["done"])
    assert counts == [2, 4, 5]


def test_a_rate_is_kept_and_lost_time_is_not_made_up_for(stand: Stand) -> None:
    for _ in range(6):
        die(stand)
    new = begin(stand, "2/s")
    done = []
    for _ in range(4):
        stand.scheduler.tick()
        stand.scheduler.tick()
        done.append(seen(stand, new)["done"])
        stand.clock.advance(500)
    assert done == [1, 2, 3, 4]
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    assert seen(stand, new)["done"] == 5


def test_a_high_rate_takes_several_a_turn(stand: Stand) -> None:
    for _ in range(7):
        die(stand)
    new = begin(stand, "30/s")
    stand.scheduler.tick()
    assert seen(stand, new)["done"] == 3


def test_the_scheduler_looks_again_when_the_next_turn_is_due(stand: Stand) -> None:
    for _ in range(2):
        die(stand)
    begin(stand, "2/s")
    stand.scheduler.tick()
    assert 0.4 < stand.scheduler._next_look() <= 0.5


def test_another_process_goes_on_after_a_crash(stand: Stand) -> None:
    for _ in range(4):
        die(stand)
    new = begin(stand, "1/s")
    stand.scheduler.tick()
    stand.restart()
    for _ in range(5):
        stand.clock.advance(1_000)
        stand.scheduler.tick()
    assert seen(stand, new)["done"] == 4
    redriven = [one.event.stream for one in stand.history() if one.event.type == "task.redriven"]
    assert len(redriven) == len(set(redriven)) == 4


def test_a_turn_that_another_process_took_is_left_to_it(stand: Stand) -> None:
    die(stand)
    new = begin(stand)
    job = stand.database.read(lambda r: redrives.find(r, new))
    take = stand.redrives._take
    assert stand.database.write(lambda tx: take(tx, job, stand.clock.now(), job["next_at"]))
    assert not stand.database.write(lambda tx: take(tx, job, stand.clock.now(), job["next_at"]))


def test_what_dies_later_is_not_re_driven_again(stand: Stand) -> None:
    for _ in range(2):
        die(stand)
    new = begin(stand, "1/s")
    stand.scheduler.tick()
    (again,) = stand.claims.claim()
    stand.clock.advance(100)
    stand.end(stand.start(again), NO)
    for _ in range(4):
        stand.clock.advance(1_000)
        stand.scheduler.tick()
    assert (seen(stand, new)["done"], seen(stand, new)["state"]) == (2, "ended")
    assert stand.types(again.stream).count("task.redriven") == 1


def test_criteria_leave_the_others_and_steps_alone(stand: Stand) -> None:
    die(stand)
    die(stand, "database")
    steps = [{"id": "a", "run": "x", "agent": "testing"}]
    stand.do(stand.engine.execute({"name": "D", "steps": steps}), "a", NO)
    bury(stand, "m1")
    new = begin(stand, queue="testing")
    assert seen(stand, new)["total"] == 1
    stand.scheduler.tick()
    assert seen(stand, new)["done"] == 1
    assert ready(stand) == 1


def test_a_letter_that_cannot_be_re_driven_is_skipped(stand: Stand) -> None:
    gone = die(stand)
    die(stand, "database")
    agents = {k: v for k, v in stand.catalogue.agents.items() if k != "testing"}
    object.__setattr__(stand.catalogue, "agents", agents)
    new = begin(stand)
    stand.scheduler.tick()
    found = seen(stand, new)
    assert (found["done"], found["skipped"], found["state"]) == (1, 1, "ended")
    assert stand.task(gone.id).state == "dead"


def test_a_redrive_can_be_stopped(stand: Stand) -> None:
    for _ in range(3):
        die(stand)
    new = begin(stand, "1/s")
    stand.scheduler.tick()
    context = stand.desk.context("bob")
    for _ in range(2):
        stand.database.write(lambda tx: stand.redrives.stop(tx, new, context))
    stand.clock.advance(5_000)
    stand.scheduler.tick()
    assert (seen(stand, new)["done"], seen(stand, new)["state"]) == (1, "ended")
    assert stand.types(f"redrive/{new}") == ["redrive.started", "redrive.ended"]


def test_a_redrive_goes_on_after_the_clock_went_back(stand: Stand) -> None:
    for _ in range(2):
        die(stand)
    new = begin(stand, "1/s")
    stand.scheduler.tick()
    stand.database.write(
        lambda tx: tx.execute(
            "redrives.take",
            id=new,
            was=stand.rows("redrives.one", id=new)[0]["next_at"],
            next_at=stand.clock.now() + 3_600_000,
        )
    )
    stand.scheduler.tick()
    assert seen(stand, new)["done"] == 2


@pytest.mark.parametrize(("rate", "number"), [("5/s", 300), ("30/m", 30), (None, 0)])
def test_rate_is_read(rate: str | None, number: int) -> None:
    assert redrives.per_minute_of(rate) == number


@pytest.mark.parametrize("rate", ["0/s", "5", "5/h", "x/s", "-1/s", ""])
def test_other_rates_are_refused(rate: str) -> None:
    with pytest.raises(Invalid):
        redrives.per_minute_of(rate)


def test_a_redrive_nobody_knows_is_not_found(stand: Stand) -> None:
    with pytest.raises(NotFound):
        seen(stand, "nix")
    assert stand.database.read(redrives.newest) == []
    new = begin(stand, "60/m")
    assert [one["id"] for one in stand.database.read(redrives.newest)] == [new]
    assert seen(stand, new)["rate"] == "1/s"


def test_the_first_dead_message_of_a_kind_is_told_once(stand: Stand) -> None:
    def told() -> list[str]:
        events = [one.event for one in stand.history() if one.event.type == "dead_letter.first"]
        return [event.data["id"] for event in events]

    bury(stand, "m1")
    bury(stand, "m2")
    stand.scheduler.tick()
    assert told() == ["m1"]
    bury(stand, "m3", actor="other")
    stand.restart()
    for _ in range(2):
        stand.clock.advance(5_000)
        stand.scheduler.tick()
    assert told() == ["m1", "m3"]
    (event,) = [one.event for one in stand.history() if one.event.data.get("id") == "m1"]
    assert event.data["reason"] == "failed"
    assert event.data["message"] == "ValueError: no"
