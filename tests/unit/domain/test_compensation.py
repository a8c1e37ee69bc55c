from dataclasses import replace

from claude_agent.domain.compensation import plan
from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.execution import Execution, StepRun
from claude_agent.domain.states import StepState
from tests.unit.domain.making import Play, definition, step, undo

DONE = StepRun(id="", state=StepState.SUCCEEDED, started=True, ended_well=True)
FAILED = StepRun(id="", state=StepState.FAILED, started=True)
NEVER = StepRun(id="", state=StepState.CANCELLED)
LATE = StepRun(id="", state=StepState.CANCELLED, started=True, ended_well=True)
UNDO = undo()
ANYWAY = undo(on="attempted")


def run_of(made: Definition, **seen: StepRun) -> Execution:
    """Return an execution whose steps ended in the order given."""
    ends = {
        name: replace(one, id=name, effect_seq=n) for n, (name, one) in enumerate(seen.items(), 1)
    }
    run = Play(made).run
    return replace(run, steps={**run.steps, **ends})


def planned(*steps: Step, order: str = "reverse", **seen: StepRun) -> tuple[object, object]:
    made = definition(*steps, compensation_order=order)
    return plan(made, run_of(made, **seen))


def test_plan_undoes_what_succeeded_last_first() -> None:
    groups, left = planned(
        step("a", compensate=UNDO),
        step("b", compensate=UNDO),
        step("c", compensate=UNDO),
        b=DONE,
        c=DONE,
        a=DONE,
    )
    assert groups == [["a"], ["c"], ["b"]]
    assert left == []


def test_plan_leaves_out_what_never_began_failed_or_was_skipped() -> None:
    groups, left = planned(
        *(step(name, compensate=UNDO) for name in "abcd"),
        a=FAILED,
        b=NEVER,
        c=StepRun(id="", state=StepState.SKIPPED),
    )
    assert groups == []
    assert left == ["a"]


def test_plan_undoes_an_attempt_where_that_was_asked_for_and_it_began() -> None:
    groups, left = planned(
        *(step(name, compensate=ANYWAY) for name in "abc"),
        a=FAILED,
        b=NEVER,
        c=replace(LATE, ended_well=False),
    )
    assert groups == [["c"], ["a"]]
    assert left == []


def test_plan_counts_a_late_result_of_a_cancelled_step_as_done() -> None:
    assert planned(step("a", compensate=UNDO), a=LATE) == ([["a"]], [])


def test_plan_names_started_steps_that_nothing_undoes() -> None:
    groups, left = planned(
        step("a"),
        step("b", action=None, kind="run", run="touch x"),
        step("tests", action="run_tests"),
        step("clone", action="clone_repo"),
        step("never"),
        a=DONE,
        b=FAILED,
        tests=DONE,
        clone=DONE,
        never=NEVER,
    )
    assert groups == []
    assert left == ["a", "b"]


def test_plan_groups_the_levels_of_the_graph_in_reverse_where_that_was_asked_for() -> None:
    steps = [
        step("last", "left", "right", compensate=UNDO),
        step("left", "first", compensate=UNDO),
        step("right", "first", compensate=UNDO),
        step("first", compensate=UNDO),
        step("alone", compensate=UNDO),
        step("bare", "alone"),
    ]
    groups, left = planned(
        *steps,
        order="parallel",
        **dict.fromkeys(("alone", "first", "left", "right", "last", "bare"), DONE),
    )
    assert groups == [["last"], ["left", "right"], ["first", "alone"]]
    assert left == ["bare"]
