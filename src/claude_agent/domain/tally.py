"""Counts over the steps of an execution, kept with each change instead of looked up."""

from collections.abc import Iterable
from dataclasses import dataclass

from claude_agent.domain.states import STEP_OPEN, StepState
from claude_agent.domain.step_run import StepRun


@dataclass(frozen=True, slots=True)
class Group:
    """Counts over the instances of one step."""

    pending: int = 0
    open: int = 0
    bad: int = 0
    """Failed or cancelled."""


_BAD = frozenset({StepState.FAILED, StepState.CANCELLED})


class Tally:
    """How many steps are in each state, how many open ones wait, who waits for how many.

    States are those of the definition's steps; open are those that do something themselves.
    """

    __slots__ = ("_states", "groups", "open", "open_deps", "waiting")

    def __init__(self, steps: Iterable[StepRun] = ()) -> None:
        self._states: dict[StepState, int] = {}
        self.open = 0
        """Steps whose task may still do something."""
        self.waiting = 0
        """Of these, how many wait for a time or a person."""
        self.open_deps: dict[str, int] = {}
        """Pending steps that were looked at: how many of their dependencies are not closed."""
        self.groups: dict[str, Group] = {}
        """Of each step with many: how its instances stand."""
        for step in steps:
            self._count(step, 1)

    def __getitem__(self, state: StepState) -> int:
        return self._states.get(state, 0)

    def copy(self) -> "Tally":
        """Return a tally of its own."""
        new = Tally()
        new._states = dict(self._states)
        new.open, new.waiting, new.open_deps = self.open, self.waiting, dict(self.open_deps)
        new.groups = dict(self.groups)
        return new

    def replace(self, before: StepRun | None, after: StepRun) -> None:
        """Count a step anew."""
        if before is not None:
            self._count(before, -1)
        self._count(after, 1)

    def _count(self, step: StepRun, by: int) -> None:
        if step.parent:
            self._count_instance(step, by)
        else:
            self._states[step.state] = self._states.get(step.state, 0) + by
        if step.state in STEP_OPEN and step.single:
            self.open += by
            if step.waits:
                self.waiting += by

    def _count_instance(self, step: StepRun, by: int) -> None:
        group = self.groups.get(step.parent, Group())
        self.groups[step.parent] = Group(
            pending=group.pending + by * (step.state == StepState.PENDING),
            open=group.open + by * (step.state in STEP_OPEN),
            bad=group.bad + by * (step.state in _BAD),
        )
