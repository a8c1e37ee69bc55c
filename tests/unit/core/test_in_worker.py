"""Steps that take no time are performed in the worker, each in one transaction."""

from collections.abc import Iterator
from typing import Any

import pytest

from claude_agent.core.in_worker import InWorker
from tests.unit.core.stand import Stand, compare_with_the_log
from tests.unit.core.test_execution_desk import step, workflow
from tests.waiting import wait_until


def noop(name: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    made = step(name, *depends_on, **more)
    del made["run"]
    return {**made, "action": "noop"}


@pytest.fixture
def worker(stand: Stand) -> Iterator[InWorker]:
    made = InWorker(stand.database, stand.desk, stand.claims)
    made.start()
    yield made
    made.stop()


def ended(stand: Stand, execution: str) -> str:
    found = wait_until(
        lambda: one if (one := stand.execution(execution)).terminal else None, what="the end"
    )
    return str(found.state.value)


def test_chain_runs_to_its_end_without_slots(stand: Stand, worker: InWorker) -> None:
    steps = [noop("a"), noop("b", "a"), noop("c", "b")]
    execution = stand.engine.execute(workflow(*steps))
    assert ended(stand, execution) == "succeeded"
    task = stand.step_task(execution, "c")
    assert (task.run, task.attempt, task.adapter, task.outputs) == (
        *(1, 1, "worker"),
        {"message": ""},
    )
    assert stand.types(task.stream) == [
        *("task.submitted", "task.claimed", "task.starting", "task.started"),
        "task.succeeded",
    ]
    assert (stand.places(), stand.slots_of()) == ({}, {})
    compare_with_the_log(stand)


def test_many_of_one_execution_are_told_to_it_together(stand: Stand, worker: InWorker) -> None:
    names = [f"s{n}" for n in range(100)]
    execution = stand.engine.execute(workflow(*map(noop, names), noop("join", *names)))
    assert ended(stand, execution) == "succeeded"
    compare_with_the_log(stand)


@pytest.mark.parametrize(
    "more",
    [{"gates": ["true"]}, {"outputs": {"n": {"type": "integer"}}}, {"lock": "l"}],
)
def test_one_that_shows_or_owes_something_waits_for_a_slot(
    stand: Stand, worker: InWorker, more: dict[str, Any]
) -> None:
    execution = stand.engine.execute(workflow(noop("a", **more)))
    (claimed,) = stand.claims.claim()
    assert claimed.id == stand.step_task(execution, "a").id


def test_paused_queue_holds_it(stand: Stand, worker: InWorker) -> None:
    stand.pause("master")
    execution = stand.engine.execute(workflow(noop("a")))
    worker.stop()
    assert stand.step_task(execution, "a").state == "ready"


def test_what_a_killed_worker_leaves_goes_the_way_of_every_task(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(noop("a")))  # nobody performs it
    stand.restart()
    worker = InWorker(stand.database, stand.desk, stand.claims)
    worker.start()
    (claimed,) = stand.claims.claim()
    worker.take(claimed)  # too late: it is somebody's
    worker.stop()
    assert stand.task(claimed.id).state == "running"
    stand.end(stand.start(claimed))
    assert stand.execution(execution).state == "succeeded"
    compare_with_the_log(stand)


def test_cancelled_one_is_not_performed(stand: Stand) -> None:
    taken: list[Any] = []
    stand.desk.on_instant = taken.append
    execution = stand.engine.execute(workflow(noop("a")))
    stand.engine.cancel(execution, compensate=None, actor="me", reason="no")
    worker = InWorker(stand.database, stand.desk, stand.claims)
    worker.start()
    worker.take(taken[0])
    after = stand.engine.execute(workflow(noop("b")))
    assert ended(stand, after) == "succeeded"
    worker.stop()
    assert stand.task(taken[0].id).state == "cancelled"
    compare_with_the_log(stand)
