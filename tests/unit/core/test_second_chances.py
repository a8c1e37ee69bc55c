"""What people do with executions that stopped, on a real database, also over a restart."""

from typing import Any

import pytest

from claude_agent.core.second_chances import Chance, SecondChances
from claude_agent.domain.definition import DefinitionError
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid, NotFound
from tests.unit.core.stand import NO, Stand, compare_with_the_log
from tests.unit.core.test_execution_desk import UNDO, step, workflow

CHAIN = [step("a", compensate=UNDO), step("b", "a", compensate=UNDO), step("c", "b")]
MANY = step("t", foreach=[1, 2, 3], compensate=UNDO)


def ask(stand: Stand, what: str, execution: str, *args: Any, on: str = "", **more: Any) -> str:
    """Ask in a new process, which knows nothing but the file."""
    stand.restart()
    chances = SecondChances(stand.executions, stand.desk, stand.engine)
    chance = Chance(ref=execution, actor="me", step=on)
    return stand.database.write(lambda tx: getattr(chances, what)(tx, chance, *args, **more))


def states(stand: Stand, execution: str) -> dict[str, str]:
    return {name: one.state.value for name, one in stand.execution(execution).steps.items()}


def failed(stand: Stand, *steps: dict[str, Any], **more: Any) -> str:
    """Return an execution of a chain whose second step failed."""
    execution = stand.engine.execute(workflow(*(steps or CHAIN), **more))
    stand.do(execution, "a", n=1)
    stand.do(execution, "b", NO)
    return execution


def test_retry_runs_again_what_is_not_in_force(stand: Stand) -> None:
    execution = failed(stand, on_failure="fail")
    old = stand.execution(execution).steps["b"]
    ask(stand, "retry", execution)
    run = stand.execution(execution)
    assert (run.state, run.generation, run.steps["a"].state) == ("running", 2, "succeeded")
    assert run.steps["b"].task_id != old.task_id
    assert run.steps["b"].k == old.k, "the same effect is tried again"
    stand.do(execution, "b")
    stand.do(execution, "c")
    assert stand.execution(execution).state == "succeeded"
    assert stand.rows("executions.by_id", id=execution)[0]["deadline_at"] is None
    compare_with_the_log(stand)


def test_retry_runs_compensated_steps_again_with_a_new_effect(stand: Stand) -> None:
    execution = failed(stand)
    stand.do(execution, "undo a")
    assert stand.execution(execution).state == "compensated"
    ask(stand, "retry", execution, on="b")
    run = stand.execution(execution)
    assert (run.steps["a"].state, run.steps["a"].k) == ("queued", 2)
    assert stand.step_task(execution, "a").spec.effect_key.endswith("/a/2")
    for name in "abc":
        stand.do(execution, name)
    assert stand.execution(execution).state == "succeeded"
    compare_with_the_log(stand)


def test_retry_with_other_inputs_checks_and_keeps_them(stand: Stand) -> None:
    inputs = {"n": {"type": "integer"}, "m": {"type": "integer", "default": 7}}
    execution = stand.engine.execute(workflow(step("a"), inputs=inputs), {"n": 1})
    stand.do(execution, "a", NO)
    with pytest.raises(DefinitionError):
        ask(stand, "retry", execution, params={"n": "no number"})
    ask(stand, "retry", execution, params={"n": 5})
    assert stand.execution(execution).params == {"n": 5, "m": 7}
    compare_with_the_log(stand)


def test_rewind_tells_the_step_why(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(*CHAIN))
    for name in "abc":
        stand.do(execution, name)
    ask(stand, "rewind", execution, "Name the file.", on="b")
    task = stand.step_task(execution, "b")
    assert task.spec.env["CLAUDE_AGENT_FEEDBACK"] == "Name the file."
    assert states(stand, execution) == {"a": "succeeded", "b": "queued", "c": "pending"}
    stand.do(execution, "b")
    stand.do(execution, "c", NO)  # what stood before is undone too, the newest first
    run = stand.execution(execution)
    assert run.plan == (("b",), ("a",))
    compare_with_the_log(stand)


@pytest.mark.parametrize("kind", ["skip", "set"])
def test_person_decides_a_step(stand: Stand, kind: str) -> None:
    after = step("c", "b")
    if kind == "set":
        after["with"] = {"x": "${{ steps.b.outputs.x }}"}
    execution = failed(stand, *CHAIN[:2], after, on_failure="fail")
    if kind == "set":
        ask(stand, "set_output", execution, {"x": 3}, on="b")
        assert stand.step_task(execution, "c").spec.with_["x"] == 3
    else:
        ask(stand, "skip", execution, on="b")
    stand.do(execution, "c")
    run = stand.execution(execution)
    assert (run.state, run.steps["b"].state) == (
        "succeeded",
        "skipped" if kind == "skip" else "succeeded",
    )
    compare_with_the_log(stand)


def test_outputs_set_by_hand_must_fit(stand: Stand) -> None:
    declared = step("b", "a", outputs={"x": {"type": "integer"}})
    execution = failed(stand, CHAIN[0], declared, on_failure="fail")
    for outputs in ({}, {"x": "no number"}):
        with pytest.raises(Invalid):
            ask(stand, "set_output", execution, outputs, on="b")
    assert stand.execution(execution).generation == 1


def test_fork_takes_over_what_is_in_force_and_undoes_nothing_of_it(stand: Stand) -> None:
    execution = failed(stand, on_failure="fail")
    fork = ask(stand, "fork", execution)
    run = stand.execution(fork)
    assert (run.forked_from, run.generation) == (execution, 1)
    assert states(stand, fork) == {"a": "succeeded", "b": "queued", "c": "pending"}
    assert run.steps["a"].outputs == {"n": 1}
    stand.engine.cancel(fork, compensate=True, actor="me", reason="no")
    assert stand.execution(fork).state == "cancelled", "its origin undoes what that did"
    assert stand.execution(execution).state == "failed"
    compare_with_the_log(stand)


def test_failed_instances_only_run_again(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(MANY, step("z", "t"), on_failure="fail"))
    stand.do(execution, "t[0]", n=0)
    stand.do(execution, "t[2]")
    stand.do(execution, "t[1]", NO)
    ask(stand, "retry", execution, on="t", failed_only=True)
    assert states(stand, execution) == {
        "t": "running",
        "z": "pending",
        "t[0]": "succeeded",
        "t[1]": "queued",
        "t[2]": states(stand, execution)["t[2]"],
    }
    while (open_one := next(iter(stand.execution(execution).open_steps()), None)) is not None:
        stand.do(execution, open_one.id, n=1)
    run = stand.execution(execution)
    assert run.state == "succeeded"
    assert run.steps["t"].outputs is not None
    assert run.steps["t"].outputs[0] == {"n": 0}
    with pytest.raises(Conflict, match="none to run again"):
        ask(stand, "retry", execution, on="t", failed_only=True)
    ask(stand, "retry", execution, on="t")
    assert {states(stand, execution)[f"t[{n}]"] for n in range(3)} == {"queued"}
    compare_with_the_log(stand)


def test_pause_lets_nothing_new_start_and_resume_looks_at_everything_again(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(*CHAIN, MANY))
    ask(stand, "pause", execution)
    for name in ("a", "t[0]", "t[1]", "t[2]"):
        stand.do(execution, name)
    assert stand.execution(execution).state == "paused"
    assert states(stand, execution)["b"] == "pending"
    ask(stand, "resume", execution)
    assert stand.execution(execution).state == "running"
    stand.do(execution, "b")
    stand.do(execution, "c")
    assert stand.execution(execution).state == "succeeded"
    compare_with_the_log(stand)


def test_failure_may_pause_and_a_person_decides(stand: Stand) -> None:
    steps = [step("a"), step("b", "a"), step("c", "b"), step("d")]
    execution = stand.engine.execute(workflow(*steps, on_failure="pause"))
    stand.do(execution, "a")
    stand.do(execution, "b", NO)
    run = stand.execution(execution)
    assert (run.state, run.failed_step) == ("paused", "b")
    with pytest.raises(Conflict, match="not at rest"):
        ask(stand, "retry", execution)  # d is open still
    stand.do(execution, "d")
    ask(stand, "retry", execution)
    stand.do(execution, "b")
    stand.do(execution, "c")
    assert stand.execution(execution).state == "succeeded"
    compare_with_the_log(stand)


def test_siblings_may_finish(stand: Stand) -> None:
    execution = stand.engine.execute(
        workflow(step("a"), step("b"), step("c", "b"), siblings="finish", on_failure="fail")
    )
    stand.claims.claim()
    other = stand.start(stand.step_task(execution, "b"))
    stand.do(execution, "a", NO)
    assert not stand.task(other.id).cancel_requested
    assert stand.execution(execution).state == "failing"
    stand.end(other)
    assert (stand.execution(execution).state, states(stand, execution)) == (
        "failed",
        {"a": "failed", "b": "succeeded", "c": "skipped"},
    )


def test_compensate_by_hand_undoes_a_success(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(*CHAIN))
    for name in "abc":
        stand.do(execution, name)
    ask(stand, "compensate", execution)
    run = stand.execution(execution)
    assert (run.state, run.plan, run.generation) == ("compensating", (("b",), ("a",)), 2)
    stand.do(execution, "undo b")
    stand.restart()
    stand.do(execution, "undo a")
    run = stand.execution(execution)
    assert (run.state, run.not_undone) == ("compensated", ("c",))
    with pytest.raises(Conflict, match="nothing to undo; not undone: c"):
        ask(stand, "compensate", execution)
    compare_with_the_log(stand)


@pytest.mark.parametrize("skip", [(), ("b",)])
def test_failed_undoing_goes_on(stand: Stand, skip: tuple[str, ...]) -> None:
    execution = stand.engine.execute(workflow(*CHAIN))
    stand.do(execution, "a")
    stand.do(execution, "b")
    stand.do(execution, "c", NO)
    stand.do(execution, "undo b", NO)
    assert stand.execution(execution).state == "compensation_failed"
    with pytest.raises(NotFound, match="not on the list"):
        ask(stand, "compensate", execution, ("c",))
    ask(stand, "compensate", execution, skip)
    if not skip:
        stand.do(execution, "undo b")
    stand.do(execution, "undo a")
    run = stand.execution(execution)
    assert run.state == "compensated"
    assert run.not_undone == (("b", "c") if skip else ("c",))
    compare_with_the_log(stand)


def test_undoing_that_takes_too_long_fails(stand: Stand) -> None:
    execution = stand.engine.execute(
        workflow(*CHAIN, compensation={"timeout": "1m"}, on_failure="compensate")
    )
    stand.do(execution, "a")
    stand.do(execution, "b", NO)
    stand.clock.advance(61_000)
    stand.scheduler.tick()
    run = stand.execution(execution)
    assert (run.state, run.not_undone) == ("compensation_failed", ("a", "b"))
    compare_with_the_log(stand)


REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], type[ClaudeAgentError], str]] = [
    ("pause", (), {}, Conflict, "Nothing to pause"),
    ("resume", (), {}, Conflict, "Nothing to resume"),
    ("retry", (), {}, Conflict, "every step is in force"),
    ("retry", (), {"on": "nobody"}, NotFound, "no step nobody"),
    ("rewind", ("x",), {"on": "nobody"}, NotFound, "no step nobody"),
    ("rewind", ("x",), {}, NotFound, "No step is named"),
    ("skip", (), {}, NotFound, "No step is named"),
    ("set_output", ({},), {}, NotFound, "No step is named"),
    ("compensate", (("a",),), {}, Conflict, "Only a failed undoing|Nothing to skip"),
]


@pytest.mark.parametrize(("what", "args", "more", "kind", "words"), REFUSED)
def test_what_the_state_does_not_allow_is_refused_and_changes_nothing(
    stand: Stand, what: str, args: tuple[Any, ...], more: dict[str, Any], kind: type, words: str
) -> None:
    execution = stand.engine.execute(workflow(step("a")))
    stand.do(execution, "a")
    before = stand.execution(execution)
    with pytest.raises(kind, match=words):
        ask(stand, what, execution, *args, **more)
    assert stand.execution(execution) == before


@pytest.mark.parametrize("what", ["retry", "rewind", "skip", "fork", "compensate"])
def test_second_chance_waits_for_the_end_of_the_first(stand: Stand, what: str) -> None:
    execution = stand.engine.execute(workflow(*CHAIN))
    args = ["why"] if what == "rewind" else []
    with pytest.raises(Conflict, match="not at rest") as caught:
        ask(stand, what, execution, *args, on="" if what == "compensate" else "a")
    assert "execution cancel" in caught.value.hint
    compare_with_the_log(stand)


def test_undoing_that_succeeds_after_its_time_lets_nothing_more_begin(stand: Stand) -> None:
    steps = (step("a", compensate=UNDO), step("b", "a", compensate=UNDO), step("c", "b"))
    flow = workflow(*steps, compensation={"timeout": "1m"}, on_failure="compensate")
    one = stand.engine.execute(flow)
    stand.do(one, "a")
    stand.do(one, "b")
    stand.do(one, "c", NO)
    stand.claims.claim()
    undoing = stand.start(stand.step_task(one, "undo b"))
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    stand.end(stand.task(undoing.id), code=1)
    run = stand.execution(one)
    assert (run.state, run.steps["b"].state) == ("compensation_failed", "compensated")
    assert run.steps["a"].state == "succeeded"
    ask(stand, "compensate", one, ())
    stand.do(one, "undo a")
    assert stand.execution(one).state == "compensated"
