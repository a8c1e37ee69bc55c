import threading

import pytest

from claude_agent.core import scheduler as module
from claude_agent.core.task_desk import READY
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Command
from claude_agent.domain.task_time import Tick
from claude_agent.errors import Conflict, DiskFull
from claude_agent.storage.database import Tx
from tests.unit.core.stand import Stand
from tests.waiting import wait_until

HOUR = 3_600_000


def later(stand: Stand, milliseconds: int) -> int:
    """Let time pass and look at the timers; return how many things changed."""
    stand.clock.advance(milliseconds)
    return stand.scheduler.tick()


# Sweeps, beats and robustness ---------------------------------------------------------------


def test_ready_task_beside_a_free_slot_gets_a_ticket_after_two_seconds(stand: Stand) -> None:
    stand.submit()
    stand.notifier.wait({READY}, 0.0)
    later(stand, module.SWEEP_AFTER_MS - 1)
    assert not stand.notifier.wait({READY}, 0.0)
    later(stand, 1)
    assert stand.notifier.wait({READY}, 0.0)


def test_no_ticket_is_rung_for_a_task_that_no_free_slot_serves(stand: Stand) -> None:
    for _ in range(2):
        stand.running("testing")
    stand.submit("testing")
    stand.notifier.wait({READY}, 0.0)
    later(stand, HOUR)
    assert not stand.notifier.wait({READY}, 0.0)


def test_beat_is_raised_every_five_seconds(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[float] = []
    monkeypatch.setattr(stand.claims, "beat", lambda: beats.append(stand.clock.monotonic()))
    for _ in range(12):
        later(stand, 1_000)
    # In a shared database the thread that looks at the other processes beats.
    assert beats == ([] if stand.database.shared else [1.0, 6.0, 11.0])


def test_task_that_cannot_be_decided_does_not_hold_up_the_others(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = stand.submit(delay="1s"), stand.submit(delay="1s")
    real = stand.desk.apply

    def apply(tx: Tx, one: Task, command: Command, context: object) -> Task:
        if one.id == bad.id and isinstance(command, Tick):
            raise Conflict("it is broken")  # noqa: EM101
        return real(tx, one, command, context)  # type: ignore[arg-type]

    monkeypatch.setattr(stand.desk, "apply", apply)
    assert later(stand, 1_000) == 1
    assert (stand.task(good.id).state, stand.task(bad.id).state) == ("ready", "scheduled")


def test_execution_whose_timeout_fails_does_not_hold_up_the_others(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = {"name": "w", "timeout": "5s", "steps": [{"id": "a", "agent": "testing", "run": "x"}]}
    bad, good = stand.engine.execute(source), stand.engine.execute(source)
    real = stand.executions.load

    def load(reader: object, execution_id: str) -> object:
        if execution_id == bad:
            raise LookupError(execution_id)
        return real(reader, execution_id)  # type: ignore[arg-type]

    monkeypatch.setattr(stand.executions, "load", load)
    later(stand, 5_000)
    assert stand.execution(good).state == "cancelled"
    assert stand.execution(bad).state == "running"


def test_task_that_is_gone_is_passed_over(stand: Stand) -> None:
    context = stand.desk.context("scheduler")
    ticked = stand.database.write(lambda tx: stand.scheduler._tick_batch(tx, ["none"], context))
    assert ticked == 0


def test_thread_makes_due_what_is_due_and_survives_errors(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [DiskFull("no room"), RuntimeError("a mistake")]
    real = stand.scheduler.tick
    called = threading.Event()

    def tick() -> int:
        if errors:
            raise errors.pop()
        called.set()
        return real()

    monkeypatch.setattr(stand.scheduler, "tick", tick)
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    one = stand.submit(delay="1s")
    stand.clock.advance(1_000)
    stand.scheduler.start()
    wait_until(lambda: stand.task(one.id).state == "ready", what="the task to be due")
    stand.scheduler.stop()
    assert called.is_set()
    assert errors == []
    assert stand.scheduler.looked_ago() == 0.0


def test_next_look_is_when_something_is_due(stand: Stand) -> None:
    assert stand.scheduler._next_look() == module.LOOK_S
    stand.submit(delay="500ms")
    assert stand.scheduler._next_look() == 0.5
    stand.submit(timeout={"start": "100ms"})
    assert stand.scheduler._next_look() == 0.1
    stand.clock.advance(10_000)
    assert stand.scheduler._next_look() == 0.005


def test_stop_of_a_scheduler_that_never_started_is_quiet(stand: Stand) -> None:
    stand.scheduler.stop()
    stand.clock.advance(3_000)
    assert stand.scheduler.looked_ago() == 3.0
