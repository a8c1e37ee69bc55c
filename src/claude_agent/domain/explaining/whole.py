"""The whole explanation of an execution: every step that is not closed, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from claude_agent.domain.deciding.scene import Scene
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.execution import Execution
from claude_agent.domain.explaining.foresight import (
    IfFailed,
    IfWell,
    gone_on,
    if_failed,
    if_well,
    means_of_nobody,
)
from claude_agent.domain.explaining.reasons import Around, Reason
from claude_agent.domain.explaining.steps import STARTABLE, execution_reasons, step_reasons
from claude_agent.domain.states import STEP_OPEN, StepState
from claude_agent.domain.step_run import StepRun
from claude_agent.domain.task import Task

SHOWN = 200
"""At most so many steps are explained at once; one that is asked for by name always is."""
FORESEEN = 20
"""Of so many it is said what follows."""
_LIVE = STEP_OPEN | {StepState.COMPENSATING}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepExplained:
    """Why one step is not closed, and what follows when it is."""

    seen: StepRun
    reasons: tuple[Reason, ...]
    well: IfWell | None = None
    """None: not looked into."""
    failed: IfFailed | None = None

    def to_data(self) -> JsonObject:
        """Return the wire form."""
        return {
            "id": self.seen.id,
            "state": self.seen.state.value,
            "task_ref": self.seen.undo_task_ref or self.seen.task_ref or None,
            "reasons": [one.to_data() for one in self.reasons],
            "if_well": self.well.to_data() if self.well else None,
            "if_failed": self.failed.to_data() if self.failed else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why an execution has not ended."""

    reasons: tuple[Reason, ...]
    """What holds all of it."""
    steps: tuple[StepExplained, ...]
    total: int
    """How many steps are not closed; more than `SHOWN` are not all in `steps`."""

    @property
    def startable(self) -> list[str]:
        """The steps that wait for nothing."""
        return [
            one.seen.id for one in self.steps if any(why.code == STARTABLE for why in one.reasons)
        ]


def not_closed(run: Execution, only: str = "") -> list[StepRun]:
    """Return what has not ended: open things first, in order; `only`: this one, or none."""
    if only:
        found = run.steps.get(only)
        kept = found is not None and found.state in _LIVE | {StepState.PENDING}
        return [found] if found is not None and kept else []
    live = [one for one in run.steps.values() if one.state in _LIVE]
    waiting = [one for one in run.steps.values() if one.state == StepState.PENDING]
    return live + ([] if run.terminal else waiting)


def explain(
    definition: Definition,
    run: Execution,
    tasks: Mapping[str, Task],
    around: Around,
    *,
    only: str = "",
) -> Explained:
    """Return why an execution has not ended; `tasks` by id are those of its open steps.

    `only`: of this step or instance alone. Changes nothing.
    """
    means = replace(means_of_nobody(around.at, around.cached), agents=around.agents)
    scene = Scene(definition, run, means)
    found = not_closed(run, only)
    then = gone_on(definition, run, means)
    steps = []
    for n, seen in enumerate(found[:SHOWN]):
        foreseen = n < FORESEEN and seen.state != StepState.COMPENSATING
        steps.append(
            StepExplained(
                seen=seen,
                reasons=tuple(step_reasons(scene, seen, tasks, around)),
                well=if_well(definition, then, seen.id, means) if foreseen else None,
                failed=if_failed(definition, then, seen.id, means) if foreseen else None,
            )
        )
    return Explained(
        reasons=tuple(execution_reasons(scene, around)), steps=tuple(steps), total=len(found)
    )
