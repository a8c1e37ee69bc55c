"""Steps that are executions themselves: a sub-workflow begins as a child of this one."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.scene import Child, Scene
from claude_agent.domain.definition import Step
from claude_agent.domain.execution import StepRun
from claude_agent.domain.expression import render_with
from claude_agent.domain.expression_tree import fail
from claude_agent.domain.step_task import contexts, workplace


def start_child(scene: Scene, step: Step, seen: StepRun) -> None:
    """Begin a sub-workflow under the definition it was pinned to. Raises ExpressionError."""
    digest = scene.run.pins.get(step.workflow or "")
    if digest is None:
        fail(f"the workflow {step.workflow} was not there when this execution was started")
    found = contexts(scene.definition, scene.run, step, seen)
    params = render_with(step.with_, found, open_inputs=False)
    execution_id, ref = scene.means.new_execution()
    due = step.timeout.until(scene.means.at)
    scene.say(
        ev.StepChildStarted(step=seen.id, execution_id=execution_id, ref=ref, k=seen.k + 1, due=due)
    )
    scene.out.children.append(
        Child(
            execution_id=execution_id,
            ref=ref,
            digest=digest,
            step=seen.id,
            params=params,
            cwd=workplace(scene.run, scene.definition, step),
        )
    )
