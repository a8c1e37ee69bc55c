from collections.abc import Callable

import pytest

from claude_agent.core.run_control import Ended, RunControl
from claude_agent.core.task_desk import COMMANDS
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, FencedOut
from tests.unit.core.stand import NO, Stand

WELL = Ended(verdict={"code": 0}, failure=None, outputs={"a": 1}, evidence=("E1",))
STOP = ("stop", {"stage": "ladder"})


def test_started_counts_the_attempt_and_follows_the_run(stand: Stand) -> None:
    one = stand.running()
    assert (one.attempt, one.adapter, one.digest) == (1, "shell", "d")
    row = stand.records.position(one.run_id)
    assert row is not None
    assert (row["fence"], row["segment"], row["byte"], row["line"]) == (1, 1, 0, 0)


def test_started_cancels_a_task_that_was_to_be_cancelled_before_it_began(stand: Stand) -> None:
    stand.submit()
    (one,) = stand.claims.claim()
    stand.orders.cancel(one.ref, reason="no", actor="me")
    assert stand.start(one).state == "cancelled"
    assert stand.records.position(one.run_id) is None
    assert (stand.places(), stand.slots_of()) == ({}, {})


@pytest.mark.parametrize("failure", [None, NO])
def test_ended_records_how_the_run_ended(stand: Stand, failure: object) -> None:
    one = stand.end(stand.running(), NO if failure else None, x=1)
    assert one.state == ("dead" if failure else "succeeded")
    assert one.verdict == {"code": 1 if failure else 0}


def test_gates_are_counted_anew_and_decide(stand: Stand) -> None:
    one = stand.end(stand.running(gates=["true"]))
    assert (one.state, one.gate_run) == ("verifying", 1)
    again = stand.control.restart_gates(one)
    assert again.gate_run == 2
    done = stand.control.gates_ended(one.id, one.fence, None, ("E1", "E5"))
    assert (done.state, done.evidence) == ("succeeded", ("E1", "E5"))


def test_failed_gates_fail_the_attempt(stand: Stand) -> None:
    one = stand.end(stand.running(gates=["true"], retry={"max_attempts": 2}))
    failed = stand.control.gates_ended(one.id, one.fence, NO, ("E1",))
    assert (failed.state, failed.attempt) == ("scheduled", 1)


def test_released_task_is_ready_again_and_its_place_is_free(stand: Stand) -> None:
    one = stand.control.release(stand.running(), "sealed")
    assert (one.state, one.attempt, stand.places()) == ("ready", 0, {})


def test_lost_run_is_reaped_and_resolved(stand: Stand) -> None:
    one = stand.running()
    lost = stand.control.lost(one.id, one.fence, "gone")
    assert (lost.state, lost.reason) == ("uncertain", "gone")
    with pytest.raises(Conflict, match="not proved ended"):
        stand.control.resolve(lost, "retry", how="rule")
    reaped = stand.control.reaped(one.id, one.fence, 2)
    again = stand.control.resolve(reaped, "retry", how="idempotent")
    assert (again.state, again.not_before) == ("scheduled", stand.clock.now())


def test_active_is_every_task_that_holds_a_slot(stand: Stand) -> None:
    stand.submit("master")
    running = stand.running("master")
    checked = stand.end(stand.running(gates=["true"]))
    lost = stand.reaped(stand.running())
    stand.end(stand.running("database"))
    found = {one.id for one in stand.control.active()}
    assert {running.id, checked.id, lost.id} <= found
    assert all(stand.task(each).state in ("running", "verifying", "uncertain") for each in found)


# Adoption -----------------------------------------------------------------------------------


def test_adopted_run_goes_on_under_its_new_owner(stand: Stand) -> None:
    one = stand.running()
    stand.restart()
    adopted = stand.control.adopt(one, alive=True)
    assert (adopted.state, adopted.worker, adopted.fence, adopted.run) == ("running", "w2", 2, 1)
    row = stand.records.position(one.run_id)
    assert row is not None
    assert row["fence"] == 2
    assert stand.end(adopted).state == "succeeded"


def test_run_that_waits_for_a_person_still_waits_after_a_restart(stand: Stand) -> None:
    """Adopting must not make a reaped run look alive: its answer would be refused for ever."""
    one = stand.reaped(stand.running())
    stand.restart()
    adopted = stand.control.adopt(one, alive=False)
    assert (adopted.state, adopted.fence) == ("uncertain", 2)
    done = stand.orders.answer(one.ref, "succeeded", "I looked", "me")
    assert done.state == "succeeded"


def test_uncertain_run_that_answers_after_all_goes_on(stand: Stand) -> None:
    one = stand.running()
    stand.control.lost(one.id, one.fence, "gone")
    stand.restart()
    assert stand.control.adopt(one, alive=True).state == "running"


OWNERS: dict[str, Callable[[RunControl, Task], object]] = {
    "started": lambda c, t: c.started(t, adapter="shell", digest="d"),
    "adopt": lambda c, t: c.adopt(t, alive=True),
    "release": lambda c, t: c.release(t, "x"),
    "ended": lambda c, t: c.ended(t.id, t.fence, WELL),
    "gates_ended": lambda c, t: c.gates_ended(t.id, t.fence, None, ()),
    "restart_gates": lambda c, t: c.restart_gates(t),
    "lost": lambda c, t: c.lost(t.id, t.fence, "x"),
    "reaped": lambda c, t: c.reaped(t.id, t.fence, 0),
    "resolve": lambda c, t: c.resolve(t, "retry", how="rule"),
    "stop_run": lambda c, t: c.stop_run(t, "timeout.idle"),
}


@pytest.mark.parametrize("name", OWNERS)
def test_owner_that_lost_its_task_is_fenced_out_and_changes_nothing(
    stand: Stand, name: str
) -> None:
    stale = stand.running()
    stand.restart()
    stand.control.adopt(stale, alive=True)
    before = stand.everything()
    with pytest.raises(FencedOut):
        OWNERS[name](stand.control, stale)
    assert stand.everything() == before


# Stops --------------------------------------------------------------------------------------


def test_stop_is_sent_once(stand: Stand) -> None:
    one = stand.running()
    stand.notifier.wait({COMMANDS}, 0.0)
    stopped = stand.control.stop_run(one, "timeout.idle")
    assert stopped.stop_requested == "timeout.idle"
    assert stand.notifier.wait({COMMANDS}, 0.0)
    stand.control.stop_run(one, "timeout.idle")
    assert stand.records.open_commands(one) == [(1, *STOP)]
