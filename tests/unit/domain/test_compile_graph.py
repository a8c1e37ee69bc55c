from typing import Any

import pytest

from claude_agent.domain.compile import compile_definition
from claude_agent.domain.definition import DefinitionError
from claude_agent.domain.node import node_from_data
from tests.unit.domain.compiling import ACTIONS, AGENTS, compiled, only, problems


def test_an_id_that_stands_twice_is_refused() -> None:
    found = only("name: x\nsteps:\n - {id: a, run: x}\n - {id: a, run: y}\n")
    assert found.message == "the step id 'a' stands here and in line 3"
    assert (found.line, found.column, found.path) == (4, 9, "steps[1].id")


def test_an_id_that_stands_twice_is_refused_without_lines_too() -> None:
    data = {"name": "x", "steps": [{"id": "a", "run": "x"}, {"id": "a", "run": "y"}]}
    with pytest.raises(DefinitionError, match=r"stands here and at steps\[0\]\.id"):
        compile_definition(node_from_data(data), agents=AGENTS, actions=ACTIONS)


def test_a_dependency_that_stands_twice_is_refused() -> None:
    found = only("name: x\nsteps: [{id: a, run: x}, {id: b, run: x, depends_on: [a, a]}]")
    assert (found.message, found.path) == (
        "'a' stands twice in depends_on",
        "steps[1].depends_on[1]",
    )


def test_every_cycle_is_named_once() -> None:
    needs = {"a": "c", "b": "a", "c": "b", "d": "a", "e": "f", "f": "e", "g": ""}
    lines = [f" - {{id: {k}, run: x, depends_on: [{v}]}}" for k, v in needs.items()]
    first, second = problems("name: x\nsteps:\n" + "\n".join(lines))
    assert first.message == "these steps wait for each other: a → c → b → a"
    assert (first.path, first.line) == ("steps[0].depends_on[0]", 3)
    assert second.message == "these steps wait for each other: e → f → e"


def test_a_long_cycle_is_shown_short() -> None:
    lines = [f" - {{id: s{n}, run: x, depends_on: [s{(n + 1) % 1000}]}}" for n in range(1000)]
    found = only("name: x\nsteps:\n" + "\n".join(lines))
    assert found.message.endswith("s8 → s9 → … → s0")


def test_a_chain_of_thousands_needs_no_recursion() -> None:
    steps: list[dict[str, Any]] = [{"id": "s0", "run": "x"}]
    steps += [
        {"id": f"s{n}", "run": "x", "depends_on": [f"s{n - 1}"], "if": "steps.s0.status == ''"}
        for n in range(1, 2_000)
    ]
    tree = node_from_data({"name": "x", "steps": steps})
    definition = compile_definition(tree, agents=AGENTS, actions=ACTIONS)
    assert definition.steps[-1].depends_on == ("s1998",)


def test_more_steps_than_the_limit_are_refused() -> None:
    steps = [{"id": f"s{n}", "run": "x"} for n in range(10_001)]
    with pytest.raises(DefinitionError, match="'steps' has 10,001 steps; the limit is 10,000"):
        compile_definition(
            node_from_data({"name": "x", "steps": steps}), agents=AGENTS, actions=ACTIONS
        )


def test_problems_beyond_a_hundred_are_counted() -> None:
    lines = [f" - {{id: s{n}, run: x, depends_on: [t{n}]}}" for n in range(600)]
    found = problems("name: x\nsteps:\n" + "\n".join(lines))
    assert len(found) == 101
    assert found[-1].message == "and 500 more problems"


def test_a_step_waits_for_everything_before_a_join() -> None:
    text = (
        "name: x\nsteps:\n"
        " - {id: d, run: x, depends_on: [b, c], if: steps.a.status == 'succeeded'}\n"
        " - {id: a, run: x}\n"
        " - {id: b, run: x, depends_on: [a]}\n"
        " - {id: c, run: x, depends_on: [a]}\n"
    )
    definition = compiled(text)
    assert definition.dependents == {"d": (), "a": ("b", "c"), "b": ("d",), "c": ("d",)}
