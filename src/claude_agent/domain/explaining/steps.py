"""Why a step waits: asked of the functions that decide whether it begins."""

from collections.abc import Mapping

from claude_agent.domain.deciding.kinds import in_cache
from claude_agent.domain.deciding.scene import GOING, STOPPING, Scene, blockers
from claude_agent.domain.deciding.starting import at_the_end, may_start
from claude_agent.domain.definition import Step
from claude_agent.domain.duration import format_duration
from claude_agent.domain.explaining.reasons import Around, Reason, listed, time_left
from claude_agent.domain.explaining.tasks import task_reasons
from claude_agent.domain.expression import ExpressionError
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_run import StepRun
from claude_agent.domain.task import Task

_E = ExecutionState
_S = StepState
STARTABLE = "startable"
"""The code of a step that waits for nothing: the next decision begins or skips it."""


def step_reasons(
    scene: Scene, seen: StepRun, tasks: Mapping[str, Task], around: Around
) -> list[Reason]:
    """Return why a step, or an instance of one, is not closed; nothing where it is."""
    step = scene.step(seen.id)
    match seen.state:
        case _S.PENDING if seen.parent:
            return [_place(scene, step)]
        case _S.PENDING:
            return _pending(scene, step)
        case _S.HELD:
            return [_approval(scene, seen, around)]
        case _S.COMPENSATING:
            return _task(tasks.get(seen.undo_task_id), around, "It is being undone. ")
        case _S.QUEUED | _S.RUNNING | _S.UNCERTAIN:
            return _open(scene, step, seen, tasks, around)
        case _:
            return []


def _pending(scene: Scene, step: Step) -> list[Reason]:
    run = scene.run
    blocked = [
        Reason(
            code="dependency",
            text=f"It needs the end of {name}, which is {run.steps[name].state.value}.",
            about=(name,),
        )
        for name in blockers(run, step)
    ]
    if run.state in STOPPING:
        text = f"The execution is {run.state.value}: no new step starts until everything stopped."
        blocked.append(Reason(code="stopping", text=text))
    elif run.state == _E.PAUSED:
        blocked.append(paused(scene))
    elif run.state not in GOING:
        text = f"The execution is {run.state.value}."
        blocked.append(Reason(code="execution", text=text, about=(run.ref,)))
    elif at_the_end(step):
        text = f"`when: {step.when}` looks at the whole execution: its end decides."
        blocked.append(Reason(code="end", text=text))
    if not blocked and may_start(scene, step):
        blocked.append(Reason(code=STARTABLE, text="It starts with the next decision."))
    many = step.many is not None
    return blocked if many else [*blocked, *cache_reasons(scene, step, scene.run.steps[step.id])]


def paused(scene: Scene) -> Reason:
    """Return that the execution is paused, and how it goes on."""
    why = f": {scene.run.reason}" if scene.run.reason else ""
    return Reason(
        code="paused",
        text=f"The execution is paused{why}.",
        about=(scene.run.ref,),
        command=f"claude-agent execution resume {scene.run.ref}",
    )


def _place(scene: Scene, step: Step) -> Reason:
    if scene.run.state == _E.PAUSED:
        return paused(scene)
    group = scene.run.tally.groups[step.id]
    most = step.many.max_parallel if step.many is not None else None
    limit = f" of at most {most}" if most else ""
    text = f"{group.open}{limit} instances of {step.id} run; {group.pending} wait for a place."
    return Reason(code="max_parallel", text=text, about=(step.id,))


def _approval(scene: Scene, seen: StepRun, around: Around) -> Reason:
    ref = around.approvals.get(seen.id, "")
    command = f"claude-agent approval approve {ref}" if ref else "claude-agent approval list"
    asked = scene.step(seen.id).approval
    who = f" by {' or '.join(asked.approvers)}" if asked is not None and asked.approvers else ""
    text = f"Approval {ref} is not decided; it is decided{who or ' by a person'}."
    about = (ref,) if ref else ()
    return Reason(code="approval", text=text.replace("  ", " "), about=about, command=command)


def _open(
    scene: Scene, step: Step, seen: StepRun, tasks: Mapping[str, Task], around: Around
) -> list[Reason]:
    if not seen.single:
        group = scene.run.tally.groups.get(seen.id)
        left = (group.open, group.pending) if group is not None else (0, 0)
        text = f"Of its {seen.instances} instances {left[0]} are open and {left[1]} not begun."
        return [Reason(code="instances", text=text, about=(seen.id,))]
    if seen.child_id:
        text = f"Execution {seen.child_ref} ({step.workflow}) does it."
        command = f"claude-agent execution explain {seen.child_ref}"
        return [Reason(code="workflow", text=text, about=(seen.child_ref,), command=command)]
    if step.wait is not None:
        return _waits(scene, step, seen, around)
    task = tasks.get(seen.task_id)
    return [*_task(task, around, ""), *_fallback(step, task)]


def _fallback(step: Step, task: Task | None) -> list[Reason]:
    """Return which alternative of a step is at work, and who takes over when it fails for good."""
    if task is None or task.terminal or not step.fallback:
        return []
    of, left = len(step.fallback), task.spec.fallback
    found = []
    if done := of - len(left):
        text = f"This is alternative {done} of {of}: {task.spec.routed_by}."
        found.append(Reason(code="fallback", text=text, about=(task.spec.agent,)))
    if left:
        agent = str(left[0]["agent"])
        text = f"If it fails for good, alternative {done + 1} of {of} follows: {agent} does it."
        found.append(Reason(code="fallback_next", text=text, about=(agent,)))
    return found


def cache_reasons(scene: Scene, step: Step, seen: StepRun) -> list[Reason]:
    """Return that a step takes what an earlier execution left, as far as its key is known."""
    try:
        at, _ = in_cache(scene, step, seen)
    except ExpressionError:  # it reads what a step before it will deliver
        return []
    if not at:
        return []
    ago = format_duration(max(0, scene.means.at - at) // 1_000 * 1_000)
    text = f"Nothing of it runs: its outputs are in the cache, {ago} old."
    return [Reason(code="cached", text=text)]


def _waits(scene: Scene, step: Step, seen: StepRun, around: Around) -> list[Reason]:
    found = []
    if seen.due_at is not None:
        timed = step.wait is None or step.wait.timed
        what = "It waits for a time" if timed else "It waits no longer than its timeout"
        text = f"{what}: {time_left(seen.due_at, around.at)}."
        found.append(Reason(code="timer", text=text, until=seen.due_at))
    if step.wait is not None and (name := step.wait.signal or step.wait.or_signal):
        command = f"claude-agent execution signal {scene.run.ref} {name}"
        text = f"It waits for the signal {name}."
        found.append(Reason(code="signal", text=text, about=(name,), command=command))
    if seen.awaits:
        text = f"It waits for an event of the type {seen.awaits}."
        found.append(Reason(code="event", text=text, about=(seen.awaits,)))
    return found


def _task(task: Task | None, around: Around, prefix: str) -> list[Reason]:
    if task is None:
        return []
    return [
        Reason(
            code=one.code,
            text=prefix + one.text,
            about=one.about,
            command=one.command,
            until=one.until,
        )
        for one in task_reasons(task, around)
    ]


def execution_reasons(scene: Scene, around: Around) -> list[Reason]:
    """Return what holds the execution as a whole; nothing where only its steps do."""
    run = scene.run
    match run.state:
        case _E.QUEUED:
            return [_key(scene, around)]
        case _E.PAUSED:
            return [paused(scene)]
        case _E.COMPENSATING:
            open_now = [one.id for one in run.steps.values() if one.state == _S.COMPENSATING]
            text = f"It goes back: {listed(open_now) or 'the next step'} is being undone."
            return [Reason(code="compensating", text=text, about=tuple(open_now))]
        case _E.FAILING | _E.CANCELLING:
            names = [one.id for one in run.open_steps()]
            text = f"It is {run.state.value} ({run.reason}) and waits for {listed(names)} to end."
            return [Reason(code="stopping", text=text, about=tuple(names))]
        case _:
            return []


def _key(scene: Scene, around: Around) -> Reason:
    run = scene.run
    if not run.concurrency_key:
        return Reason(code="begins", text="It begins at once.")
    has = f"execution {listed(around.key_holders)}" if around.key_holders else "nobody"
    text = f"The concurrency key {run.concurrency_key} is held by {has}"
    if around.key_before:
        text += f"; before it in line: {listed(around.key_before)}"
    about = (run.concurrency_key, *around.key_holders)
    first = around.key_holders[0] if around.key_holders else ""
    command = f"claude-agent execution explain {first}" if first else ""
    return Reason(code="concurrency", text=f"{text}.", about=about, command=command)
