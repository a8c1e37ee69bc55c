"""The work of a decision does not grow with the execution around it."""

import sys
from collections.abc import Sequence
from types import FrameType

import pytest

from claude_agent.domain.definition import Step
from tests.unit.domain.making import Play, definition, step


def fan(width: int) -> Sequence[Step]:
    """Return a step, `width` steps after it, and one that joins them."""
    names = [f"s{n}" for n in range(width)]
    return [step("first"), *(step(name, "first") for name in names), step("join", *names)]


def chain(length: int) -> Sequence[Step]:
    return [step(f"s{n}", *([f"s{n - 1}"] if n else [])) for n in range(length)]


def apart(width: int) -> Sequence[Step]:
    return [step(f"s{n}", if_="success()") for n in range(width)]


def calls(steps: Sequence[Step]) -> int:
    """Return how many Python calls it takes to bring an execution to its end."""
    made, count = definition(*steps), 0

    def counting(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counting)
    try:
        played = Play(made).begin()
        going = [name for name, one in played.run.steps.items() if one.open]
        while going:
            played.do(going.pop())
            if not going:
                going = [one.id for one in played.run.open_steps()]
    finally:
        sys.setprofile(None)
    assert played.state == "succeeded"
    return count


@pytest.mark.parametrize("shape", [fan, chain, apart])
def test_work_of_an_execution_grows_in_step_with_its_steps(shape: type) -> None:
    small, large = calls(shape(40)), calls(shape(400))
    assert large < small * 11, f"{large} calls for ten times the steps of {small}"


def test_ten_thousand_steps_run_to_their_end() -> None:
    played = Play(definition(*fan(10_000))).begin()
    played.do("first")
    for n in range(10_000):
        name = f"s{n}"
        played.news(name, "succeeded")
    played.do("join")
    assert played.state == "succeeded"
