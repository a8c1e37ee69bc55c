"""An execution: the folded state of one run of a workflow.

A decision folds its events into a draft: a copy made once, not once for each event.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain import step_run
from claude_agent.domain.copying import replace
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.states import (
    EXECUTION_ALLOWED,
    EXECUTION_TERMINAL,
    STEP_ALLOWED,
    STEP_CLOSED,
    STEP_OPEN,
    ExecutionState,
    IllegalTransition,
    StepState,
    moved,
)
from claude_agent.domain.step_run import StepRun, by_hand, inherited, instance_id
from claude_agent.domain.tally import Tally

__all__ = ["Execution", "StepRun", "evolve", "fold", "submitted"]


@dataclass(slots=True, kw_only=True)
class Execution:
    """The folded state of one execution; changed by `fold` alone, and only while a draft."""

    id: str
    ref: str
    workflow: str
    name: str
    definition: str
    """Hash of the definition it is pinned to."""
    params: Mapping[str, Any]
    cwd: str
    """Where steps work, until one of them has cloned a repository."""
    workspace: str
    """A folder of its own for what a step clones."""
    created_at: int
    steps: dict[str, StepRun]
    seq: int = 1
    generation: int = 1
    state: ExecutionState = ExecutionState.QUEUED
    started_at: int | None = None
    ended_at: int | None = None
    cancel_requested: str = ""
    compensate_on_cancel: bool = False
    failed_step: str = ""
    reason: str = ""
    message: str = ""
    plan: tuple[tuple[str, ...], ...] | None = None
    """The fixed list of what is undone: groups in order."""
    not_undone: tuple[str, ...] = ()
    undo_overdue: bool = False
    """All undoing together has had its time: nothing more of the list is begun."""
    forked_from: str = ""
    """The execution that it was forked from."""
    chosen: str = ""
    """The step from which a person let this generation begin."""
    feedback: str = ""
    """What that step is told."""
    outputs: Mapping[str, Any] | None = None
    parent_id: str = ""
    """The execution that it is a part of; empty: of none."""
    parent_step: str = ""
    """The step of that execution which it does."""
    depth: int = 0
    """How many executions are above it."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """The definition (hash) of every sub-workflow (slug) that it may start."""
    concurrency_key: str = ""
    """Only `concurrency_limit` executions with the same key run at once; empty: any number."""
    concurrency_limit: int = 0
    signals: tuple[Data, ...] = ()
    """What was sent and no step has taken yet: `{n, name, data, source}`."""
    started_by: Data = field(default_factory=dict)
    """What started it if no person did: `kind` (schedule, webhook, event) and which."""
    tally: Tally = field(init=False, compare=False, repr=False)
    """Counts of its steps, so that nobody looks through all of them."""
    changed: set[str] = field(init=False, compare=False, repr=False)
    """The steps that changed since it became a draft: what is to be written."""
    drafted_at: int = field(init=False, compare=False, repr=False)
    """Its `seq` when it became a draft."""
    last_at: int = field(init=False, compare=False, repr=False)
    """The time of the newest event that was folded here: what `now()` is to its expressions."""

    agents: Mapping[str, Data] = field(init=False, compare=False, repr=False)
    """The configured agents as a decision sees them; empty outside of one."""

    def __post_init__(self) -> None:
        self.tally = Tally(self.steps.values())
        self.changed = set(self.steps)
        self.drafted_at = 0
        self.last_at = self.created_at
        self.agents = {}

    @property
    def terminal(self) -> bool:
        """It never changes again in this generation."""
        return self.state in EXECUTION_TERMINAL

    @property
    def stream(self) -> str:
        """The name of its stream in the log."""
        return f"execution/{self.id}"

    @property
    def any_open(self) -> bool:
        """The task of some step may still do something."""
        return self.tally.open > 0

    def open_steps(self) -> list[StepRun]:
        """Return what may still do something itself: steps, and instances of those with many."""
        if not self.tally.open:
            return []
        return [one for one in self.steps.values() if one.state in STEP_OPEN and one.single]

    def open_groups(self) -> list[StepRun]:
        """Return the steps with many whose instances have not all ended."""
        if not self.tally.groups:
            return []
        return [one for one in self.steps.values() if one.state in STEP_OPEN and not one.single]

    def instances(self, name: str) -> list[StepRun]:
        """Return the instances of a step with many, in order."""
        count = self.steps[name].instances or 0
        return [self.steps[instance_id(name, n)] for n in range(count)]

    def draft(self) -> "Execution":
        """Return a copy to fold events into; this one stays as it is."""
        new = replace(self)
        new.steps = dict(self.steps)
        new.tally = self.tally.copy()
        new.changed = set()
        new.drafted_at = self.seq
        return new

    def expand(self, name: str, items: Sequence[Any], only: Sequence[int] | None) -> None:
        """Make (or begin anew) the instances of a step of a draft."""
        some = range(len(items)) if only is None else only
        for index in some:
            one = instance_id(name, index)
            before = self.steps.get(one)
            if before is None:
                fresh = StepRun(id=one, n=len(self.steps), parent=name)
            else:
                stands = before.ended_well or before.in_force
                fresh = before.anew(self.generation, new_effect=stands)
            self.put(replace(fresh, item=items[index], generation=self.generation))
        index = len(items)
        while only is None and (old := self.steps.get(instance_id(name, index))) is not None:
            if not old.ended_well:  # what has an effect stays as it is: it can be undone
                self.put(old.left_out())
            index += 1

    def put(self, step: StepRun) -> None:
        """Replace (or add) one step of a draft."""
        self.tally.replace(self.steps.get(step.id), step)
        self.steps[step.id] = step
        self.changed.add(step.id)


def submitted(execution_id: str, said: ev.ExecutionSubmitted, at: int) -> Execution:
    """Return the execution that its first event makes."""
    steps = {step: StepRun(id=step, n=n) for n, step in enumerate(said.steps)}
    # In one order whatever wrote them: the log sorts names, and would count [10] before [2].
    for name, known in sorted(said.inherited.items(), key=lambda one: (len(one[0]), one[0])):
        fresh = steps.get(name) or StepRun(id=name, n=len(steps))
        steps[name] = inherited(fresh, known, at)
    return Execution(
        id=execution_id,
        ref=said.ref,
        workflow=said.workflow,
        name=said.name,
        definition=said.definition,
        params=said.params,
        cwd=said.cwd,
        workspace=said.workspace,
        created_at=at,
        parent_id=said.parent_id,
        parent_step=said.parent_step,
        depth=said.depth,
        pins=said.pins,
        concurrency_key=said.concurrency_key,
        concurrency_limit=said.concurrency_limit,
        steps=steps,
        forked_from=said.forked_from,
        started_by=said.started_by,
    )


def evolve(run: Execution, said: Payload, at: int) -> Execution:
    """Return the execution after one event (not the first). Raises `IllegalTransition`."""
    new = run.draft()
    fold(new, said, at)
    return new


def fold(run: Execution, said: Payload, at: int) -> None:
    """Fold one event (not the first) into a draft. Raises `IllegalTransition`."""
    run.seq += 1
    run.last_at = at
    before, ended = run.state, run.state in EXECUTION_TERMINAL
    kind = type(said)
    if kind in step_run.STEP_EVENTS:
        _fold_step(run, said, at)
    elif (folding := _FOLDINGS.get(kind)) is not None:
        folding(run, said, at)
    if kind is ev.ExecutionReopened:  # no transition: another life of the same execution
        if not ended and before != ExecutionState.PAUSED:
            message = f"execution {run.ref} is {before} and cannot be reopened."
            raise IllegalTransition(message)
    elif run.state != before or ended:  # an end is said once
        moved(EXECUTION_ALLOWED, before, run.state, f"execution {run.ref}")


def _fold_step(run: Execution, said: Any, at: int) -> None:
    before = run.steps[said.step]
    after = step_run.after(before, said, at, run.seq)
    if after.state != before.state or before.state in STEP_CLOSED:
        moved(STEP_ALLOWED, before.state, after.state, f"step {said.step} of {run.ref}")
    run.put(after)
    if isinstance(said, ev.StepExpanded):
        run.expand(said.step, said.items, said.only)


def _started(run: Execution, _said: ev.ExecutionStarted, at: int) -> None:
    run.state, run.started_at = ExecutionState.RUNNING, at


def _waiting(run: Execution, _said: ev.ExecutionWaiting, _at: int) -> None:
    run.state = ExecutionState.WAITING


def _resumed(run: Execution, _said: ev.ExecutionResumed, _at: int) -> None:
    run.state = ExecutionState.RUNNING


def _paused(run: Execution, said: ev.ExecutionPaused, _at: int) -> None:
    run.state, run.reason = ExecutionState.PAUSED, said.reason
    run.failed_step = said.by_step
    run.message = run.steps[said.by_step].message if said.by_step else ""


def _reopened(run: Execution, said: ev.ExecutionReopened, at: int) -> None:
    undo = said.mode == "undo"
    run.generation = said.generation
    run.state = ExecutionState.COMPENSATING if undo else ExecutionState.RUNNING
    run.ended_at = run.outputs = run.plan = None
    run.cancel_requested, run.compensate_on_cancel = "", False
    run.failed_step = run.message = ""
    run.reason = "by hand" if undo else ""
    run.not_undone = ()
    run.chosen, run.feedback = said.from_step, said.feedback
    if said.params is not None:
        run.params = said.params
    run.tally.open_deps.clear()
    keeping = {run.steps[name].parent for name in said.reset}
    for name in said.reset:
        step = run.steps[name]
        new = step.ended_well or said.params is not None or said.mode == "rewind"
        kept = step.instances if name in keeping else None
        run.put(step.anew(said.generation, new_effect=new, instances=kept))
    if said.mode in ("skip", "set_output"):
        step = run.steps[said.from_step]
        run.put(by_hand(step, said.outputs, at, run.seq))


def _undo_resumed(run: Execution, said: ev.CompensationResumed, _at: int) -> None:
    run.state, run.ended_at = ExecutionState.COMPENSATING, None
    planned = {name for group in run.plan or () for name in group}
    run.not_undone = tuple(name for name in run.not_undone if name not in planned)
    run.undo_overdue = False
    _untried(run, same_list=True)
    for name in said.skip:
        run.put(replace(run.steps[name], undo_skipped=True))


def _failing(run: Execution, said: ev.ExecutionFailing, _at: int) -> None:
    run.state = ExecutionState.FAILING
    run.failed_step, run.reason, run.message = said.step, said.reason, said.message


def _cancelling(run: Execution, said: ev.ExecutionCancelRequested, _at: int) -> None:
    if run.state != ExecutionState.COMPENSATING:  # what goes back already goes on going back
        run.state = ExecutionState.CANCELLING
    run.cancel_requested = said.reason
    run.compensate_on_cancel = said.compensate
    run.reason = run.reason or "cancelled"


def _planned(run: Execution, said: ev.CompensationPlanned, _at: int) -> None:
    run.state = ExecutionState.COMPENSATING
    run.plan = tuple(tuple(group) for group in said.groups)
    run.not_undone = tuple(said.not_undone)
    run.undo_overdue = False
    _untried(run, same_list=False)


def _undo_overdue(run: Execution, _said: ev.CompensationOverdue, _at: int) -> None:
    run.undo_overdue = True


def _untried(run: Execution, *, same_list: bool) -> None:
    """What failed before is tried again; of another list also what a person left out."""
    for name in (name for group in run.plan or () for name in group):
        step = run.steps[name]
        if step.undo_skipped or step.state == StepState.COMPENSATION_FAILED:
            left_out = step.undo_skipped and same_list
            fresh = replace(step, undo_skipped=left_out, undo_task_id="", undo_task_ref="")
            run.put(replace(fresh, undo_started_at=None, undo_ended_at=None))


def _ended(run: Execution, said: ev.ExecutionEnded, at: int) -> None:
    run.state = ExecutionState(said.state)
    run.reason = said.reason or run.reason
    run.outputs = said.outputs
    run.not_undone = tuple(said.not_undone)
    run.ended_at = at


def _signalled(run: Execution, said: ev.ExecutionSignalled, _at: int) -> None:
    kept = {"n": run.seq, "name": said.name, "data": said.data, "source": said.source}
    run.signals = (*run.signals, kept)


def _taken(run: Execution, said: ev.SignalTaken, _at: int) -> None:
    run.signals = tuple(one for one in run.signals if one["n"] != said.signal)


_FOLDINGS: Mapping[type[Payload], Callable[[Execution, Any, int], None]] = {
    ev.ExecutionStarted: _started,
    ev.ExecutionWaiting: _waiting,
    ev.ExecutionResumed: _resumed,
    ev.ExecutionPaused: _paused,
    ev.ExecutionReopened: _reopened,
    ev.ExecutionFailing: _failing,
    ev.ExecutionCancelRequested: _cancelling,
    ev.CompensationPlanned: _planned,
    ev.CompensationResumed: _undo_resumed,
    ev.CompensationOverdue: _undo_overdue,
    ev.ExecutionEnded: _ended,
    ev.ExecutionSignalled: _signalled,
    ev.SignalTaken: _taken,
}
"""How each event of the execution itself changes a draft; any other changes only `seq`."""
