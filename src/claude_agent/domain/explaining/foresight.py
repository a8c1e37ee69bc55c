"""What would follow if a step ended now: the functions of `decide`, on a draft nobody keeps."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.ending import settle
from claude_agent.domain.deciding.facts import step_failed
from claude_agent.domain.deciding.kinds import CACHED
from claude_agent.domain.deciding.news import Begin, Fact
from claude_agent.domain.deciding.scene import GOING, Cached, Means, Scene, nothing_cached
from claude_agent.domain.deciding.starting import start_ready
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.execution import Execution
from claude_agent.domain.execution_decide import decide
from claude_agent.domain.expression import ExpressionError, parse, paths, strip_braces
from claude_agent.domain.states import STEP_CLOSED, ExecutionState, IllegalTransition, StepState
from claude_agent.domain.step_run import StepRun

_E = ExecutionState
_S = StepState
_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class IfWell:
    """What follows if a step ends well."""

    starts: tuple[str, ...] = ()
    """Steps that begin at once."""
    cached: tuple[str, ...] = ()
    """Steps that take what an earlier execution left under their key: nothing of them runs."""
    skips: tuple[tuple[str, str], ...] = ()
    """Steps that are skipped, with the reason."""
    undecided: tuple[str, ...] = ()
    """Steps whose turn it is, but whose conditions or values read what it will deliver."""
    ends: str = ""
    """The state in which the execution comes to rest; empty: it goes on."""

    def to_data(self) -> JsonObject:
        """Return the wire form."""
        return {
            "starts": list(self.starts),
            "cached": list(self.cached),
            "skips": [{"step": name, "reason": reason} for name, reason in self.skips],
            "undecided": list(self.undecided),
            "ends": self.ends or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IfFailed:
    """What follows if a step fails for good."""

    stops: tuple[str, ...] = ()
    """Open steps that are stopped."""
    starts: tuple[str, ...] = ()
    """Steps that begin because of it: `when: failure` and `when: always`."""
    skips: tuple[str, ...] = ()
    """Steps that are not run."""
    undoes: tuple[tuple[str, ...], ...] = ()
    """What is undone: groups in order, the steps of a group together."""
    not_undone: tuple[str, ...] = ()
    """Started steps with effects that stay."""
    ends: str = ""
    """The state of the execution then; empty: it goes on."""

    def to_data(self) -> JsonObject:
        """Return the wire form."""
        return {
            "stops": list(self.stops),
            "starts": list(self.starts),
            "skips": list(self.skips),
            "undoes": [list(group) for group in self.undoes],
            "not_undone": list(self.not_undone),
            "ends": self.ends or None,
        }


def means_of_nobody(at: int, cached: Cached = nothing_cached) -> Means:
    """Return means for a decision that nobody carries out; `cached` is asked as in a real one."""
    numbers = count(1)

    def fresh() -> tuple[str, str]:
        n = next(numbers)
        return f"imagined-{n}", f"I{n}"

    return Means(
        at=at,
        new_id=fresh,
        new_execution=fresh,
        route=lambda _: ("", "imagined"),
        cached=cached,
    )


def gone_on(definition: Definition, run: Execution, means: Means) -> Execution:
    """Return an execution that waits for its turn, or is paused, as it would go on now."""
    if run.state == _E.QUEUED:
        return decide(definition, run, [Begin()], means).run
    if run.state != _E.PAUSED:
        return run
    scene = Scene(definition, run, means)
    scene.run.state = _E.RUNNING
    start_ready(scene, [step.id for step in scene.pending()])
    return scene.run


def if_well(definition: Definition, run: Execution, name: str, means: Means) -> IfWell:
    """Return what follows if the step ended well now; `run` as `gone_on` gives it."""
    if run.steps[name].state in STEP_CLOSED:
        return IfWell()
    try:
        after_all = _after(definition, run, name, means)
        if any(one.reason == "expression" for _, one in _changed(run, after_all)):
            # What cannot be computed yet must not look like a failure.
            patient = replace(definition, on_failure="continue")
            after_all = _after(patient, run, name, means)
    except IllegalTransition:
        return IfWell()
    begun, skips, cached = [], [], []
    changed = {
        each: after for each, after in _changed(run, after_all) if each != name and not after.parent
    }
    undecided = [
        each
        for each, after in changed.items()
        if after.reason == "expression" or _reads(definition, each, run.steps[name].base)
    ]
    behind = _behind(definition, undecided)
    for each, after in changed.items():
        if each in behind:
            continue
        if after.state == _S.SKIPPED:
            skips.append((each, after.reason))
        elif after.reason == CACHED:
            cached.append(each)
        else:
            begun.append(each)
    ends = after_all.state.value if after_all.terminal and not undecided else ""
    return IfWell(
        starts=tuple(begun),
        cached=tuple(cached),
        skips=tuple(skips),
        undecided=tuple(undecided),
        ends=ends,
    )


def _after(definition: Definition, run: Execution, name: str, means: Means) -> Execution:
    scene = Scene(definition, run, means)
    scene.say(ev.StepSucceeded(step=name, outputs={} if run.steps[name].single else []))
    settle(scene)
    return scene.run


def _behind(definition: Definition, names: Iterable[str]) -> set[str]:
    """Return these steps and all that depend on them, at however many removes."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += definition.dependents[name]
    return found


def _changed(before: Execution, after: Execution) -> Iterable[tuple[str, StepRun]]:
    """Yield the steps that were pending and are not any more, in the order of the definition."""
    for each, seen in after.steps.items():
        was = before.steps.get(each)
        if (was is None or was.state == _S.PENDING) and seen.state != _S.PENDING:
            yield each, seen


def _reads(definition: Definition, name: str, other: str) -> bool:
    """Say whether the condition of a step reads another step."""
    text = definition.by_id[name].if_
    if text is None:
        return False
    try:
        found = [path.parts[:2] for path in paths(parse(strip_braces(text)))]
    except ExpressionError:
        return True
    return ("steps", other) in [tuple(parts) for parts in found]


def if_failed(definition: Definition, run: Execution, name: str, means: Means) -> IfFailed:
    """Return what follows if the step failed for good now, up to the first undoing."""
    if run.steps[name].state in STEP_CLOSED:
        return IfFailed()
    scene = Scene(definition, run, means)
    open_before = [one.id for one in run.open_steps() if one.id != name]
    try:
        _fail(scene, name)
        for _ in range(_ROUNDS):
            settle(scene)
            if not scene.run.any_open or scene.run.state == _E.PAUSED:
                break
            for one in scene.run.open_steps():
                _let_end(scene, one, stopped=one.id in open_before)
    except IllegalTransition:
        return IfFailed()
    after = scene.run
    changed = [(each, seen) for each, seen in _changed(run, after) if each != name]
    stopped = [one for one in open_before if after.steps[one].state == _S.CANCELLED]
    goes_on = after.state in GOING
    return IfFailed(
        stops=tuple(stopped),
        starts=tuple(
            each for each, seen in changed if seen.state not in (_S.SKIPPED, _S.CANCELLED)
        ),
        skips=tuple(each for each, seen in changed if seen.state == _S.SKIPPED),
        undoes=after.plan or (),
        not_undone=after.not_undone,
        ends="" if goes_on else after.state.value,
    )


def _fail(scene: Scene, name: str) -> None:
    seen = scene.run.steps[name]
    began = seen.started or seen.open
    fact = Fact(step=name, undo=False, kind="failed", task_id="", reason="imagined", started=began)
    if seen.single:
        step_failed(scene, fact, seen)
    else:
        scene.fail(name, fact.reason, "", started=began)


def _let_end(scene: Scene, one: StepRun, *, stopped: bool) -> None:
    """Let an open step end: stopped with the others, or well where the execution goes on."""
    if not scene.run.steps[one.id].open:
        return
    if stopped and scene.run.state not in GOING:
        scene.say(ev.StepCancelled(step=one.id, started=one.started))
    else:
        if one.state == _S.QUEUED:  # it begins in between
            scene.say(ev.StepStarted(step=one.id, attempt=1))
        scene.say(ev.StepSucceeded(step=one.id, outputs={}))
