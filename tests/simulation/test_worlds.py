"""Thousands of histories of whole servers, with faults at any moment; and proof that they tell.

`PROVE_SCALE` multiplies the number of histories: 200 plays a million. A failure prints its seed,
which belongs into seeds.txt together with the repair.
"""

import collections
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.domain import execution_events, task_events
from claude_agent.domain.events import Payload
from claude_agent.errors import ClaudeAgentError
from tests.simulation.mutations import MUTATIONS, mutated
from tests.simulation.play import play

pytestmark = pytest.mark.timeout(600)
"""It is work that takes the time, not a wait."""
SLICES = 40
SLICE = 125
"""Histories of each slice: 5,000 together, over all workers."""
WITHIN = 1_000
"""Each mutation is found within so many histories."""
KEPT = [
    int(line.split()[0])
    for line in (Path(__file__).parent / "seeds.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]
SHOWN = (AssertionError, ClaudeAgentError, LookupError, TypeError, ValueError, RuntimeError)
"""How a mutation may show."""
NOT_DRAWN = {
    "task.output": "what an agent says changes nothing but its own line",
    "task.discarded": "as compensation.resumed",
    "compensation.resumed": "seldom: of so few histories hardly one has an undoing that failed",
    "compensation.overdue": "seldom: an undoing must outlast its time",
    "task.redriven": "as compensation.resumed",
    "task.reported": "no act is an agent that reports",
    "task.reported_late": "as task.reported",
    "step.overdue": "no flow limits the time of a sub-workflow",
}
"""Events that the histories need not have, and why."""


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Say nothing of thousands of failures that are meant."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("part", range(SLICES))
def test_every_history_keeps_every_invariant(part: int, prove_scale: int) -> None:
    count = SLICE * prove_scale
    for seed in range(part * count, (part + 1) * count):
        play(seed)


@pytest.mark.parametrize("seed", KEPT)
def test_history_that_once_failed_is_right(seed: int) -> None:
    play(seed)


def test_history_is_the_same_again() -> None:
    for seed in range(5):
        assert play(seed).lines == play(seed).lines


@pytest.mark.parametrize("name", MUTATIONS)
def test_histories_tell_of_an_engine_that_is_wrong(name: str) -> None:
    with mutated(name):
        for seed in range(WITHIN):
            try:
                play(seed)
            except SHOWN:
                return
    pytest.fail(f"{WITHIN} histories of an engine that {name} found nothing")


def test_everything_that_can_be_said_is_said() -> None:
    """A new event that no act leads to fails here: add an act, a kind of step, or a reason."""
    known = {
        one.TYPE
        for module in (task_events, execution_events)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Payload) and one is not Payload
    }
    said: collections.Counter[str] = collections.Counter()
    for seed in range(250):
        said.update(play(seed).types)
    unsaid = known - set(said) - set(NOT_DRAWN)
    assert not unsaid, f"no history has these events: {sorted(unsaid)}"
