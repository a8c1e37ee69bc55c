"""Copies of frozen values are what `dataclasses.replace` would make."""

import dataclasses
from dataclasses import dataclass

import pytest

from claude_agent.domain import copying
from claude_agent.domain.copying import replace
from claude_agent.domain.step_run import StepRun
from claude_agent.domain.task_spec import TaskSpec


def test_copy_is_equal_and_the_first_stays_as_it_is() -> None:
    first = StepRun(id="a", n=3, outputs={"x": 1})
    second = replace(first, started=True, n=4)
    assert second == dataclasses.replace(first, started=True, n=4)
    assert first == StepRun(id="a", n=3, outputs={"x": 1})
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(second, "n", 5)  # noqa: B010 - the type checker would refuse it too


def test_copy_has_every_field() -> None:
    spec = TaskSpec(title="t", kind="run", text="true", agent="a", queue="q")
    assert replace(spec) == spec
    assert replace(spec) is not spec


def test_field_that_it_has_not_is_refused() -> None:
    with pytest.raises(KeyError, match="nobody"):
        vars(copying)["replace"](StepRun(id="a"), nobody=1)  # the type checker would refuse it too


@dataclass(frozen=True)
class Counted:
    one: int
    two: int = 0


def test_class_that_is_more_than_its_slots_is_refused() -> None:
    with pytest.raises(TypeError, match="Counted"):
        replace(Counted(1), two=2)
