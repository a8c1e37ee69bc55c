"""Time the reading and compiling of large graphs; one JSON line for each shape.

Run `python bench/compile.py [STEPS]`. A goal is noted where the design names one; nothing fails.
"""

import json
import platform
import statistics
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter

from claude_agent.core.definition_source import parse
from claude_agent.domain.compile import compile_definition

AGENTS = frozenset({"testing"})
GOAL_MS_PER_10_000 = 1_000
ROUNDS = 5


def chain(count: int) -> str:
    """Each step waits for the one before and reads its output."""
    steps = ["{id: s0, agent: testing, run: 'true'}"]
    reads = "env: {A: '${{ steps.s0.status }}'}"
    steps += [
        f"{{id: s{n}, run: 'true', depends_on: [s{n - 1}], {reads}}}" for n in range(1, count)
    ]
    return "name: chain\nsteps:\n" + "".join(f"- {step}\n" for step in steps)


def fan(count: int) -> str:
    """All steps between one first and one last."""
    between = [f"s{n}" for n in range(1, count - 1)]
    steps = ["{id: first, run: 'true'}"]
    steps += [f"{{id: {name}, run: 'true', depends_on: [first]}}" for name in between]
    steps += [f"{{id: last, run: 'true', depends_on: [{', '.join(between)}]}}"]
    return "name: fan\nsteps:\n" + "".join(f"- {step}\n" for step in steps)


def median_ms(work: Callable[[], object]) -> float:
    """Return the median time of a few rounds, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        work()
        times.append((perf_counter() - begin) * 1_000)
    return statistics.median(times)


def report(name: str, work: Callable[[], object], goal: float | None = None) -> None:
    """Print one figure as a JSON line."""
    found = {"name": name, "value": round(median_ms(work), 1), "unit": "ms"}
    rest = {"peer": None, "peer_value": None, "ratio": None, "goal": goal}
    sys.stdout.write(json.dumps(found | rest | {"machine": platform.machine()}) + "\n")


def main(count: int) -> None:
    """Print the figures."""
    for shape in (chain, fan):
        text = shape(count)
        tree = parse(text)
        name = f"{shape.__name__}_{count}"
        goal = GOAL_MS_PER_10_000 * count / 10_000
        report(f"compile.read_{name}", partial(parse, text))
        compiling = partial(compile_definition, tree, agents=AGENTS, actions={})
        report(f"compile.compile_{name}", compiling, goal)
        report(f"compile.digest_{name}", partial(getattr, compiling(), "digest"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
