"""Steps with many instances: what they become, how many at once, and how they end."""

from typing import Any

import pytest

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.many import MOST_ITEMS
from claude_agent.domain.definition import Step
from claude_agent.domain.definition_parts import Foreach, Matrix
from claude_agent.domain.execution_decide import CancelAsked
from tests.unit.domain.making import EXECUTION, Play, play, step, undo


def each(items: Any, **more: Any) -> Foreach:
    return Foreach(items=items, **more)


def many(name: str, items: Any, *depends_on: str, **changes: Any) -> Step:
    limits = {key: changes.pop(key) for key in ("max_parallel", "fail_fast") if key in changes}
    return step(name, *depends_on, foreach=each(items, **limits), **changes)


def spec(played: Play, name: str) -> Any:
    return played.specs[played.run.steps[name].task_id]


def test_step_becomes_one_instance_for_each_item() -> None:
    played = play(many("t", ["x", "y"], with_={"v": "${{ item }}"}), step("after", "t"))
    assert played.states() == {
        "t": "running",
        "after": "pending",
        "t[0]": "queued",
        "t[1]": "queued",
    }
    one = spec(played, "t[1]")
    assert (one.title, one.step_id, one.effect_key) == ("t[1]", "t[1]", f"{EXECUTION}/t[1]/1")
    assert one.with_ == {"v": "y"}
    played.do("t[1]", outputs={"n": 2})
    assert played.states()["t"] == "running"
    played.do("t[0]", outputs={"n": 1})
    assert played.run.steps["t"].outputs == [{"n": 1}, {"n": 2}]
    assert played.states()["after"] == "queued"
    played.do("after")
    assert played.state == "succeeded"


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (Matrix(axes={"a": [1, 2], "b": ["x"]}), [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]),
        (
            Matrix(axes={"a": [1, 2], "b": [3, 4]}, exclude=({"a": 1, "b": 4},)),
            [{"a": 1, "b": 3}, {"a": 2, "b": 3}, {"a": 2, "b": 4}],
        ),
        (Matrix(axes={"a": [1]}, include=({"a": 9, "c": 1},)), [{"a": 1}, {"a": 9, "c": 1}]),
        (Matrix(axes={}, include=({"a": 9},)), [{"a": 9}]),
        (Matrix(axes={"a": "${{ inputs.list }}"}), [{"a": "p"}, {"a": "q"}]),
        (Matrix(axes={"a": [1], "b": []}), []),
    ],
)
def test_matrix_is_the_product_of_its_axes(matrix: Matrix, expected: list[Any]) -> None:
    played = play(step("t", matrix=matrix), params={"list": ["p", "q"]})
    (said,) = played.said(ev.StepExpanded)
    assert said.items == expected
    if expected:
        assert spec(played, "t[0]").step_id == "t[0]"


def test_values_of_an_instance_name_its_combination() -> None:
    made = step("t", matrix=Matrix(axes={"s": ["unit", "api"]}), with_={"s": "${{ matrix.s }}"})
    played = play(made)
    assert [spec(played, f"t[{n}]").with_["s"] for n in (0, 1)] == ["unit", "api"]


def test_no_items_is_a_success_with_no_outputs() -> None:
    played = play(many("t", []), step("after", "t", if_="steps.t.none == null"))
    assert (played.run.steps["t"].state, played.run.steps["t"].outputs) == ("succeeded", [])
    assert played.states()["after"] == "queued"


def test_others_read_the_list_of_instances() -> None:
    after = step("after", "t", with_={"n": "${{ steps.t[1].outputs.n }}", "all": "${{ steps.t }}"})
    played = play(many("t", ["x", "y"]), after)
    played.do("t[0]", outputs={"n": 1})
    played.do("t[1]", outputs={"n": 2})
    values = spec(played, "after").with_
    assert values["n"] == 2
    assert [(one["item"], one["status"], one["outputs"]) for one in values["all"]] == [
        ("x", "succeeded", {"n": 1}),
        ("y", "succeeded", {"n": 2}),
    ]


def test_no_more_than_allowed_are_open_at_once() -> None:
    played = play(many("t", list(range(5)), max_parallel=2))
    opened = []
    while any(one.open for one in played.run.open_steps()):
        names = [one.id for one in played.run.open_steps()]
        opened.append(names)
        assert len(names) <= 2
        played.do(names[-1])
    assert opened[0] == ["t[0]", "t[1]"]
    assert played.run.steps["t"].state == "succeeded"
    assert len(played.specs) == 5


@pytest.mark.parametrize("kind", ["failed", "cancelled"])
def test_first_failed_instance_stops_the_others(kind: str) -> None:
    played = play(many("t", list(range(4)), max_parallel=2), step("after", "t"))
    played.news("t[1]", kind, reason="exit", message="no")
    assert played.cancels == [played.run.steps["t[0]"].task_id]
    assert played.states() == {
        "t": "running",
        "after": "pending",
        "t[0]": "queued",
        "t[1]": kind,
        "t[2]": "cancelled",
        "t[3]": "cancelled",
    }
    assert played.state == "running"
    played.news("t[0]", "cancelled")
    assert (played.states()["t"], played.state) == (kind, "failed")
    assert played.states()["after"] == "skipped"
    if kind == "failed":
        assert played.run.message == "t[1]: no"


def test_others_go_on_where_that_is_wanted() -> None:
    played = play(many("t", list(range(3)), max_parallel=1, fail_fast=False))
    played.do("t[0]", "failed", reason="exit", message="no")
    assert (played.cancels, played.states()["t[1]"]) == ([], "queued")
    played.do("t[1]")
    played.do("t[2]")
    assert (played.states()["t"], played.state) == ("failed", "failed")


def test_cancel_ends_instances_that_have_not_begun_at_once() -> None:
    played = play(many("t", list(range(3)), max_parallel=1))
    played.tell(CancelAsked(reason="by me"))
    assert played.cancels == [played.run.steps["t[0]"].task_id]
    assert played.states()["t[2]"] == "cancelled"
    played.news("t[0]", "cancelled")
    assert (played.states()["t"], played.state) == ("cancelled", "cancelled")


def test_failure_elsewhere_stops_instances() -> None:
    played = play(many("t", [1, 2], max_parallel=1), step("b"))
    played.do("b", "failed", reason="exit", message="no")
    played.news("t[0]", "succeeded")
    assert (played.states()["t[1]"], played.states()["t"]) == ("cancelled", "cancelled")
    assert (played.state, played.run.failed_step) == ("failed", "b")


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("${{ inputs.word }}", "foreach is no list"),
        ("${{ inputs.none }}", "none"),
        (list(range(MOST_ITEMS + 1)), "are more than"),
        (["x" * 1_100_000], "over 1 MiB"),
    ],
)
def test_items_that_cannot_be_are_an_error_of_the_step(items: Any, words: str) -> None:
    played = play(many("t", items), params={"word": "hello"})
    assert (played.state, played.run.reason) == ("failed", "expression")
    assert words in played.run.message


def test_instance_that_cannot_be_rendered_fails_alone() -> None:
    made = many("t", [{"a": 1}, {"b": 1}], fail_fast=False, with_={"v": "${{ item.a }}"})
    played = play(made)
    assert played.states()["t[1]"] == "failed"
    played.do("t[0]")
    assert (played.state, played.run.reason) == ("failed", "expression")


def test_execution_waits_when_every_instance_waits() -> None:
    played = play(many("t", [1, 2]))
    for n in (0, 1):
        played.news(f"t[{n}]", "started", attempt=1)
        played.news(f"t[{n}]", "retrying", message="no", due=9)
    assert played.state == "waiting"


def test_each_instance_is_undone_by_itself_in_reverse_order() -> None:
    made = many("t", ["x", "y", "z"], compensate=undo(with_={"was": "${{ self.item }}"}))
    played = play(made, step("b", "t"), on_failure="compensate")
    for n in (1, 0, 2):
        played.do(f"t[{n}]")
    played.do("b", "failed", reason="exit", message="no")
    assert played.run.plan == (("t[2]",), ("t[0]",), ("t[1]",))
    task = played.specs[played.run.steps["t[2]"].undo_task_id]
    assert (task.title, task.with_["was"]) == ("undo t[2]", "z")
    assert task.effect_key == f"{EXECUTION}/t[2]/1/undo"
    for n in (2, 0, 1):
        played.undone(f"t[{n}]")
    assert played.state == "compensated"
    assert played.run.not_undone == ("b",)


def test_instances_of_a_level_are_undone_together() -> None:
    made = many("t", ["x", "y"], compensate=undo())
    played = play(made, step("b", "t"), on_failure="compensate", compensation_order="parallel")
    played.do("t[0]")
    played.do("t[1]")
    played.do("b", "failed", reason="exit", message="no")
    assert played.run.plan == (("t[0]", "t[1]"),)
