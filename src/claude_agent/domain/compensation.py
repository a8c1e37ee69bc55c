"""What is undone, and in which order: the list is fixed once, before the first undoing."""

from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.execution import Execution, StepRun

LEAVES_NOTHING = frozenset({"noop", "http_check", "run_tests", "clone_repo", "build_frontend"})
"""Actions that change nothing outside the execution's own workspace."""


def plan(definition: Definition, run: Execution) -> tuple[list[list[str]], list[str]]:
    """Return (groups of steps to undo in order, started steps that are not undone).

    A step is on the list when it ended well and declares `compensate`, or when it was started
    at all and declares `on: attempted`. Order: reverse of the end events; with `order: parallel`
    the levels of the graph in reverse, each level together.
    """
    chosen = [step for step in definition.steps if _undone(step, run.steps[step.id])]
    left = [
        step.id
        for step in definition.steps
        if step not in chosen and _has_effect(step, run.steps[step.id])
    ]
    if definition.compensation_order == "parallel":
        levels = _levels(definition)
        depths = sorted({levels[step.id] for step in chosen}, reverse=True)
        return [[s.id for s in chosen if levels[s.id] == depth] for depth in depths], left
    chosen.sort(key=lambda step: run.steps[step.id].end_seq, reverse=True)
    return [[step.id] for step in chosen], left


def _undone(step: Step, seen: StepRun) -> bool:
    if step.compensate is None:
        return False
    if seen.ended_well:
        return True
    return step.compensate.on == "attempted" and seen.started


def _has_effect(step: Step, seen: StepRun) -> bool:
    return seen.started and step.action not in LEAVES_NOTHING


def _levels(definition: Definition) -> dict[str, int]:
    levels: dict[str, int] = {}
    waiting = {step.id: len(step.depends_on) for step in definition.steps}
    ready = [name for name, count in waiting.items() if not count]
    while ready:
        name = ready.pop()
        before = definition.by_id[name].depends_on
        levels[name] = 1 + max((levels[each] for each in before), default=0)
        for after in definition.dependents[name]:
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    return levels
