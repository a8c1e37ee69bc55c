"""What a workflow would do with given parameters, as far as it can be known before it runs."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from claude_agent.domain.compensation import levels, plan
from claude_agent.domain.deciding.many import items_of
from claude_agent.domain.deciding.scene import Means, Scene
from claude_agent.domain.deciding.starting import unwanted
from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.execution import Execution
from claude_agent.domain.explaining.reasons import Reason
from claude_agent.domain.explaining.steps import cache_reasons
from claude_agent.domain.expression import (
    ExpressionError,
    condition,
    parse,
    paths,
    references,
    render,
    strip_braces,
)
from claude_agent.domain.expression_tree import Call, walk
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_run import instance_id
from claude_agent.domain.step_task import contexts

LATER = frozenset({"steps", "matrix", "item", "event", "self", "failure", "agents"})
"""Contexts that are known only once it runs."""
_OUTCOMES = frozenset({"success", "failure", "cancelled", "now"})
Holder = Callable[[str], str]
"""The name of a lock to the ref of the task that holds it now; empty: it is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """What one step would do."""

    step: Step
    level: int
    """From 1; a step begins after those of lower levels that it depends on."""
    agent: str
    why: str
    """Why this agent; both empty where no agent does it."""
    condition: str
    """`none`, `holds`, `fails` (it is skipped), or `later`."""
    skipped: str
    """Why it is skipped already now; empty: it is not."""
    instances: int | None
    """Of a step with many: how many; None: known only once it runs, or it is one."""
    waits: tuple[Reason, ...]

    def to_data(self) -> JsonObject:
        """Return the wire form."""
        return {
            "id": self.step.id,
            "kind": self.step.kind,
            "level": self.level,
            "depends_on": list(self.step.depends_on),
            "when": self.step.when,
            "agent": self.agent or None,
            "routed_by": self.why or None,
            "condition": self.condition,
            "skipped": self.skipped or None,
            "many": self.step.many is not None,
            "instances": self.instances,
            "waits": [one.to_data() for one in self.waits],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What an execution would do."""

    steps: tuple[StepPlan, ...]
    """By level, then in the order of the definition."""
    undoes: tuple[tuple[str, ...], ...]
    """What is undone if it fails at its very end: groups in order."""
    not_undone: tuple[str, ...]
    goes_back: bool
    """A failure undoes it."""
    waits: tuple[Reason, ...] = field(default=())
    """What the whole execution would wait for."""


def planned(definition: Definition, run: Execution, means: Means, holder: Holder) -> Planned:
    """Return the plan of an execution that was not begun; `run` stays as it is."""
    depths = levels(definition)
    scene = Scene(definition, run, means)
    scene.run.state = ExecutionState.RUNNING
    found = []
    order = sorted(definition.steps, key=lambda step: depths[step.id])
    for n, step in enumerate(order, start=1):
        one = _step(scene, step, depths[step.id], holder)
        found.append(one)
        _imagine(scene, one, n)
    groups, left = plan(definition, scene.run)
    return Planned(
        steps=tuple(found),
        undoes=tuple(tuple(group) for group in groups),
        not_undone=tuple(left),
        goes_back=definition.on_failure == "compensate",
    )


def _step(scene: Scene, step: Step, level: int, holder: Holder) -> StepPlan:
    skipped = unwanted(scene, step)
    said = _condition(scene, step)
    if not skipped and said == "fails":
        skipped = "condition_false"
    agent, why = ("", "") if step.taskless else _who(scene, step)
    return StepPlan(
        step=step,
        level=level,
        agent=agent,
        why=why,
        condition=said,
        skipped=skipped,
        instances=_instances(scene, step),
        waits=() if skipped else tuple(_waits(scene, step, holder)),
    )


def _who(scene: Scene, step: Step) -> tuple[str, str]:
    if step.agents:
        return step.agents[0], f"the first that is healthy of {', '.join(step.agents)}"
    if step.capabilities:
        return "", f"routed among the agents with {', '.join(step.capabilities)}"
    return scene.agent(step)


def _later(value: object) -> bool:
    """Say whether a value can be computed only once steps have ended."""
    try:
        return any(path.parts[0] in LATER for path in references(value))
    except ExpressionError:
        return True


def _condition(scene: Scene, step: Step) -> str:
    if step.if_ is None:
        return "none"
    try:
        expr = parse(strip_braces(step.if_))
        asks = any(isinstance(one, Call) and one.name in _OUTCOMES for one in walk(expr))
        if asks or any(path.parts[0] in LATER for path in paths(expr)):
            return "later"
        holds = condition(step.if_, contexts(scene.definition, scene.run, step))
    except ExpressionError:
        return "later"
    return "holds" if holds else "fails"


def _instances(scene: Scene, step: Step) -> int | None:
    if step.many is None or _later(step.many.to_data()):
        return None
    try:
        return len(items_of(scene, step))
    except ExpressionError:
        return None


def _waits(scene: Scene, step: Step, holder: Holder) -> list[Reason]:
    found = []
    if step.approval is not None and (reason := _approval(scene, step)) is not None:
        found.append(reason)
    if step.lock:
        found.append(_lock(scene, step, step.lock, holder))
    if step.wait is not None:
        names = [name for name in (step.wait.signal, step.wait.or_signal) if name]
        names += [f"an event {step.wait.event}"] if step.wait.event else []
        times = ["a time"] if step.wait.for_ is not None or step.wait.until else []
        text = f"It waits for {' or '.join([*times, *names])}."
        found.append(Reason(code="wait", text=text, about=tuple(names)))
    if step.many is None and step.cache is not None and not _later(step.cache.key):
        found += cache_reasons(scene, step, scene.run.steps[step.id])
    most = step.many.max_parallel if step.many is not None else None
    if most:
        text = f"At most {most} instances run at once."
        found.append(Reason(code="max_parallel", text=text))
    return found


def _approval(scene: Scene, step: Step) -> Reason | None:
    asked = step.approval
    if asked is None:
        return None
    mode = asked.mode
    if not _later(mode):
        try:
            mode = str(render(mode, contexts(scene.definition, scene.run, step)))
        except ExpressionError:
            mode = "manual"
    if mode == "auto":
        return None
    who = " or ".join(asked.approvers) or "a person"
    if mode == "reject":
        return Reason(code="approval", text="It is rejected by its mode.")
    shown = f"{asked.quorum} of {who} must approve." if asked.quorum > 1 else f"{who} must approve."
    later = "" if mode == "manual" else f" unless its mode turns out as auto: {asked.mode}"
    return Reason(
        code="approval", text=f"{shown[0].upper()}{shown[1:]}{later}", about=asked.approvers
    )


def _lock(scene: Scene, step: Step, lock: str, holder: Holder) -> Reason:
    if _later(lock):
        return Reason(code="lock", text=f"It takes a lock whose name is known later: {lock}.")
    try:
        name = str(render(lock, contexts(scene.definition, scene.run, step)))
    except ExpressionError as error:
        return Reason(code="lock", text=f"Its lock cannot be computed: {error}.")
    holds = holder(name)
    text = f"It takes the lock {name}, which task {holds} holds now." if holds else ""
    about = (name, holds) if holds else (name,)
    return Reason(
        code="lock", text=text or f"It takes the lock {name}, which is free.", about=about
    )


def _imagine(scene: Scene, one: StepPlan, n: int) -> None:
    """Let a step have ended, as far as it is known how, so that those behind it can be judged."""
    name, run = one.step.id, scene.run
    seen = run.steps[name]
    if one.skipped:
        run.put(replace(seen, state=StepState.SKIPPED, reason=one.skipped))
        return
    done = replace(
        seen, state=StepState.SUCCEEDED, started=True, ended_well=True, effect_seq=n, outputs={}
    )
    if one.instances is None:
        run.put(done)
        return
    items: list[object] = [None] * one.instances
    run.put(replace(done, instances=one.instances, started=one.instances > 0))
    run.expand(name, items, None)
    for index in range(one.instances):
        each = run.steps[instance_id(name, index)]
        place = n * 100_000 + index
        ended = replace(each, state=StepState.SUCCEEDED, effect_seq=place, outputs={})
        run.put(replace(ended, started=True, ended_well=True))
