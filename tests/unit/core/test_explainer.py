"""Explanations over real rows: queues, slots, locks, keys, backoff, lost runs."""

from typing import Any

import pytest

from claude_agent.core.explainer import Explainer
from claude_agent.errors import NotFound, UnknownName
from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_concurrency import keyed
from tests.unit.core.test_execution_desk import UNDO, step, workflow


def explained(stand: Stand, ref: str, name: str = "") -> Any:
    explainer = Explainer(stand.executions, stand.desk, stand.clock)
    return stand.database.read(lambda r: explainer.execution(r, ref, name))


def task_explained(stand: Stand, ref: str) -> Any:
    explainer = Explainer(stand.executions, stand.desk, stand.clock)
    return stand.database.read(lambda r: explainer.task(r, ref))


def codes(found: Any) -> list[str]:
    return [one["code"] for one in found["reasons"]]


def test_explanation_changes_nothing(stand: Stand) -> None:
    one = stand.engine.execute(workflow(step("a", compensate=UNDO), step("b", "a")))
    before = stand.everything()
    found = explained(stand, one)
    assert stand.everything() == before
    a, b = found["steps"]
    assert [each["code"] for each in a["reasons"]] == ["next"]
    assert a["if_well"]["starts"] == ["b"]
    assert a["if_failed"]["skips"] == ["b"]
    assert b["reasons"][0]["text"] == "It needs the end of a, which is queued."
    assert explained(stand, one, "b")["total"] == 1


def test_step_or_execution_that_is_not_there_is_named(stand: Stand) -> None:
    one = stand.engine.execute(workflow(step("build")))
    with pytest.raises(UnknownName, match="There is no step named biuld") as caught:
        explained(stand, one, "biuld")
    assert caught.value.hint == "Did you mean build?"
    with pytest.raises(NotFound):
        explained(stand, "ZZZZ")


def test_ready_task_behind_a_full_queue_a_pause_and_busy_slots(stand: Stand) -> None:
    stand.running("database")
    second, third = stand.submit("database"), stand.submit("database")
    assert codes(task_explained(stand, second.ref)) == ["queue_limit"]
    assert codes(task_explained(stand, third.ref)) == ["queue_limit", "line"]
    stand.database.write(lambda tx: tx.execute("queues.pause", name="database"))
    assert codes(task_explained(stand, second.ref)) == ["queue_paused", "queue_limit"]


def test_ready_task_behind_a_lock(stand: Stand) -> None:
    holder = stand.running(lock="db")
    waits, behind = stand.submit(lock="db"), stand.submit(lock="db")
    (reason,) = task_explained(stand, waits.ref)["reasons"]
    assert (reason["code"], reason["about"]) == ("lock", ["db", holder.ref])
    stand.end(holder)
    assert codes(task_explained(stand, waits.ref)) == ["next"]
    assert task_explained(stand, behind.ref)["reasons"][0]["about"] == ["db", waits.ref]
    assert task_explained(stand, holder.ref)["ended"] is True
    assert task_explained(stand, holder.ref)["reasons"] == []


def test_backoff_names_the_attempt_the_error_and_the_time(stand: Stand) -> None:
    one = stand.running(retry={"max_attempts": 3, "delay": "90s"})
    stand.end(one, NO)
    (reason,) = task_explained(stand, one.ref)["reasons"]
    assert reason["code"] == "backoff"
    assert reason["text"].startswith(
        "Attempt 1 of 3 failed (It exited with 1.); the next one is in"
    )
    assert reason["until"] > stand.clock.now()


def test_queued_execution_behind_a_key(stand: Stand) -> None:
    first = stand.engine.execute(keyed(), {"env": "prod"})
    second = stand.engine.execute(keyed(), {"env": "prod"})
    third = stand.engine.execute(keyed(), {"env": "prod"})
    holder = stand.execution(first).ref
    (reason,) = explained(stand, second)["reasons"]
    assert reason["about"] == ["deploy-prod", holder]
    assert reason["command"] == f"claude-agent execution explain {holder}"
    before = stand.execution(second).ref
    assert f"before it in line: {before}" in explained(stand, third)["reasons"][0]["text"]
    assert explained(stand, third)["steps"][0]["reasons"][0]["code"] == "execution"


def test_lost_run_waits_for_a_person_once_it_is_proved_ended(stand: Stand) -> None:
    one = stand.running()
    lost = stand.control.lost(one.id, one.fence, "its shim was lost")
    assert "being proved" in task_explained(stand, one.ref)["reasons"][0]["text"]
    stand.control.reaped(one.id, lost.fence, 0)
    reason = task_explained(stand, one.ref)["reasons"][0]
    assert reason["command"] == f"claude-agent task resolve {one.ref} succeeded|retry|failed"


def test_undoing_is_explained_by_its_task(stand: Stand) -> None:
    made = workflow(
        step("a", compensate=UNDO),
        step("b", "a"),
        on_failure="compensate",
    )
    one = stand.engine.execute(made)
    stand.do(one, "a")
    stand.do(one, "b", NO)
    found = explained(stand, one)
    assert found["reasons"][0]["code"] == "compensating"
    assert [each["id"] for each in found["steps"]] == ["a"]
    assert found["steps"][0]["reasons"][0]["text"].startswith("It is being undone.")
    stand.do(one, "undo a")
    done = explained(stand, one)
    assert (done["ended"], done["steps"], done["reasons"]) == (True, [], [])
