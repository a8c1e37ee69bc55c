"""Schedules that fire, on the core with a clock of the test's own."""

from pathlib import Path
from typing import Any

import pytest

from claude_agent.core.schedule_desk import Span
from claude_agent.domain.problem import DefinitionError
from claude_agent.errors import Conflict, Invalid, NotFound
from claude_agent.storage import schedule_rows
from tests.unit.core.stand import Stand, compare_with_the_log

MINUTE = 60_000
HOUR = 60 * MINUTE


def define(stand: Stand, *lines: dict[str, Any], name: str = "Nightly", **more: Any) -> str:
    """Store a workflow with schedules; return its hash."""
    steps = [{"id": "a", "run": "true", "agent": "testing"}]
    definition = {"name": name, "steps": steps, **more}
    if lines:
        definition["on"] = {"schedule": list(lines)}
    return stand.engine.define_workflow(definition)


def line(cron: str = "* * * * *", **more: Any) -> dict[str, Any]:
    return {"cron": cron, **more}


def shown(stand: Stand, name: str = "nightly.1") -> dict[str, Any]:
    return stand.links.triggers.schedule_desk.show(name)


def told(stand: Stand, name: str = "nightly.1") -> list[tuple[str, str]]:
    """Return (state, reason) of the firings, oldest first."""
    ticks = shown(stand, name)["ticks"]
    return [(one["state"], one["reason"] or "") for one in reversed(ticks)]


def pass_time(stand: Stand, milliseconds: int) -> None:
    stand.clock.advance(milliseconds)
    stand.scheduler.tick()


def runs(stand: Stand) -> list[str]:
    rows = stand.rows(
        "executions.list", state="", workflow="", before_at=2**62, before_id="", limit=500
    )
    return [row["id"] for row in reversed(rows)]


def same_as_log(stand: Stand) -> None:
    compare_with_the_log(stand)
    assert stand.database.read(lambda r: schedule_rows.differing(r, stand.history())) == []


@pytest.fixture
def stand(stand: Stand) -> Stand:
    """Begin at a whole minute, so that tests can count."""
    stand.clock.advance(-stand.clock.now() % MINUTE + 1)
    return stand


def test_schedule_fires_once_for_each_time(stand: Stand) -> None:
    digest = define(stand, line(inputs={"at": "${{ event.time }}"}, overlap="allow"))
    for _ in range(3):
        pass_time(stand, MINUTE)
        stand.scheduler.tick()
    assert len(runs(stand)) == 3
    first = stand.execution(runs(stand)[0])
    assert first.definition == digest
    assert first.params == {"at": "2023-11-14T22:15:00+00:00"}
    assert first.started_by["schedule"] == "nightly.1"
    assert first.started_by["tick"] % MINUTE == 0
    assert stand.history()[-1].event.actor == "schedule:nightly.1"
    same_as_log(stand)


def test_open_execution_lets_the_next_time_be_skipped_queued_or_pushes_it_out(
    stand: Stand,
) -> None:
    for name in ("skip", "queue", "cancel_running", "allow"):
        define(stand, line(overlap=name), name=name.replace("_", "-"))
    for _ in range(3):
        pass_time(stand, MINUTE)
        stand.links.orchestrator.drain()
        stand.scheduler.tick()
    started, wait = ("started", ""), ("queued", "")
    assert told(stand, "skip.1") == [started, ("skipped", "overlap"), ("skipped", "overlap")]
    assert told(stand, "queue.1") == [started, wait, wait]
    assert told(stand, "cancel-running.1") == [started, started, started]
    assert told(stand, "allow.1") == [started, started, started]
    states = [one["execution_state"] for one in shown(stand, "cancel-running.1")["ticks"]]
    assert states == ["running", "cancelled", "cancelled"]
    same_as_log(stand)
    oldest = shown(stand, "queue.1")["ticks"][-1]["execution_id"]
    stand.do(oldest, "a")
    stand.scheduler.tick()
    assert told(stand, "queue.1") == [started, started, wait]
    same_as_log(stand)


def test_pushed_out_execution_that_takes_its_time_has_one_waiting(stand: Stand) -> None:
    define(stand, line(overlap="cancel_running"))
    pass_time(stand, MINUTE)
    (first,) = runs(stand)
    stand.claims.claim()
    task = stand.start(stand.step_task(first, "a"))
    for _ in range(2):
        pass_time(stand, MINUTE)
        stand.links.orchestrator.drain()
        stand.scheduler.tick()
    assert told(stand) == [("started", ""), ("skipped", "replaced"), ("queued", "")]
    stand.end(stand.task(task.id))
    stand.scheduler.tick()
    assert stand.execution(first).state == "cancelled"
    assert told(stand) == [("started", ""), ("skipped", "replaced"), ("started", "")]
    same_as_log(stand)


@pytest.mark.parametrize(
    ("away", "catchup", "fired", "missed"),
    [
        (50_000, "0s", 1, 0),  # noticed within a minute: on time
        (3 * HOUR, "0s", 0, 1),  # a time long ago is dropped
        (3 * HOUR, "4h", 1, 1),  # the newest of them is made up for, the others are told
        (3 * HOUR, "10m", 0, 1),  # too long ago
    ],
)
def test_times_missed_while_nobody_was_here(
    stand: Stand, away: int, catchup: str, fired: int, missed: int
) -> None:
    define(stand, line("0 * * * *", catchup=catchup, overlap="allow"))
    stand.clock.advance(-stand.clock.now() % HOUR - 1_000)
    if away > HOUR:
        stand.clock.advance(30 * MINUTE)
    stand.close()
    stand.clock.advance(away - (HOUR if away > HOUR else 0))
    stand.open()
    stand.scheduler.tick()
    stand.scheduler.tick()
    assert len(runs(stand)) == fired
    assert stand.types("schedule/nightly.1").count("schedule.missed") == missed
    same_as_log(stand)


def test_jump_of_the_clock_fires_a_time_once(stand: Stand) -> None:
    define(stand, line(overlap="allow"))
    for _ in range(5):
        pass_time(stand, MINUTE)
    assert len(runs(stand)) == 5
    stand.clock.jump(-4 * MINUTE)
    for _ in range(4):  # the same times once more
        stand.scheduler.tick()
        pass_time(stand, MINUTE)
    assert len(runs(stand)) == 5
    pass_time(stand, MINUTE)
    assert len(runs(stand)) == 6
    stand.clock.jump(400 * 24 * HOUR)  # far ahead, by mistake, and back
    stand.scheduler.tick()
    stand.clock.jump(-400 * 24 * HOUR)
    stand.scheduler.tick()
    before = len(runs(stand))
    for _ in range(2):
        pass_time(stand, MINUTE)
    assert len(runs(stand)) == before + 2
    same_as_log(stand)


def test_clock_that_came_back_while_nobody_was_here(stand: Stand) -> None:
    stand.clock.jump(400 * 24 * HOUR)
    define(stand, line(overlap="allow"))
    stand.close()
    stand.clock.jump(-400 * 24 * HOUR)
    stand.open()
    stand.scheduler.tick()
    pass_time(stand, MINUTE)
    assert len(runs(stand)) == 1
    same_as_log(stand)


def test_newer_version_replaces_and_a_persons_pause_stays(stand: Stand) -> None:
    desk = stand.links.triggers.schedule_desk
    define(stand, line("0 3 * * *"), line("30 * * * *", tz="Europe/Rome"))
    desk.pause("nightly.1", reason="a freeze", actor="me")
    # Its lines change places, one is new; each keeps what is its own.
    newer = define(
        stand, line("30 * * * *", tz="Europe/Rome"), line("0 3 * * *"), line("0 4 * * *")
    )
    found = {one["id"]: one for one in desk.all()}
    assert [one["cron"] for one in found.values()] == ["0 3 * * *", "30 * * * *", "0 4 * * *"]
    assert [one["state"] for one in found.values()] == ["paused", "active", "active"]
    assert {one["definition"] for one in found.values()} == {newer}
    # A line whose time changes keeps its pause too.
    define(stand, line("30 * * * *", tz="Europe/Rome"), line("5 3 * * *"))
    found = {one["id"]: one for one in desk.all()}
    assert (found["nightly.1"]["cron"], found["nightly.1"]["state"]) == ("5 3 * * *", "paused")
    assert "nightly.3" not in found
    # The same version again changes nothing; a version that only runs arms nothing.
    events = len(stand.history())
    define(stand, line("30 * * * *", tz="Europe/Rome"), line("5 3 * * *"))
    assert len(stand.history()) == events
    define(stand)
    assert desk.all() == []
    with pytest.raises(NotFound):
        desk.show("nightly")
    same_as_log(stand)


def test_paused_schedule_fires_nothing_and_makes_nothing_up(stand: Stand) -> None:
    desk = stand.links.triggers.schedule_desk
    define(stand, line(catchup="1h", overlap="allow"))
    assert desk.pause("nightly", reason="later", actor="me")["state"] == "paused"
    for _ in range(3):
        pass_time(stand, MINUTE)
    assert desk.show("nightly")["next"] == []
    assert runs(stand) == []
    assert desk.resume("nightly", actor="me")["state"] == "active"
    stand.scheduler.tick()
    assert runs(stand) == []
    pass_time(stand, MINUTE)
    assert len(runs(stand)) == 1
    same_as_log(stand)


def test_person_starts_one_now_whatever_runs(stand: Stand) -> None:
    desk = stand.links.triggers.schedule_desk
    define(stand, line("0 0 1 1 *", inputs={"by": "${{ event.kind }}"}))
    ids = {stand.database.write(lambda tx: desk.trigger(tx, "nightly", actor="me")) for _ in "abc"}
    assert len(ids) == 3
    assert {stand.execution(one).params["by"] for one in ids} == {"manual"}
    same_as_log(stand)


def test_backfill_fires_what_was_missed_in_order_and_once(stand: Stand) -> None:
    desk = stand.links.triggers.schedule_desk
    define(stand, line("0 * * * *"))
    start = stand.clock.now()
    stand.clock.advance(5 * HOUR)
    stand.scheduler.tick()
    span = Span(first=start, last=stand.clock.now(), limit=10)
    would = desk.backfill("nightly", span, dry_run=True, actor="me")
    assert len(would["ticks"]) == 5 - len(would["already"])
    assert runs(stand) == []
    done = desk.backfill("nightly", span, dry_run=False, actor="me")
    assert done["ticks"] == would["ticks"]
    again = desk.backfill("nightly", span, dry_run=False, actor="me")
    assert (again["ticks"], len(again["already"])) == ([], 5)
    for n in range(1, 6):  # one after the other, because they must not overlap
        stand.scheduler.tick()
        assert len(runs(stand)) == n
        (mine,) = [one for one in runs(stand) if not stand.execution(one).terminal]
        stand.do(mine, "a")
        stand.clock.advance(1)
    assert [one["kind"] for one in desk.show("nightly")["ticks"]] == ["backfill"] * 5
    ticks = [stand.execution(one).started_by["tick"] for one in runs(stand)]
    assert ticks == sorted(ticks) == done["ticks"]
    with pytest.raises(Invalid, match="more than 2 times"):
        desk.backfill("nightly", Span(first=0, last=start, limit=2), dry_run=True, actor="me")
    ahead = Span(first=start, last=stand.clock.now() + HOUR, limit=2)
    with pytest.raises(Invalid, match="not beyond now"):
        desk.backfill("nightly", ahead, dry_run=True, actor="me")
    same_as_log(stand)


def test_start_that_is_refused_is_told_and_the_next_time_is_tried(stand: Stand) -> None:
    inputs = {"env": {"type": "string", "required": True}}
    define(stand, line(inputs={}), inputs=inputs)
    for _ in range(2):
        pass_time(stand, MINUTE)
    ticks = shown(stand)["ticks"]
    assert [one["reason"] for one in ticks] == ["refused", "refused"]
    assert "env" in ticks[0]["message"]
    assert stand.scheduler.tick() == 0
    same_as_log(stand)


def test_workflow_with_several_schedules_wants_one_named(stand: Stand) -> None:
    define(stand, line("0 1 * * *"), line("0 2 * * *"))
    with pytest.raises(Conflict, match="2 schedules"):
        shown(stand, "nightly")


@pytest.mark.parametrize(
    ("cron", "tz", "wrong"),
    [
        ("0 0 31 2 *", "UTC", "is no cron expression: bad day-of-month"),
        ("0 25 * * *", "UTC", "is no cron expression: bad hour"),
        ("@sometimes", "UTC", "is no cron expression"),
        ("0 0 * * *", "Mars/Base", "there is no time zone 'Mars/Base'"),
    ],
)
def test_cron_that_never_fires_is_refused_when_it_is_defined(
    stand: Stand, cron: str, tz: str, wrong: str
) -> None:
    with pytest.raises(DefinitionError, match=wrong):
        define(stand, line(cron, tz=tz))
    define(stand, line("@daily"))
    assert shown(stand)["cron"] == "0 0 * * *"


def test_execution_started_from_a_file_arms_nothing(stand: Stand) -> None:
    steps = [{"id": "a", "run": "true", "agent": "testing"}]
    stand.engine.execute({"name": "Once", "on": {"schedule": [line()]}, "steps": steps})
    assert stand.links.triggers.schedule_desk.all() == []


def test_every_moment_of_a_crash_leaves_one_execution_for_each_time(
    stand: Stand, tmp_path: Path
) -> None:
    """The transaction that fires fails at each of its statements in turn; the next look fires."""
    define(stand, line(overlap="allow"))
    for nth in range(1, 200):
        failed = _fail_at(stand, nth)
        stand.scheduler.tick()
        same_as_log(stand)
        ticks = [stand.execution(one).started_by["tick"] for one in runs(stand)]
        assert len(ticks) == len(set(ticks)) == nth
        if not failed:
            return
    pytest.fail("the transaction never came to its end")


def _fail_at(stand: Stand, nth: int) -> bool:
    """Let the scheduler look once, in a process that dies at its nth statement."""
    stand.clock.advance(MINUTE)
    calls = 0
    write = stand.database.write

    class Died(ZeroDivisionError):
        pass

    def dying(work: Any, **how: Any) -> Any:
        def cut(tx: Any) -> Any:
            execute = tx.execute

            def counted(query: str, **params: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == nth:
                    raise Died
                return execute(query, **params)

            tx.execute = counted
            try:
                return work(tx)
            finally:
                del tx.execute

        return write(cut, **how)

    vars(stand.database)["write"] = dying
    try:
        stand.links.triggers.schedules.tick(stand.clock.now())
    except Died:
        pass
    else:
        return False
    finally:
        del vars(stand.database)["write"]
        stand.restart()
    return True
