"""What is undone, and in which order: the list is fixed once, before the first undoing."""

from collections.abc import Iterator, Mapping

from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.definition_kinds import TASKLESS
from claude_agent.domain.execution import Execution, StepRun
from claude_agent.domain.states import StepState

LEAVES_NOTHING = frozenset(
    {"noop", "http_check", "run_tests", "clone_repo", "build_frontend", "build_docker"}
)
"""Actions that change nothing outside the execution's own workspace, or only add what nobody uses
until another step names it, as an image."""


def plan(definition: Definition, run: Execution) -> tuple[list[list[str]], list[str]]:
    """Return (groups of steps to undo in order, started steps that are not undone).

    A step is on the list when it has an effect in force and declares `compensate`, or when it was
    started at all and declares `on: attempted`; of a step with many, each instance by itself.
    Order: reverse of the events that ended what has an effect; with `order: parallel` the levels
    of the graph in reverse, each level together. What was compensated before is on neither list.
    """
    chosen: list[StepRun] = []
    left: list[str] = []
    for seen in parts(definition, run):
        step = definition.by_id[seen.base]
        if seen.state == StepState.COMPENSATED:
            continue
        if _undone(step, seen):
            chosen.append(seen)
        elif _has_effect(step, seen):
            left.append(seen.id)
    depth_of = levels(definition)
    if definition.compensation_order == "parallel":
        depths = sorted({depth_of[seen.base] for seen in chosen}, reverse=True)
        return [[s.id for s in chosen if depth_of[s.base] == depth] for depth in depths], left
    least = _least(definition, chosen, depth_of)
    chosen.sort(
        key=lambda seen: (
            max(seen.effect_seq, least[seen.base]),
            depth_of[seen.base],
            seen.effect_seq,
        ),
        reverse=True,
    )
    return [[seen.id] for seen in chosen], left


def _least(
    definition: Definition, chosen: list[StepRun], levels: Mapping[str, int]
) -> dict[str, int]:
    """Return for each step the last end event among what it stands on.

    In one generation its own came later. An effect of an earlier generation may stand on a step
    that has run again since: it is undone before that all the same.
    """
    last: dict[str, int] = {}
    for seen in chosen:
        last[seen.base] = max(last.get(seen.base, 0), seen.effect_seq)
    least: dict[str, int] = {}
    for name in sorted(levels, key=levels.__getitem__):
        before = definition.by_id[name].depends_on
        least[name] = max((last.get(each, 0) for each in before), default=0)
        last[name] = max(last.get(name, 0), least[name])
    return least


def parts(definition: Definition, run: Execution) -> Iterator[StepRun]:
    """Yield what does something itself: steps, and instead of a step with many its instances.

    In the order of the definition; instances that a later generation no longer has come last.
    """
    several: dict[str, list[StepRun]] = {}
    for one in run.steps.values():
        if one.parent:
            several.setdefault(one.parent, []).append(one)
    for step in definition.steps:
        seen = run.steps[step.id]
        if step.id in several:
            yield from sorted(several[step.id], key=lambda one: one.n)
        if seen.single and (step.id not in several or seen.ended_well or seen.in_force):
            yield seen


def _undone(step: Step, seen: StepRun) -> bool:
    if step.compensate is None:  # a sub-workflow is undone as a whole, by its own definition
        return bool(seen.children) and (seen.ended_well or seen.in_force)
    if seen.ended_well or seen.in_force:
        return True
    return step.compensate.on == "attempted" and (seen.started or seen.tried)


def _has_effect(step: Step, seen: StepRun) -> bool:
    if step.kind in TASKLESS:
        return False
    return (
        seen.started or seen.tried or seen.ended_well or seen.in_force
    ) and step.action not in LEAVES_NOTHING


def levels(definition: Definition) -> dict[str, int]:
    """Return the level of each step: from 1, one more than the highest that it depends on."""
    found: dict[str, int] = {}
    waiting = {step.id: len(step.depends_on) for step in definition.steps}
    ready = [name for name, count in waiting.items() if not count]
    while ready:
        name = ready.pop()
        before = definition.by_id[name].depends_on
        found[name] = 1 + max((found[each] for each in before), default=0)
        for after in definition.dependents[name]:
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    return found
