"""Find steps that can never run because they wait for two ways of one switch."""

from collections.abc import Mapping, Sequence

from claude_agent.domain.compile_graph import Graph
from claude_agent.domain.compile_steps import Compiled
from claude_agent.domain.definition import Step

Ways = Mapping[str, int]
"""For each switch that must have gone one way the number of that case."""


def check_reach(compiled: Sequence[Compiled], graph: Graph) -> None:
    """Note every step that no execution can reach."""
    steps = {one.link.id: one.step for one in compiled if one.step is not None}
    chosen = _chosen(steps)
    if not chosen:
        return
    ways: dict[str, Ways] = {}
    places = {one.link.id: one.place for one in compiled}
    for name in graph.order:
        found, clash = _ways(name, steps.get(name), graph.needs[name], ways, chosen)
        ways[name] = found
        if clash:
            places[name].fail(
                f"step '{name}' never runs: it waits for two ways of the switch '{clash}'",
                "write when: always, or depend on one of them",
            )


def _chosen(steps: Mapping[str, Step]) -> dict[str, dict[str, int]]:
    """Return for each step the switches that name it in exactly one case."""
    found: dict[str, dict[str, int]] = {}
    for step in steps.values():
        cases: dict[str, list[int]] = {}
        for number, case in enumerate(step.switch):
            for name in case.then:
                cases.setdefault(name, []).append(number)
        for name, numbers in cases.items():
            if len(numbers) == 1:
                found.setdefault(name, {})[step.id] = numbers[0]
    return found


def _ways(
    name: str,
    step: Step | None,
    needs: Sequence[str],
    ways: Mapping[str, Ways],
    chosen: Mapping[str, Mapping[str, int]],
) -> tuple[Ways, str]:
    """Return the ways that must have been taken for a step, and a switch that clashes."""
    found = dict(chosen.get(name, {}))
    if step is None or step.when != "success":
        return found, ""
    for need in needs:
        for switch, number in ways.get(need, {}).items():
            if found.setdefault(switch, number) != number:
                return {}, switch
    return found, ""
