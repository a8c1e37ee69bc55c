from dataclasses import replace

from claude_agent.domain.definition_diff import changes
from claude_agent.domain.retry import RetryPolicy
from tests.unit.domain.making import definition, step


def texts(*pair: object) -> list[str]:
    return [str(one.to_data()["text"]) for one in changes(*pair)]  # type: ignore[arg-type]


def test_same_version_has_no_changes() -> None:
    one = definition(step("a"), step("b", "a"))
    assert changes(one, one) == []


def test_steps_and_fields_that_changed_are_one_line_each() -> None:
    before = definition(step("a"), step("b", "a"), step("gone", "a"))
    changed = replace(step("b", "a"), agent="database", retry=RetryPolicy(max_attempts=5))
    after = definition(
        step("a", if_="inputs.x"), changed, step("new", "b"), on_failure="compensate"
    )
    assert texts(before, after) == [
        '~ on_failure: "fail" -> "compensate"',
        '- steps.gone: {"action": "setup_database", "agent": "testing", "depends_on": ["a"]}',
        '+ steps.a.if: "inputs.x"',
        '~ steps.b.agent: "testing" -> "database"',
        "~ steps.b.retry.max_attempts: 1 -> 5",
        '+ steps.new: {"action": "setup_database", "agent": "testing", "depends_on": ["b"]}',
    ]


def test_another_order_of_the_steps_is_a_change() -> None:
    before, after = definition(step("a"), step("b")), definition(step("b"), step("a"))
    assert texts(before, after) == ['~ steps: ["a", "b"] -> ["b", "a"]']


def test_long_values_are_cut() -> None:
    before = definition(step("a", action=None, kind="run", run="x" * 500))
    after = definition(step("a", action=None, kind="run", run="y" * 500))
    assert len(texts(before, after)[0]) < 500
