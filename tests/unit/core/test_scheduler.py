from collections.abc import Callable

import pytest

from claude_agent.core import scheduler as module
from claude_agent.core.task_desk import READY
from claude_agent.core.wall_clock import DRIFT_MS
from claude_agent.domain.priority import Priority, aged
from claude_agent.domain.states import TASK_TERMINAL, TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import DiskFull
from claude_agent.storage.duty import Duty
from tests.unit.core.stand import NO, Stand
from tests.waiting import wait_until

HOUR = 3_600_000
STOP = [(1, "stop", {"stage": "ladder"})]


def later(stand: Stand, milliseconds: int) -> int:
    """Let time pass and look at the timers; return how many things changed."""
    stand.clock.advance(milliseconds)
    return stand.scheduler.tick()


# Every state that is not the end has somebody or something that moves it ---------------------


def ways() -> dict[str, Callable[[Stand], Task]]:
    """How a task comes to each state that is not the end."""
    return {
        "scheduled": lambda stand: stand.submit(delay="1s"),
        "ready": lambda stand: stand.submit(),
        "running": lambda stand: stand.running(),
        "verifying": lambda stand: stand.end(stand.running(gates=["true"])),
        "uncertain": lambda stand: stand.reaped(stand.running()),
    }


MOVED_BY = {
    "scheduled": "tasks.due",
    "ready": "tasks.ready_for",
    "running": "tasks.active",
    "verifying": "tasks.active",
    "uncertain": "tasks.active",
}
"""Which look finds a task of this state: a due time, the sweeper, or its owner's successor."""
BY_A_PERSON = {"held"}
"""States that wait for a named person; the approvals of a later version enter them."""


def test_every_state_that_is_not_the_end_is_looked_after() -> None:
    going = {state.value for state in set(TaskState) - TASK_TERMINAL}
    assert going == set(MOVED_BY) | BY_A_PERSON
    assert set(ways()) == set(MOVED_BY)


@pytest.mark.parametrize("state", MOVED_BY)
def test_state_is_found_by_who_looks_after_it(stand: Stand, state: str) -> None:
    one = ways()[state](stand)
    assert one.state == state
    stand.clock.advance(1_000)
    query = MOVED_BY[state]
    if query == "tasks.due":
        found = {row["id"] for row in stand.rows(query, now=stand.clock.now(), limit=9)}
    elif query == "tasks.active":
        found = {row["id"] for row in stand.rows(query)}
        assert one.worker == stand.claims.worker
    else:
        assert stand.claims.waiting_since() == one.not_before
        found = {one.id}
    assert found == {one.id}


# Delays -------------------------------------------------------------------------------------


def test_delayed_task_becomes_ready_when_its_time_has_come(stand: Stand) -> None:
    one = stand.submit(delay="10s")
    stand.notifier.wait({READY}, 0.0)
    assert later(stand, 9_999) == 0
    assert stand.task(one.id).state == "scheduled"
    assert later(stand, 1) == 1
    assert stand.task(one.id).state == "ready"
    assert stand.notifier.wait({READY}, 0.0)


def test_next_attempt_waits_for_its_backoff(stand: Stand) -> None:
    one = stand.end(stand.running(retry={"max_attempts": 3, "delay": "10s", "jitter": 0}), NO)
    assert later(stand, 9_999) == 0
    assert later(stand, 1) == 1
    assert stand.task(one.id).state == "ready"


def test_many_tasks_become_ready_in_several_looks(stand: Stand) -> None:
    for _ in range(module._BATCH + 5):
        stand.submit(delay="1s")
    assert later(stand, 1_000) == module._BATCH
    assert later(stand, 1) == 5
    assert later(stand, 1) == 0


# Timeouts -----------------------------------------------------------------------------------


def test_start_timeout_expires_a_task_that_nobody_started(stand: Stand) -> None:
    one = stand.submit(timeout={"start": "5s"})
    assert later(stand, 4_999) == 0
    assert later(stand, 1) == 1
    assert stand.task(one.id).state == "expired"


def test_start_timeout_is_over_once_it_was_started(stand: Stand) -> None:
    one = stand.running(timeout={"start": "5s"})
    later(stand, HOUR)
    assert (stand.task(one.id).state, stand.task(one.id).stop_requested) == ("running", "")


def test_start_timeout_begins_after_the_delay_that_was_asked_for(stand: Stand) -> None:
    one = stand.submit(delay="1h", timeout={"start": "5s"})
    later(stand, HOUR)
    assert stand.task(one.id).state == "ready"
    later(stand, 5_000)
    assert stand.task(one.id).state == "expired"


@pytest.mark.parametrize(
    ("timeout", "reason"), [("5s", "timeout.run"), ({"total": "5s"}, "timeout.total")]
)
def test_timeout_sends_a_running_task_the_ladder_once(
    stand: Stand, timeout: object, reason: str
) -> None:
    one = stand.running(timeout=timeout, retry={"max_attempts": 2})
    assert later(stand, 4_999) == 0
    assert later(stand, 1) == 1
    assert later(stand, HOUR) == 0
    assert stand.task(one.id).stop_requested == reason
    assert stand.records.open_commands(one) == STOP
    ended = stand.end(stand.task(one.id), NO)
    assert ended.state == ("dead" if reason == "timeout.total" else "scheduled")


def test_run_timeout_also_stops_gates(stand: Stand) -> None:
    one = stand.end(stand.running(timeout="5s", gates=["true"]))
    later(stand, 5_000)
    assert stand.task(one.id).stop_requested == "timeout.run"
    assert stand.records.open_commands(one) == STOP


def test_run_timeout_counts_for_each_attempt_anew(stand: Stand) -> None:
    one = stand.running(timeout="5s", retry={"max_attempts": 2, "delay": "1s", "jitter": 0})
    later(stand, 4_000)
    stand.end(one, NO)
    later(stand, 1_000)
    again = stand.running_of(one.spec.title)
    later(stand, 4_999)
    assert stand.task(one.id).stop_requested == ""
    later(stand, 1)
    assert stand.task(again.id).stop_requested == "timeout.run"


@pytest.mark.parametrize("delay", [None, "1h"])
def test_total_timeout_ends_a_waiting_task(stand: Stand, delay: str | None) -> None:
    one = stand.submit(timeout={"total": "5s"}, delay=delay)
    later(stand, 5_000)
    found = stand.task(one.id)
    assert (found.state, found.reason) == ("dead", "timeout.total")


def test_total_timeout_ends_a_task_that_waits_for_its_next_attempt(stand: Stand) -> None:
    one = stand.running(timeout={"total": "5s"}, retry={"max_attempts": 9, "delay": "1h"})
    stand.end(one, NO)
    later(stand, 5_000)
    assert stand.task(one.id).state == "dead"


def test_no_timeout_touches_an_uncertain_task(stand: Stand) -> None:
    one = stand.reaped(stand.running(timeout={"run": "1s", "total": "2s"}))
    assert later(stand, HOUR) == 0
    assert stand.task(one.id).state == "uncertain"


def test_execution_is_cancelled_by_its_timeout_and_undone_where_it_would_be(
    stand: Stand,
) -> None:
    source = {
        "name": "w",
        "timeout": "5s",
        "steps": [
            {"id": "a", "agent": "testing", "run": "true", "compensate": {"run": "undo"}},
            {"id": "b", "agent": "testing", "run": "true", "depends_on": ["a"]},
        ],
    }
    execution = stand.engine.execute(source)
    stand.do(execution, "a")
    stand.claims.claim()
    stand.start(stand.step_task(execution, "b"))
    assert later(stand, 4_999) == 0
    later(stand, 1)
    assert stand.execution(execution).state == "cancelling"
    assert later(stand, HOUR) == 0
    stand.end(stand.step_task(execution, "b"), NO)
    assert stand.execution(execution).state == "compensating"
    stand.do(execution, "undo a")
    run = stand.execution(execution)
    assert (run.state, run.cancel_requested) == ("compensated", "timeout.total")


def test_execution_that_ended_in_time_has_no_timeout(stand: Stand) -> None:
    source = {"name": "w", "timeout": "5s", "steps": [{"id": "a", "agent": "testing", "run": "x"}]}
    execution = stand.engine.execute(source)
    stand.do(execution, "a")
    assert later(stand, HOUR) == 0
    assert stand.execution(execution).state == "succeeded"


# Aging --------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", list(Priority))
def test_waiting_raises_the_priority_and_never_into_an_emergency(
    stand: Stand, priority: Priority
) -> None:
    one = stand.submit(priority=priority.name)
    for minutes in (9, 1, 10, 10, 600):
        later(stand, minutes * 60_000)
        (row,) = stand.rows("tasks.pick", queues=["testing"], least=0, away=[""], bound=[""])
        waited = stand.clock.now() - one.not_before
        assert row["effective_priority"] == aged(priority, priority, waited, module.AGING_MS)
    assert row["effective_priority"] == max(priority, Priority.CRITICAL)


def test_old_task_is_claimed_before_a_newer_one_of_higher_priority(stand: Stand) -> None:
    old = stand.submit("database", priority="LOW", title="old")
    later(stand, 40 * 60_000)
    stand.submit("database", priority="HIGH", title="new")
    assert [one.id for one in stand.claims.claim()] == [old.id]


def test_task_that_only_waits_for_its_time_does_not_age(stand: Stand) -> None:
    stand.submit(delay="2h", priority="LOW")
    later(stand, HOUR)
    later(stand, HOUR)
    (row,) = stand.rows("tasks.pick", queues=["testing"], least=0, away=[""], bound=[""])
    assert row["effective_priority"] == Priority.LOW


# The clock ----------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_delay_keeps_its_length_when_the_wall_clock_jumps(stand: Stand, jump: int) -> None:
    one = stand.submit(delay="10s")
    stand.clock.jump(jump)
    assert later(stand, 9_000) == 0
    assert later(stand, 1_000) == 1
    assert stand.task(one.id).state == "ready"


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_run_timeout_keeps_its_length_when_the_wall_clock_jumps(stand: Stand, jump: int) -> None:
    one = stand.running(timeout="10s")
    stand.clock.jump(jump)
    assert later(stand, 9_000) == 0
    assert stand.task(one.id).stop_requested == ""
    assert later(stand, 1_000) == 1
    assert stand.task(one.id).stop_requested == "timeout.run"


def test_start_timeout_keeps_its_length_when_the_wall_clock_jumps(stand: Stand) -> None:
    one = stand.submit(timeout={"start": "10s"})
    stand.clock.jump(HOUR)
    assert later(stand, 9_000) == 0
    assert later(stand, 1_000) == 1
    assert stand.task(one.id).state == "expired"


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_delay_keeps_its_length_when_the_clock_jumps_while_no_server_is_up(
    stand: Stand, jump: int
) -> None:
    stand.scheduler.catch_up()
    one = stand.submit(delay="10s")
    stand.close()
    stand.clock.jump(jump)
    stand.open()
    if stand.url is not None:
        wait_until(lambda: stand.database.leads(Duty.TIMERS), what="the duty to be free")
    stand.scheduler.catch_up()
    assert stand.task(one.id).not_before == one.not_before + jump
    fresh = stand.submit(delay="10s")
    assert later(stand, 9_000) == 0
    assert later(stand, 1_000) == 2
    assert (stand.task(one.id).state, stand.task(fresh.id).state) == ("ready", "ready")


def test_clocks_of_another_boot_or_host_are_not_compared(stand: Stand) -> None:
    one = stand.submit(delay="10s")
    stand.database.write(lambda tx: tx.execute("clock.put", host="here", boot_id="x", parted=7))
    stand.restart()
    assert stand.task(one.id) == one
    stand.clock.jump(HOUR)
    assert later(stand, 9_000) == 0, "what it sees itself is made good"
    assert later(stand, 1_000) == 1


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_delay_of_a_held_task_keeps_its_length_when_the_wall_clock_jumps(
    stand: Stand, jump: int
) -> None:
    first = stand.running()
    one, at_once = stand.submit(after=[first.id], delay="10s"), stand.submit(after=[first.id])
    stand.clock.jump(jump)
    stand.scheduler.tick()
    stand.end(first)
    assert later(stand, 9_000) > 0
    assert stand.task(at_once.id).state == "ready"
    assert stand.task(one.id).state == "scheduled"
    assert later(stand, 1_000) == 1
    assert stand.task(one.id).state == "ready"


def test_small_drift_moves_nothing(stand: Stand) -> None:
    one = stand.submit(delay="10s")
    stand.clock.jump(DRIFT_MS - 1)
    stand.scheduler.tick()
    assert stand.task(one.id) == one


def test_jump_is_made_good_later_where_the_disk_was_full(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stand.submit(delay="10s")
    stand.clock.jump(HOUR)

    def full(work: object, **_: object) -> None:
        raise DiskFull("no room")  # noqa: EM101

    monkeypatch.setattr(stand.database, "write", full)
    with pytest.raises(DiskFull):
        stand.scheduler.tick()
    monkeypatch.undo()
    assert later(stand, 9_000) == 0
    assert later(stand, 1_000) == 1
    assert stand.task(one.id).state == "ready"
