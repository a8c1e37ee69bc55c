"""Explanations over real rows: queues, slots, locks, keys, backoff, lost runs."""

from typing import Any

import pytest

from claude_agent.core.explainer import Explainer
from claude_agent.errors import NotFound, UnknownName
from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_concurrency import keyed
from tests.unit.core.test_execution_desk import UNDO, step, workflow


def explained(stand: Stand, ref: str, name: str = "") -> Any:
    explainer = Explainer(stand.executions, stand.desk, stand.clock, stand.accounts)
    return stand.database.read(lambda r: explainer.execution(r, ref, name))


def task_explained(stand: Stand, ref: str) -> Any:
    explainer = Explainer(stand.executions, stand.desk, stand.clock, stand.accounts)
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
    stand.pause("database")
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


def test_ready_task_of_an_agent_that_is_left_alone(stand: Stand) -> None:
    for _ in range(5):
        stand.resilience.failed("agent:testing", "auth: It is not logged in.")
    first, second = stand.submit(), stand.submit()
    (reason,) = task_explained(stand, first.ref)["reasons"]
    assert (reason["code"], reason["about"]) == ("breaker", ["testing"])
    assert reason["text"] == (
        "testing is left alone after 5 failures in a row (auth: It is not logged in.); "
        "it is tried again in 30s."
    )
    assert reason["until"] == stand.clock.now() + 30_000
    assert reason["command"] == "claude-agent breaker reset agent:testing"
    stand.clock.advance(30_000)
    stand.scheduler.tick()
    assert codes(task_explained(stand, first.ref)) == ["next"]
    (tried,) = stand.claims.claim()
    (other,) = (one for one in (first, second) if one.id != tried.id)
    (reason,) = task_explained(stand, other.ref)["reasons"]
    assert (reason["code"], reason["until"]) == ("breaker", None)
    assert "is being tried with another task" in reason["text"]


def test_step_says_who_takes_over_and_which_alternative_is_at_work(stand: Stand) -> None:
    one = step("a", fallback=[{"agent": "database"}, {"run": "make reset"}])
    execution = stand.engine.execute(workflow(one))

    def told() -> list[str]:
        found = explained(stand, execution)["steps"][0]["reasons"]
        return [each["text"] for each in found if each["code"].startswith("fallback")]

    assert told() == ["If it fails for good, alternative 1 of 2 follows: database does it."]
    stand.do(execution, "a", NO)
    agent = stand.execution(execution).steps["a"]
    first, then = told()
    assert first.startswith("This is alternative 1 of 2: it takes over from ")
    assert then.startswith("If it fails for good, alternative 2 of 2 follows: ")
    assert stand.task(agent.task_id).spec.agent == "database"
    stand.scheduler.tick()
    stand.do(execution, "a", NO)
    assert [each[:26] for each in told()] == ["This is alternative 2 of 2"]


def test_step_that_will_be_answered_from_the_cache_says_so(stand: Stand) -> None:
    kept = {"key": "v-${{ inputs.v }}", "ttl": "1h"}
    made = workflow(step("a"), step("b", "a", cache=kept), step("c", "b"), inputs={"v": {}})
    one = stand.engine.execute(made, {"v": 1})
    a, b, _ = explained(stand, one)["steps"]
    assert codes(b) == ["dependency"]
    assert (a["if_well"]["starts"], a["if_well"]["cached"]) == (["b"], [])
    for name in "abc":
        stand.do(one, name)
    stand.clock.advance(120_000)
    again = stand.engine.execute(made, {"v": 1})
    a, b, _ = explained(stand, again)["steps"]
    assert codes(b) == ["dependency", "cached"]
    assert b["reasons"][1]["text"] == "Nothing of it runs: its outputs are in the cache, 2m old."
    assert (a["if_well"]["starts"], a["if_well"]["cached"]) == (["c"], ["b"])
    stand.do(again, "a")
    seen = stand.execution(again).steps
    assert (seen["b"].reason, seen["c"].state) == ("cached", "queued")
    stand.clock.advance(3_600_000)
    late = stand.engine.execute(made, {"v": 1})
    assert codes(explained(stand, late, "b")["steps"][0]) == ["dependency"]
