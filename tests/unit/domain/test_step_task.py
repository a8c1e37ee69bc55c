from dataclasses import replace
from typing import Any

import pytest

from claude_agent.domain.definition import Gate, Timeouts
from claude_agent.domain.execution import StepRun
from claude_agent.domain.expression import ExpressionError
from claude_agent.domain.priority import Priority
from claude_agent.domain.retry import RetryPolicy
from claude_agent.domain.states import StepState
from claude_agent.domain.step_task import contexts, outcome_of, task_for, undo_for, workplace
from tests.unit.domain.making import EXECUTION, Play, definition, step, undo

FRESH = StepRun(id="a")
RETRY = RetryPolicy(max_attempts=4)
LIMITS = Timeouts(run_ms=5)


def seen(name: str, state: str, **more: Any) -> StepRun:
    return StepRun(id=name, state=StepState(state), **more)


def with_steps(played: Play, *steps: StepRun) -> Play:
    played.run = replace(played.run, steps={**played.run.steps, **{one.id: one for one in steps}})
    return played


def test_task_of_a_step_carries_everything_the_step_says() -> None:
    one = step(
        "b",
        with_={"from": "${{ steps.a.outputs.x }}", "n": 3},
        env={"B": "${{ env.A }}!", "N": "${{ inputs.n }}"},
        queue="database",
        priority="HIGH",
        retry=RETRY,
        timeout=LIMITS,
        gates=(Gate(name="g", run="true"),),
        outputs={"o": {"type": "string"}},
        verify="probe",
        idempotent=True,
        on_uncertain="verify",
        lock="db-${{ inputs.word }}",
    )
    made = definition(step("a"), one, env={"A": "${{ inputs.word }}"}, inputs={})
    played = with_steps(
        Play(made, {"word": "hello", "n": 5}), seen("a", "succeeded", outputs={"x": [1]})
    )
    found = task_for(
        made,
        played.run,
        one,
        StepRun(id=one.id),
        agent="testing",
        routed_by="the workflow names it",
    )
    assert (found.title, found.kind, found.text) == ("b", "action", "setup_database")
    assert found.with_ == {"from": [1], "n": 3}
    assert found.env == {"A": "hello", "B": "hello!", "N": "5"}
    assert (found.agent, found.queue, found.priority) == ("testing", "database", Priority.HIGH)
    assert (found.retry, found.limits, found.cwd) == (RETRY, LIMITS, "/start")
    assert (found.gates, found.outputs) == (
        ({"name": "g", "run": "true"},),
        {"o": {"type": "string"}},
    )
    assert (found.verify, found.idempotent, found.on_uncertain) == ("probe", True, "verify")
    assert (found.purpose, found.execution_id, found.step_id) == ("step", EXECUTION, "b")
    assert found.effect_key == f"{EXECUTION}/b/1"
    assert found.lock == "db-hello"
    assert found.routed_by == "the workflow names it"


def test_task_of_a_step_takes_the_definitions_priority_and_its_agents_queue() -> None:
    one = step("a")
    made = definition(one, priority="CRITICAL")
    found = task_for(made, Play(made).run, one, StepRun(id=one.id), agent="database", routed_by="")
    assert (found.priority, found.queue) == (Priority.CRITICAL, "database")


def test_parameters_of_an_open_definition_reach_every_step_unrendered() -> None:
    one = step("a", with_={"own": "1"})
    made = definition(one)
    found = task_for(made, Play(made, {"p": "${{ x }}"}).run, one, FRESH, agent="a", routed_by="")
    assert found.with_ == {"p": "${{ x }}", "own": "1"}


def test_prompt_is_rendered_and_shell_text_is_not() -> None:
    ask = step("a", kind="prompt", action=None, prompt="Say ${{ inputs.word }}.")
    made = definition(ask)
    found = task_for(made, Play(made, {"word": "hi"}).run, ask, FRESH, agent="a", routed_by="")
    assert (found.kind, found.text) == ("prompt", "Say hi.")
    shell = step("a", kind="run", action=None, run="echo $X")
    assert task_for(made, Play(made).run, shell, FRESH, agent="a", routed_by="").text == "echo $X"


def test_effect_key_grows_after_the_earlier_effect() -> None:
    one = step("a")
    made = definition(one)
    played = with_steps(Play(made), seen("a", "pending", k=1))
    assert task_for(
        made, played.run, one, played.run.steps["a"], agent="a", routed_by=""
    ).effect_key.endswith("/a/2")


def test_value_that_leads_nowhere_is_an_error() -> None:
    one = step("a", with_={"x": "${{ steps.a.outputs.none }}"})
    made = definition(one)
    with pytest.raises(ExpressionError, match="none"):
        task_for(made, Play(made).run, one, FRESH, agent="a", routed_by="")


def test_undoing_reads_the_step_itself_and_may_be_repeated() -> None:
    how = undo(
        with_={"release": "${{ self.outputs.release }}", "why": "${{ self.status }}"},
        retry=RETRY,
        timeout=LIMITS,
    )
    one = step("a", compensate=how, env={"E": "1"})
    made = definition(one, inputs={})
    played = with_steps(Play(made), seen("a", "compensating", k=1, outputs={"release": "r1"}))
    found = undo_for(made, played.run, played.run.steps["a"], how, agent="deployment")
    assert (found.title, found.kind, found.text) == ("undo a", "run", "undo")
    assert found.with_ == {"release": "r1", "why": "compensating"}
    assert (found.idempotent, found.on_uncertain, found.purpose) == (True, "retry", "compensation")
    assert (found.retry, found.limits, found.env) == (RETRY, LIMITS, {"E": "1"})
    assert found.effect_key == f"{EXECUTION}/a/1/undo"
    assert found.routed_by == "it undoes a"
    assert found.agent == found.queue == "deployment"


def test_undoing_by_an_action_names_it() -> None:
    how = undo(kind="action", action="drop", run=None)
    made = definition(step("a", compensate=how))
    assert undo_for(made, Play(made).run, FRESH, how, agent="x").text == "drop"


@pytest.mark.parametrize(
    ("states", "cancel", "expected"),
    [
        ({"a": "succeeded", "b": "running"}, "", "success"),
        ({"a": "failed", "b": "succeeded"}, "", "failure"),
        ({"a": "cancelled", "b": "succeeded"}, "", "cancelled"),
        # A sibling that was stopped by the failure does not hide the failure.
        ({"a": "failed", "b": "cancelled"}, "", "failure"),
        ({"a": "failed", "b": "succeeded"}, "by me", "cancelled"),
        ({"a": "skipped", "b": "succeeded"}, "", "success"),
    ],
)
def test_outcome_of_the_whole_execution(states: dict[str, str], cancel: str, expected: str) -> None:
    made = definition(step("a"), step("b"), step("c", "b"))
    played = with_steps(Play(made), *(seen(name, state) for name, state in states.items()))
    run = replace(played.run, cancel_requested=cancel)
    assert outcome_of(run, None) == expected
    assert outcome_of(run, made.by_id["a"]) == expected


def test_outcome_of_a_step_with_dependencies_looks_at_those_alone() -> None:
    made = definition(step("a"), step("b"), step("c", "b"))
    played = with_steps(Play(made), seen("a", "failed"), seen("b", "succeeded"))
    assert outcome_of(played.run, made.by_id["c"]) == "success"


def test_contexts_show_how_each_step_stands() -> None:
    made = definition(step("a"), step("b"), env={"E": "${{ execution.ref }}"})
    failed = seen("a", "failed", reason="exit", message="no", attempt=2)
    found = contexts(made, with_steps(Play(made, {"p": 1}), failed).run, None)
    assert found["inputs"] == {"p": 1}
    assert found["env"] == {"E": "EXEC"}
    assert found["execution"]["id"] == EXECUTION
    assert found["steps"]["a"] == {
        "status": "failed",
        "outputs": {},
        "error": {"kind": "exit", "message": "no"},
        "attempt": 2,
    }
    assert found["steps"]["b"]["error"] is None


@pytest.mark.parametrize(
    ("name", "outputs", "expected"),
    [
        ("work", None, "/start"),
        ("clone", None, "/ws"),
        ("apart", {"path": "/ws/repo"}, ""),
        ("work", {"path": "/ws/repo"}, "/ws/repo"),
        ("work", {}, "/ws"),
        ("work", {"path": 5}, "/ws"),
    ],
)
def test_workplace_is_what_was_cloned(
    name: str, outputs: dict[str, Any] | None, expected: str
) -> None:
    made = definition(
        step("clone", action="clone_repo"), step("work", "clone"), step("apart", workspace="none")
    )
    played = Play(made)
    if outputs is not None:
        with_steps(played, seen("clone", "succeeded", ended_well=True, outputs=outputs))
    assert workplace(played.run, made, made.by_id[name]) == expected


def test_a_priority_may_be_an_expression() -> None:
    one = step("a")
    made = definition(one, priority="${{ inputs.how }}")
    found = task_for(made, Play(made, {"how": "HIGH"}).run, one, FRESH, agent="a", routed_by="")
    assert found.priority == Priority.HIGH
    with pytest.raises(ExpressionError) as caught:
        task_for(made, Play(made, {"how": "high"}).run, one, FRESH, agent="a", routed_by="")
    assert "'priority' must be one of LOW" in caught.value.detail


def test_values_of_an_environment_are_written_as_json_and_not_as_python() -> None:
    one = step("a", env={"L": "${{ inputs.l }}", "OK": "${{ success() }}", "N": "${{ inputs.n }}"})
    made = definition(one)
    given = {"l": ["x", {"y": None}], "n": None}
    found = task_for(made, Play(made, given).run, one, FRESH, agent="a", routed_by="")
    assert found.env == {"L": '["x",{"y":null}]', "OK": "true", "N": ""}


def test_undoing_knows_why_it_is_done() -> None:
    one = step("a", compensate=undo(with_={"why": "${{ failure.kind }}: ${{ failure.summary }}"}))
    made = definition(one)
    played = Play(made)
    played.run = replace(played.run, reason="exit", message="b failed")
    assert one.compensate is not None
    spec = undo_for(made, played.run, StepRun(id="a"), one.compensate, agent="a")
    assert spec.with_["why"] == "exit: b failed"
