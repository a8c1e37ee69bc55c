"""What people may ask of executions that ended, and what their events alone say of effects."""

import random
from typing import TYPE_CHECKING, Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding import reopening
from claude_agent.domain.deciding.news import News, Reopen, ResumeUndo
from claude_agent.domain.definition import Definition
from claude_agent.domain.events import Payload
from claude_agent.domain.execution import Execution
from claude_agent.domain.states import ExecutionState
from claude_agent.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable


def second_chance(
    chance: random.Random, made: Definition, run: Execution, params: dict[str, Any]
) -> News | None:
    """Return something that a person may ask of an execution that ended; None: not of this one."""
    name = chance.choice(made.steps).id
    asks: list[Callable[[], News]] = [
        lambda: Reopen(said=reopening.retried(made, run, chance.choice(["", name]))),
        lambda: Reopen(said=reopening.retried(made, run, name, failed_only=True)),
        lambda: Reopen(said=reopening.retried(made, run, name, params={**params, "gone": 1})),
        lambda: Reopen(said=reopening.rewound(made, run, name, "better")),
        lambda: Reopen(said=reopening.decided(made, run, name, None)),
        lambda: Reopen(said=reopening.decided(made, run, name, {"n": 1})),
        lambda: Reopen(said=reopening.undone(made, run)),
    ]
    if run.state == ExecutionState.COMPENSATION_FAILED and chance.random() < 0.7:
        stuck = [one.id for one in run.steps.values() if one.state == run.state.value]
        return ResumeUndo(skip=tuple(chance.sample(stuck, chance.randint(0, len(stuck)))))
    try:
        return chance.choice(asks)()
    except Conflict:
        return None


def standing(events: list[Payload]) -> tuple[set[str], set[str]]:
    """Return (whose effects stand, of what something ran) as the events alone say it."""
    done, now, before, groups = set[str](), set[str](), set[str](), set[str]()
    for said in events:
        match said:
            case ev.StepExpanded():
                groups.add(said.step)
                done.discard(said.step)
            case ev.StepStarted() | ev.StepUncertain():
                now.add(said.step)
            case ev.StepFailed() | ev.StepCancelled() if not said.started:
                now.discard(said.step)  # what had begun was sealed: it never ran
            case ev.StepSucceeded() if said.step not in groups:
                done.add(said.step)
            case ev.StepCancelled() if said.ended_well:
                done.add(said.step)
            case ev.StepCompensated():
                done.discard(said.step)
                now.discard(said.step)
                before.discard(said.step)
            case ev.ExecutionReopened():
                before |= now
                now.clear()
                groups -= set(said.reset)
                if said.mode == "set_output":
                    done.add(said.from_step)
    return done, now | before


def due(made: Definition, run: Execution, done: set[str], began: set[str]) -> set[str]:
    """Return what is to be undone."""
    found = set()
    for name in done | began:
        undo = made.by_id[run.steps[name].base].compensate
        if undo is not None and (name in done or undo.on == "attempted"):
            found.add(name)
    return found


def ends_of(events: list[Payload]) -> dict[str, int]:
    """Return the number of the event that ended what last ran of each step."""
    found: dict[str, int] = {}
    for n, said in enumerate(events):
        match said:
            case ev.StepSucceeded() if said.reason != "cached":
                found[said.step] = n
            case ev.StepFailed() if said.started:
                found[said.step] = n
            case ev.StepCancelled() if said.started or said.ended_well:
                found[said.step] = n
            case ev.ExecutionReopened() if said.mode == "set_output":
                found[said.from_step] = n
    return found


def check_order(
    made: Definition, planned: list[str], base: "Callable[[str], str]", ends: dict[str, int]
) -> None:
    """I10: the reverse order of the ends, but that dependents go first.

    What an earlier generation did, or a person set, may stand on what has run again since: it goes
    before that, and only before what ended no later than that.
    """
    for place, name in enumerate(planned):
        before = ancestors(made, base(name))
        stands_on = [ends[one] for one in planned if base(one) in before]
        latest = max(stands_on, default=0)
        for other in planned[place + 1 :]:
            assert base(name) not in ancestors(made, base(other)), f"I10: {name} before {other}"
            assert ends[other] <= max(ends[name], latest), (
                f"I10: not the reverse order of the ends: {name} before {other} in {planned}"
            )


def ancestors(made: Definition, name: str) -> set[str]:
    """Return what a step depends on, by whatever way."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for each in made.by_id[waiting.pop()].depends_on:
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found
