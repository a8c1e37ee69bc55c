"""Steps that wait for a yes: what is asked and shown, and what a yes or a no makes of them."""

from claude_agent.domain import execution_events as ev
from claude_agent.domain.approval import POLICY
from claude_agent.domain.deciding.news import Answered
from claude_agent.domain.deciding.scene import GOING, Ask, Scene
from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.definition_kinds import Approval
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.execution import Execution, StepRun
from claude_agent.domain.expression import render
from claude_agent.domain.expression_tree import fail
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_task import contexts, workplace

REJECTED, REWIND = "rejected", "rewind"
MODES = ("auto", "manual", "reject")
DIFF = "diff"
_RULE = "the workflow"


def start_approval(scene: Scene, step: Step, seen: StepRun) -> None:
    """Ask, or decide at once where its mode says so. Raises ExpressionError."""
    asked = step.approval or Approval()
    found = contexts(scene.definition, scene.run, step, seen)
    mode = render(asked.mode, found)
    if mode not in MODES:
        fail(f"approval.mode must be auto, manual or reject, not {str(mode)[:40]!r}")
    if mode == "auto":
        scene.say(ev.StepSucceeded(step=seen.id, outputs=outputs_of(_RULE, "", {})))
        return
    if mode == "reject":
        _refuse(scene, seen, asked.on_reject, "The workflow refuses it.")
        return
    prompt = str(render(asked.prompt, found)) if asked.prompt else ""
    shown = {path: _value(scene, path, found) for path in asked.show if path != DIFF}
    scene.say(ev.StepHeld(step=seen.id))
    scene.out.asks.append(
        Ask(
            step=seen.id,
            prompt=prompt,
            shown=shown,
            diff_of=workplace(scene.run, scene.definition, step) if DIFF in asked.show else "",
            approval=asked,
        )
    )


def _value(scene: Scene, path: str, found: Data) -> object:
    root, _, rest = path.partition(".")
    name, _, field = rest.partition(".")
    many = scene.run.steps.get(name) if root == "steps" else None
    if many is not None and not many.single and field.isidentifier():
        return [each.get(field) for each in found["steps"][name]]  # of every instance
    return render(f"${{{{ {path} }}}}", found)


def outputs_of(by: str, note: str, answers: Data) -> Data:
    """Return what an approval delivers."""
    return {"approved": True, "by": by, "note": note, "form": dict(answers)}


def take_answer(scene: Scene, news: Answered) -> None:
    """Let a step that waits for a yes go on, or end as its `on_reject` says."""
    seen = scene.run.steps.get(news.step)
    if seen is None or seen.state != StepState.HELD or seen.task_id:
        return
    if news.yes:
        outputs = outputs_of(news.by, news.note, news.answers)
        scene.say(ev.StepSucceeded(step=seen.id, outputs=outputs))
        return
    asked = scene.step(seen.id).approval or Approval()
    message = news.note or f"Rejected by {news.by}."
    # Nobody who ran out of time gave feedback: only a person's no goes back to be done better.
    back = asked.on_reject == REWIND and news.by != POLICY and not seen.parent
    if back and scene.run.state in GOING:
        scene.say(ev.StepFailed(step=seen.id, reason=REJECTED, message=message, started=False))
        scene.say(ev.ExecutionPaused(reason=REJECTED, by_step=seen.id))
        return
    _refuse(scene, seen, asked.on_reject, message)


def rewinds_to(scene: Scene) -> str:
    """Return the step to which a rejection goes back, once nothing runs; empty: to none."""
    run = scene.run
    if run.state != ExecutionState.PAUSED or run.any_open or run.reason != REJECTED:
        return ""
    step = scene.definition.by_id.get(run.failed_step)
    asked = step.approval if step is not None else None
    return (asked.rewind_to or "") if asked is not None and asked.on_reject == REWIND else ""


def _refuse(scene: Scene, seen: StepRun, on_reject: str, message: str) -> None:
    if on_reject == "skip":
        scene.say(ev.StepSkipped(step=seen.id, reason=REJECTED))
        return
    scene.say(ev.StepFailed(step=seen.id, reason=REJECTED, message=message, started=False))
    if on_reject != "compensate" or seen.parent:
        scene.failing(seen.id, REJECTED, message)
    elif scene.run.state in GOING:  # also where the definition goes on after a failure
        scene.say(ev.ExecutionFailing(step=seen.id, reason=REJECTED, message=message))
        scene.stop_open()


def goes_back(definition: Definition, run: Execution) -> bool:
    """Say whether what was done is undone after a failure: what a rejection says comes first."""
    failed = run.steps.get(run.failed_step)
    step = None if failed is None else definition.by_id[failed.base]
    asked = step.approval if step is not None else None
    if asked is not None and run.reason == REJECTED and asked.on_reject == "compensate":
        return True
    return definition.on_failure == "compensate"
