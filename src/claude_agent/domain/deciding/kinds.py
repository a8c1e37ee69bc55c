"""How a step begins whose conditions hold, by its kind."""

from collections.abc import Mapping

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.approving import start_approval
from claude_agent.domain.deciding.children import start_child
from claude_agent.domain.deciding.saying import start_emit, start_switch
from claude_agent.domain.deciding.scene import Scene, Starter, Submit
from claude_agent.domain.deciding.waiting import start_wait
from claude_agent.domain.definition import Step
from claude_agent.domain.execution import StepRun
from claude_agent.domain.step_task import task_for


def begin(scene: Scene, step: Step, seen: StepRun) -> None:
    """Begin a step, or one instance of it. Raises ExpressionError."""
    STARTERS.get(step.kind, _submit)(scene, step, seen)


def _submit(scene: Scene, step: Step, seen: StepRun) -> None:
    agent, why = scene.agent(step)
    spec = task_for(scene.definition, scene.run, step, seen, agent=agent, routed_by=why)
    task_id, ref = scene.means.new_id()
    scene.say(ev.StepQueued(step=seen.id, task_id=task_id, task_ref=ref, k=seen.k + 1))
    scene.out.submits.append(Submit(task_id=task_id, ref=ref, spec=spec))


STARTERS: Mapping[str, Starter] = {
    "approval": start_approval,
    "wait": start_wait,
    "emit": start_emit,
    "switch": start_switch,
    "workflow": start_child,
}
"""Kinds that are not one task: each has a module of its own; any other submits a task."""
