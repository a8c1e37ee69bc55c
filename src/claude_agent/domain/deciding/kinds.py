"""How a step begins whose conditions hold, by its kind."""

from collections.abc import Mapping

from claude_agent.domain import execution_events as ev
from claude_agent.domain.copying import replace
from claude_agent.domain.deciding.approving import start_approval
from claude_agent.domain.deciding.children import start_child
from claude_agent.domain.deciding.saying import start_emit, start_switch
from claude_agent.domain.deciding.scene import Scene, Starter, Submit
from claude_agent.domain.deciding.waiting import start_wait
from claude_agent.domain.definition import Step
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.execution import StepRun
from claude_agent.domain.second_try import alternatives
from claude_agent.domain.step_task import cache_key, task_for

CACHED = "cached"
"""The reason of a step that took what an earlier execution had left."""


def begin(scene: Scene, step: Step, seen: StepRun) -> None:
    """Begin a step, or one instance of it. Raises ExpressionError."""
    STARTERS.get(step.kind, _submit)(scene, step, seen)


def _submit(scene: Scene, step: Step, seen: StepRun) -> None:
    if _cached(scene, step, seen):
        return
    agent, why = scene.agent(step)
    spec = task_for(scene.definition, scene.run, step, seen, agent=agent, routed_by=why)
    if step.fallback:
        others = _others(scene, step, agent)
        spec = replace(spec, fallback=alternatives(step, others, spec.with_))
    task_id, ref = scene.means.new_id()
    scene.say(ev.StepQueued(step=seen.id, task_id=task_id, task_ref=ref, k=seen.k + 1))
    scene.out.submits.append(Submit(task_id=task_id, ref=ref, spec=spec))


def _others(scene: Scene, step: Step, agent: str) -> list[tuple[str, str]]:
    """Return who does each alternative of a step that `agent` does first, and why."""
    found = []
    for each in step.fallback:
        if each.agents or each.capabilities:
            kind = each.kind or step.kind
            found.append(scene.means.choose(each.agents, each.capabilities, kind))
        else:
            found.append((each.agent or agent, "the workflow names it"))
    return found


def _cached(scene: Scene, step: Step, seen: StepRun) -> bool:
    """Let a step succeed at once whose outputs an earlier execution left under its key."""
    at, outputs = in_cache(scene, step, seen)
    if at:
        scene.say(ev.StepSucceeded(step=seen.id, outputs=outputs, reason=CACHED))
    return bool(at)


def in_cache(scene: Scene, step: Step, seen: StepRun) -> tuple[int, Data | None]:
    """Return (when they were stored, the outputs) that a step takes now; at 0 it takes none.

    Raises ExpressionError where its key cannot be computed.
    """
    if step.cache is None:
        return 0, None
    at, outputs = scene.means.cached(cache_key(scene.definition, scene.run, step, seen))
    ttl = step.cache.ttl_ms
    over = ttl is not None and at + ttl < scene.means.at
    return (0, None) if over else (at, outputs)


STARTERS: Mapping[str, Starter] = {
    "approval": start_approval,
    "wait": start_wait,
    "emit": start_emit,
    "switch": start_switch,
    "workflow": start_child,
}
"""Kinds that are not one task: each has a module of its own; any other submits a task."""
