"""Steps that say something and are done: `emit` tells everybody, `switch` chooses a way."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.scene import Emitted, Scene
from claude_agent.domain.definition import Step
from claude_agent.domain.execution import StepRun
from claude_agent.domain.expression import condition, render
from claude_agent.domain.states import StepState
from claude_agent.domain.step_task import contexts


def start_emit(scene: Scene, step: Step, seen: StepRun) -> None:
    """Say an event. Raises ExpressionError."""
    if step.emit is None:
        return
    found = contexts(scene.definition, scene.run, step, seen)
    data = dict(render(dict(step.emit.data), found))
    scene.out.emits.append(Emitted(type=step.emit.type, data=data))
    scene.say(ev.StepSucceeded(step=seen.id, outputs={"type": step.emit.type, "data": data}))


def start_switch(scene: Scene, step: Step, seen: StepRun) -> None:
    """Take the first way whose condition holds; skip what only other ways name."""
    found = contexts(scene.definition, scene.run, step, seen)
    chosen = None
    for number, case in enumerate(step.switch):
        if case.if_ is None or condition(case.if_, found):
            chosen = number
            break
    named = step.switch[chosen].then if chosen is not None else ()
    scene.say(ev.StepSucceeded(step=seen.id, outputs={"chosen": chosen, "steps": list(named)}))
    others = dict.fromkeys(name for case in step.switch for name in case.then)
    for name in others:
        if name not in named and scene.run.steps[name].state == StepState.PENDING:
            scene.say(ev.StepSkipped(step=name, reason="not_chosen"))
