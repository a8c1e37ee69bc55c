"""retry in full, fallback, caches, agents by list and by capabilities: over the real core."""

from typing import Any

import pytest

from claude_agent.domain.retry import Failure
from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_execution_desk import UNDO, step, workflow

TWICE = {"max_attempts": 2, "delay": 0, "jitter": 0}


def fail(stand: Stand, execution: str, name: str, failure: Failure = NO) -> Any:
    stand.scheduler.tick()
    return stand.do(execution, name, failure)


def test_prompt_of_the_retry_reaches_the_next_attempt_with_the_failure(stand: Stand) -> None:
    prompt = "Attempt ${{ failure.attempt }} of ${{ inputs.what }} failed: ${{ failure.summary }}"
    one = step("a", retry={**TWICE, "prompt": prompt})
    execution = stand.engine.execute(
        workflow(one, inputs={"what": {"type": "string"}}), {"what": "tests"}
    )
    task = fail(stand, execution, "a")
    assert task.feedback == "Attempt 1 of tests failed: It exited with 1."
    assert task.error == {"kind": "exit", "message": "It exited with 1."}
    assert task.spec.known == {"inputs": {"what": "tests"}, "outcome": "success"}


@pytest.mark.parametrize(("code", "state"), [(75, "scheduled"), (1, "dead")])
def test_condition_of_the_retry_decides(stand: Stand, code: int, state: str) -> None:
    one = step("a", retry={**TWICE, "if": "${{ failure.exit_code == 75 }}"})
    execution = stand.engine.execute(workflow(one))
    failure = Failure(kind="exit", message="It exited.", exit_code=code)
    assert fail(stand, execution, "a", failure).state == state


def test_condition_that_cannot_be_computed_ends_the_task_and_says_so(stand: Stand) -> None:
    one = step("a", retry={**TWICE, "if": "${{ failure.message }}"})
    execution = stand.engine.execute(workflow(one))
    task = fail(stand, execution, "a")
    assert (task.state, task.reason) == ("dead", "expression")
    assert "It exited with 1. What follows cannot be computed" in task.error["message"]


def test_another_agent_makes_the_second_attempt_in_its_own_queue(stand: Stand) -> None:
    one = step("a", retry={**TWICE, "agent": "testing"})
    execution = stand.engine.execute(workflow(one))
    task = fail(stand, execution, "a")
    assert (task.spec.agent, task.spec.queue) == ("testing", "testing")
    assert stand.places() == {}
    stand.scheduler.tick()
    stand.claims.claim()
    assert stand.places() == {"testing": 1}
    stand.end(stand.start(stand.task(task.id)), ok=True)
    assert stand.execution(execution).state == "succeeded"
    assert stand.places() == {}


def test_alternatives_follow_when_the_attempts_are_used_up(stand: Stand) -> None:
    others = [
        {"agent": "testing"},
        {"agent": "database", "run": "echo other", "with": {"why": "${{ failure.kind }}"}},
    ]
    execution = stand.engine.execute(workflow(step("a", retry=TWICE, fallback=others)))
    seen = []
    for _ in range(6):
        task = fail(stand, execution, "a")
        seen.append((task.spec.agent, task.spec.text, task.state.value))
    assert seen == [
        ("master", "true", "scheduled"),
        ("testing", "true", "scheduled"),
        ("testing", "true", "scheduled"),
        ("database", "echo other", "scheduled"),
        ("database", "echo other", "scheduled"),
        ("database", "echo other", "dead"),
    ]
    assert task.spec.with_ == {"why": "exit"}
    assert (task.attempt, task.run) == (6, 6)
    assert stand.execution(execution).state == "failed"


def test_alternative_that_succeeds_is_the_steps_success(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a", fallback=[{"agent": "testing"}])))
    assert fail(stand, execution, "a").state == "scheduled"
    stand.scheduler.tick()
    stand.do(execution, "a", x=1)
    run = stand.execution(execution)
    assert (run.state, run.steps["a"].outputs) == ("succeeded", {"x": 1})


CACHED = {"key": "k-${{ inputs.sha }}", "ttl": "1h"}


def flow(**more: Any) -> dict[str, Any]:
    one = step("a", cache=CACHED, **more)
    return workflow(one, step("b", "a"), inputs={"sha": {"type": "string"}})


def test_outputs_of_an_earlier_success_are_taken_where_the_key_is_the_same(stand: Stand) -> None:
    first = stand.engine.execute(flow(), {"sha": "1"})
    stand.do(first, "a", image="i")
    second, other = (stand.engine.execute(flow(), {"sha": sha}) for sha in ("1", "2"))
    step_of = stand.execution(second).steps["a"]
    assert (step_of.state, step_of.reason, step_of.outputs) == (
        "succeeded",
        "cached",
        {"image": "i"},
    )
    assert (step_of.task_id, step_of.k) == ("", 0)
    assert stand.execution(second).steps["b"].state == "queued"
    assert stand.execution(other).steps["a"].state == "queued"


def test_cache_counts_for_its_time_and_only_for_successes(stand: Stand) -> None:
    failed = stand.engine.execute(flow(), {"sha": "1"})
    stand.do(failed, "a", NO)
    first = stand.engine.execute(flow(), {"sha": "1"})
    assert stand.execution(first).steps["a"].state == "queued"
    stand.do(first, "a", image="i")
    stand.clock.advance(3_600_001)
    late = stand.engine.execute(flow(), {"sha": "1"})
    assert stand.execution(late).steps["a"].state == "queued"


def test_what_was_cached_is_not_undone(stand: Stand) -> None:
    first = stand.engine.execute(flow(compensate=UNDO), {"sha": "1"})
    stand.do(first, "a")
    second = stand.engine.execute(flow(compensate=UNDO), {"sha": "1"})
    stand.claims.claim()
    stand.do(second, "b", NO)
    run = stand.execution(second)
    assert (run.state, run.not_undone) == ("failed", ("b",))


def test_an_agent_with_an_open_breaker_is_not_healthy(stand: Stand) -> None:
    for _ in range(5):
        stand.resilience.failed("agent:testing", "auth: no")
    one = stand.engine.execute(workflow(step("a", agent=["testing", "database"])))
    assert stand.step_task(one, "a").spec.agent == "database"


def test_first_healthy_agent_of_a_list_does_it(stand: Stand) -> None:
    one = step("a", agent=["testing", "database"])
    first = stand.engine.execute(workflow(one))
    stand.pause("testing")
    second = stand.engine.execute(workflow(one))
    agents = [stand.step_task(each, "a").spec.agent for each in (first, second)]
    assert agents == ["testing", "database"]
    stand.pause("database")
    third = stand.step_task(stand.engine.execute(workflow(one)), "a")
    assert (third.spec.agent, third.spec.routed_by[:15]) == ("testing", "none is healthy")


def test_prompt_goes_to_an_agent_whose_account_is_there(stand: Stand) -> None:
    ask = {"id": "a", "prompt": "write", "agent": ["claude", "spare"]}
    command = step("b", agent=["claude", "spare"])
    for _ in range(5):
        stand.resilience.failed("account:a", "auth: no")
    one = stand.engine.execute(workflow(ask, command))
    agents = [stand.step_task(one, name).spec.agent for name in ("a", "b")]
    assert agents == ["spare", "claude"], "a command needs no account"


def test_expressions_see_the_agents_as_they_are_now(stand: Stand) -> None:
    told = (
        "${{ agents.testing.adapter }} ${{ agents.claude.capabilities }} ${{ agents.chat.slots }}"
    )
    when = {"if": "${{ !agents.testing.ready && agents.database.ready }}"}
    flow = workflow(step("a"), step("b", "a", **when), step("c", "a", env={"TOLD": told}))
    first, second = stand.engine.execute(flow), stand.engine.execute(flow)
    stand.do(first, "a")
    stand.pause("testing")
    stand.do(second, "a")
    runs = [stand.execution(each) for each in (first, second)]
    assert [run.steps["b"].state for run in runs] == ["skipped", "queued"]
    assert stand.step_task(first, "c").spec.env["TOLD"] == "shell [] 1"
    assert not any(run.agents for run in runs)
    some = "${{ [agents.testing, agents.database].filter(a, a.ready).map(a, a.queue) }}"
    last = stand.engine.execute(workflow(step("d", env={"TOLD": some})))
    assert stand.step_task(last, "d").spec.env["TOLD"] == '["database"]'
