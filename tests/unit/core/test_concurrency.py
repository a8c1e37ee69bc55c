"""Concurrency keys: the four policies, the line, and what is left after a crash."""

from typing import Any

import pytest

from claude_agent.core.concurrency import KeyTaken
from claude_agent.core.second_chances import Chance, SecondChances
from claude_agent.domain.approval_policy import Match, Policy, Rule
from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_execution_desk import UNDO, step, workflow


def keyed(on_conflict: str = "queue", limit: int = 1, **more: Any) -> dict[str, Any]:
    key = {"key": "deploy-${{ inputs.env }}", "limit": limit, "on_conflict": on_conflict}
    return workflow(step("a"), inputs={"env": {"type": "string"}}, concurrency=key, **more)


def start(stand: Stand, *how: Any, env: str = "prod", **more: Any) -> str:
    return stand.engine.execute(keyed(*how, **more), {"env": env})


def states(stand: Stand, *ids: str) -> list[str]:
    return [stand.execution(one).state.value for one in ids]


def end(stand: Stand, execution: str) -> None:
    stand.do(execution, "a")
    stand.links.orchestrator.drain()


def held(stand: Stand, key: str = "deploy-prod") -> list[str]:
    return [row["execution_id"] for row in stand.rows("inbox.slots", key=key)]


def test_second_execution_of_a_key_waits_in_line_and_begins_when_the_first_has_ended(
    stand: Stand,
) -> None:
    one, two, three = (start(stand) for _ in range(3))
    other = start(stand, env="dev")
    assert states(stand, one, two, three, other) == ["running", "queued", "queued", "running"]
    assert held(stand) == [one]
    end(stand, one)
    assert states(stand, one, two, three) == ["succeeded", "running", "queued"]
    assert held(stand) == [two]
    end(stand, two)
    end(stand, three)
    assert states(stand, two, three) == ["succeeded", "succeeded"]
    assert held(stand) == []


def test_as_many_run_as_the_limit_says(stand: Stand) -> None:
    ids = [start(stand, "queue", 2) for _ in range(4)]
    assert states(stand, *ids) == ["running", "running", "queued", "queued"]
    end(stand, ids[1])
    assert states(stand, *ids) == ["running", "succeeded", "running", "queued"]


def test_cancel_running_pushes_the_older_ones_out_and_the_newest_runs(stand: Stand) -> None:
    one = start(stand, "cancel_running")
    two = start(stand, "cancel_running")
    three = start(stand, "cancel_running")
    stand.links.orchestrator.drain()
    assert states(stand, one, two, three) == ["cancelled", "cancelled", "running"]
    assert stand.execution(one).cancel_requested == "concurrency"


def test_cancelled_holder_keeps_its_place_until_it_has_ended(stand: Stand) -> None:
    one = start(stand, "cancel_running")
    running = stand.start(stand.claims.claim()[0])
    two = start(stand, "cancel_running")
    stand.links.orchestrator.drain()
    assert states(stand, one, two) == ["cancelling", "queued"]
    stand.end(stand.task(running.id))
    stand.links.orchestrator.drain()
    assert states(stand, one, two) == ["cancelled", "running"]


def test_cancel_new_ends_the_new_one_at_once(stand: Stand) -> None:
    one, two = start(stand, "cancel_new"), start(stand, "cancel_new")
    assert states(stand, one, two) == ["running", "cancelled"]
    assert stand.execution(two).reason == "concurrency"
    assert stand.execution(two).steps["a"].state == "pending"


def test_skip_refuses_the_new_one_and_stores_nothing(stand: Stand) -> None:
    one = start(stand, "skip")
    before = stand.everything()[-7:]
    with pytest.raises(KeyTaken, match=stand.execution(one).ref):
        start(stand, "skip")
    assert stand.everything()[-7:] == before


def test_one_in_the_line_can_be_cancelled(stand: Stand) -> None:
    one, two, three = (start(stand) for _ in range(3))
    stand.engine.cancel(two, compensate=None, actor="me", reason="no")
    assert states(stand, one, two, three) == ["running", "cancelled", "queued"]
    end(stand, one)
    assert states(stand, three) == ["running"]


def test_place_is_kept_while_it_is_undone(stand: Stand) -> None:
    flow = keyed(on_failure="compensate")
    flow["steps"] = [step("a", compensate=UNDO), step("b", "a")]
    one = stand.engine.execute(flow, {"env": "prod"})
    two = start(stand)
    stand.do(one, "a")
    stand.do(one, "b", NO)
    stand.links.orchestrator.drain()
    assert states(stand, one, two) == ["compensating", "queued"]
    stand.do(one, "undo a")
    stand.links.orchestrator.drain()
    assert states(stand, one, two) == ["compensated", "running"]


def test_news_survive_a_kill_before_they_were_delivered(stand: Stand) -> None:
    one, two = start(stand), start(stand)
    stand.do(one, "a")
    assert states(stand, two) == ["queued"]
    stand.restart()
    stand.scheduler.tick()
    assert states(stand, two) == ["running"]


def test_turn_that_nobody_told_of_is_found(stand: Stand) -> None:
    """On PostgreSQL one may end while the next is being submitted: neither sees the other."""
    one, two = start(stand), start(stand)
    stand.do(one, "a")
    stand.database.migrate_script("DELETE FROM execution_inbox;")
    stand.scheduler.tick()
    assert states(stand, two) == ["running"]


def test_generation_that_ends_in_the_moment_it_begins_leaves_its_place(stand: Stand) -> None:
    """Its only task is refused by the policy in the transaction that reopens it."""
    never = Rule(name="never", match=Match(command="no-way"), decide="reject")
    stand.policy = Policy(rules=(never,))
    stand.restart()
    made = keyed()
    made["steps"][0] |= {"run": "no-way", "id": "a"}
    made["steps"][0].pop("action", None)
    one = stand.engine.execute(made, {"env": "prod"})
    assert (states(stand, one), held(stand)) == (["failed"], [])
    chances = SecondChances(stand.executions, stand.desk, stand.engine)
    stand.database.write(lambda tx: chances.retry(tx, Chance(ref=one, actor="me", step="")))
    assert (states(stand, one), held(stand)) == (["failed"], [])
    assert states(stand, start(stand)) == ["running"]
