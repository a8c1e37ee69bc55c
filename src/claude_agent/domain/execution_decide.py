"""What an execution does next: definition, state and news in; events and tasks out.

`decide` is the whole engine's judgement and does nothing itself. It looks only at the steps that
the news is about and at their direct dependents, so a join over a thousand steps stays cheap.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.compensation import plan
from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.events import Payload
from claude_agent.domain.execution import Execution, evolve
from claude_agent.domain.expression import ExpressionError, condition, render
from claude_agent.domain.states import STEP_CLOSED, ExecutionState, StepState
from claude_agent.domain.step_task import contexts, outcome_of, task_for, undo_for
from claude_agent.domain.task_spec import TaskSpec

_E = ExecutionState
_S = StepState
_GOING = frozenset({_E.RUNNING, _E.WAITING})
_STOPPING = frozenset({_E.FAILING, _E.CANCELLING})
_UNDOING = frozenset({_S.COMPENSATING, _S.COMPENSATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """News of a task that belongs to the execution."""

    step: str
    undo: bool
    """It is the task that undoes the step."""
    kind: str
    """started, retrying, uncertain, succeeded, failed, cancelled."""
    task_id: str
    attempt: int = 0
    outputs: Mapping[str, Any] | None = None
    reason: str = ""
    message: str = ""
    due: int = 0
    started: bool = True
    ended_well: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """Somebody wants the execution to stop; None: as its definition says."""

    reason: str
    compensate: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The execution was just submitted."""


News = Fact | CancelAsked | Begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A task to submit in the same transaction."""

    task_id: str
    ref: str
    spec: TaskSpec


@dataclass(slots=True, kw_only=True)
class Decision:
    """What follows: events in order, tasks to submit, tasks to cancel."""

    run: Execution
    events: list[Payload] = field(default_factory=list)
    submits: list[Submit] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the decision may draw on: ids and the routing rules."""

    at: int
    new_id: Callable[[], tuple[str, str]]
    """A fresh (id, ref)."""
    route: Callable[[str], tuple[str, str]]
    """A description to (agent, reason)."""


def decide(definition: Definition, run: Execution, news: Iterable[News], means: Means) -> Decision:
    """Return everything that follows from the news. Raises nothing for any valid state."""
    return _Deciding(definition, run, means).all(news)


class _Deciding:
    def __init__(self, definition: Definition, run: Execution, means: Means) -> None:
        self._definition = definition
        self._means = means
        self._out = Decision(run=run)
        self._changed: deque[str] = deque()

    @property
    def _run(self) -> Execution:
        return self._out.run

    def _say(self, said: Payload) -> None:
        self._out.events.append(said)
        self._out.run = evolve(self._out.run, said, self._means.at)
        step = self._run.steps.get(getattr(said, "step", ""))
        if step is not None and step.state in STEP_CLOSED:
            self._changed.append(step.id)

    def all(self, news: Iterable[News]) -> Decision:
        for one in news:
            match one:
                case Begin():
                    self._say(ev.ExecutionStarted())
                    self._queue_ready(step.id for step in self._definition.steps)
                case CancelAsked():
                    self._cancel(one)
                case Fact() if one.undo:
                    self._undo_news(one)
                case Fact():
                    self._step_news(one)
            self._settle()
        return self._out

    # News -----------------------------------------------------------------------------------

    def _step_news(self, fact: Fact) -> None:
        step = self._run.steps[fact.step]
        if not step.open or step.task_id != fact.task_id:
            return
        match fact.kind:
            case "started" if (step.state, step.attempt) == (_S.RUNNING, fact.attempt):
                return  # adopted: it goes on as before
            case "started":
                self._say(ev.StepStarted(step=fact.step, attempt=fact.attempt))
            case "retrying":
                self._say(ev.StepRetrying(step=fact.step, message=fact.message, due=fact.due))
            case "uncertain":
                self._say(ev.StepUncertain(step=fact.step, reason=fact.reason))
            case "succeeded":
                self._say(ev.StepSucceeded(step=fact.step, outputs=fact.outputs))
            case "cancelled":
                self._say(
                    ev.StepCancelled(
                        step=fact.step,
                        started=fact.started,
                        ended_well=fact.ended_well,
                        outputs=fact.outputs,
                    )
                )
                # Its task was cancelled by itself: what was asked for will not be done.
                self._failing(fact.step, "cancelled", "Its task was cancelled.")
            case _:
                self._fail(fact.step, fact.reason, fact.message, started=fact.started)

    def _fail(self, step: str, reason: str, message: str, *, started: bool) -> None:
        self._say(ev.StepFailed(step=step, reason=reason, message=message, started=started))
        self._failing(step, reason, message)

    def _failing(self, step: str, reason: str, message: str) -> None:
        if self._run.state in _GOING and self._definition.on_failure != "continue":
            self._say(ev.ExecutionFailing(step=step, reason=reason, message=message))
            self._stop_open()

    def _cancel(self, asked: CancelAsked) -> None:
        if self._run.terminal or self._run.cancel_requested:
            return
        compensate = asked.compensate
        if compensate is None:
            failing = self._run.state == _E.FAILING and self._definition.on_failure == "compensate"
            compensate = failing or self._definition.on_cancel == "compensate"
        self._say(ev.ExecutionCancelRequested(compensate=compensate, reason=asked.reason))
        if self._run.state == _E.CANCELLING:
            self._stop_open()

    def _stop_open(self) -> None:
        self._out.cancels += [step.task_id for step in self._run.open_steps() if step.task_id]

    def _undo_news(self, fact: Fact) -> None:
        step = self._run.steps[fact.step]
        if step.state != _S.COMPENSATING or step.undo_task_id != fact.task_id:
            return
        if fact.kind == "succeeded":
            self._say(ev.StepCompensated(step=fact.step))
        elif fact.kind in ("failed", "cancelled"):
            message = fact.message or fact.reason or "It could not be undone."
            self._say(ev.StepCompensationFailed(step=fact.step, message=message))

    # What follows ---------------------------------------------------------------------------

    def _settle(self) -> None:
        while True:
            changed = list(dict.fromkeys(self._changed))
            self._changed.clear()
            dependents = [
                name for step in changed for name in self._definition.dependents.get(step, ())
            ]
            if self._run.state in _GOING:
                self._queue_ready(dependents)
            if self._run.state in _STOPPING and not self._run.open_steps():
                self._queue_handlers()
            if not self._changed:
                break
        self._rest()

    def _queue_ready(self, names: Iterable[str]) -> None:
        for name in dict.fromkeys(names):
            step = self._definition.by_id[name]
            waiting = self._run.steps[name].state == _S.PENDING
            if waiting and self._run.state in _GOING and self._deps_closed(step):
                self._start_or_skip(step)

    def _deps_closed(self, step: Step) -> bool:
        if not step.depends_on and step.when in ("failure", "cancelled"):
            return False  # it looks at the whole execution: only its end decides
        return all(self._run.steps[name].state in STEP_CLOSED for name in step.depends_on)

    def _start_or_skip(self, step: Step) -> None:
        verdict = self._wanted(step)
        if verdict:
            self._say(ev.StepSkipped(step=step.id, reason=verdict))
            return
        try:
            if step.if_ is not None and not condition(
                step.if_, contexts(self._definition, self._run, step)
            ):
                self._say(ev.StepSkipped(step=step.id, reason="condition_false"))
                return
            self._queue(step)
        except ExpressionError as error:
            self._fail(step.id, "expression", str(error), started=False)

    def _wanted(self, step: Step) -> str:
        """Return why the step is not run, or nothing."""
        if step.when == "always":
            return ""
        states = self._states(step.depends_on)
        failed = _S.FAILED in states
        cancelled = _S.CANCELLED in states or bool(self._run.cancel_requested)
        if step.when == "success":
            if all(state == _S.SUCCEEDED for state in states):
                return ""
            return "upstream_failed" if failed or cancelled else "upstream_skipped"
        if not step.depends_on:  # it looks at the whole execution
            failed = any(one.state == _S.FAILED for one in self._run.steps.values())
            cancelled = cancelled or outcome_of(self._run, None) == "cancelled"
        wanted = failed if step.when == "failure" else cancelled
        return "" if wanted else "condition_false"

    def _queue(self, step: Step) -> None:
        agent, why = self._agent(step)
        spec = task_for(self._definition, self._run, step, agent=agent, routed_by=why)
        task_id, ref = self._means.new_id()
        k = self._run.steps[step.id].k + 1
        self._say(ev.StepQueued(step=step.id, task_id=task_id, task_ref=ref, k=k))
        self._out.submits.append(Submit(task_id=task_id, ref=ref, spec=spec))

    def _agent(self, step: Step) -> tuple[str, str]:
        if step.agent:
            return step.agent, "the workflow names it"
        return self._means.route(f"{step.id} {step.prompt or step.action or ''}")

    def _queue_handlers(self) -> None:
        """Nothing runs any more: skip what waited for success, start what waits for the end."""
        for step in self._definition.steps:
            if self._run.steps[step.id].state != _S.PENDING:
                continue
            if not all(self._run.steps[n].state in STEP_CLOSED for n in step.depends_on):
                continue
            if step.when == "success":
                why = "cancelled" if self._run.cancel_requested else "upstream_failed"
                self._say(ev.StepSkipped(step=step.id, reason=why))
            else:
                self._start_or_skip(step)

    def _rest(self) -> None:
        if self._run.terminal:
            return
        if self._run.state == _E.COMPENSATING:
            self._undo_next()
        elif self._run.open_steps():
            self._wait_or_go()
        elif self._run.state in _STOPPING:
            self._after_stop()
        elif self._run.state in _GOING:
            self._finish()

    def _wait_or_go(self) -> None:
        waits = all(step.waits for step in self._run.open_steps())
        if waits and self._run.state == _E.RUNNING:
            names = [step.id for step in self._run.open_steps()]
            self._say(ev.ExecutionWaiting(steps=names))
        elif not waits and self._run.state == _E.WAITING:
            self._say(ev.ExecutionResumed())

    def _finish(self) -> None:
        pending = [s for s in self._definition.steps if self._run.steps[s.id].state == _S.PENDING]
        if pending:  # steps that look at the whole execution, and what depends on them
            for step in pending:
                if all(self._run.steps[n].state in STEP_CLOSED for n in step.depends_on):
                    self._start_or_skip(step)
            self._settle()
            return
        failed = [s for s in self._run.steps.values() if s.state in (_S.FAILED, _S.CANCELLED)]
        if failed:
            first = min(failed, key=lambda step: step.end_seq)
            message = first.message or "Its task was cancelled."
            self._say(ev.ExecutionFailing(step=first.id, reason=first.reason, message=message))
            self._end(_E.FAILED, first.reason, None)
            return
        try:
            found = contexts(self._definition, self._run, None)
            outputs = dict(render(dict(self._definition.outputs), found))
        except ExpressionError as error:
            self._say(ev.ExecutionFailing(step="outputs", reason="expression", message=str(error)))
            self._after_stop()
            return
        self._end(_E.SUCCEEDED, "", outputs)

    def _after_stop(self) -> None:
        if self._run.cancel_requested:
            wanted = self._run.compensate_on_cancel
        else:
            wanted = self._definition.on_failure == "compensate"
        groups, left = plan(self._definition, self._run)
        if wanted and groups:
            self._say(ev.CompensationPlanned(groups=groups, not_undone=left))
            self._undo_next()
            return
        state = _E.CANCELLED if self._run.cancel_requested else _E.FAILED
        not_undone = left + [name for group in groups for name in group]
        self._end(state, self._run.reason, None, sorted(not_undone))

    # Compensation ---------------------------------------------------------------------------

    def _undo_next(self) -> None:
        left = list(self._run.not_undone)
        for group in self._run.plan or ():
            for name in group:
                if _S.COMPENSATION_FAILED in self._states(group):
                    break  # nothing more is started; what runs comes to its end
                if self._run.steps[name].state not in _UNDOING:
                    self._undo(name)
            if _S.COMPENSATING in self._states(group):
                return
            if _S.COMPENSATION_FAILED in self._states(group):
                planned = [name for names in self._run.plan or () for name in names]
                left += [n for n in planned if self._run.steps[n].state != _S.COMPENSATED]
                self._end(_E.COMPENSATION_FAILED, "compensation_failed", None, sorted(left))
                return
        self._end(_E.COMPENSATED, self._run.reason, None, left)

    def _states(self, group: Iterable[str]) -> list[StepState]:
        return [self._run.steps[name].state for name in group]

    def _undo(self, name: str) -> None:
        step = self._definition.by_id[name]
        if step.compensate is None:  # the plan holds only steps that declare it
            return
        agent, _ = self._agent(step)
        task_id, ref = self._means.new_id()
        self._say(ev.StepCompensating(step=name, task_id=task_id, task_ref=ref))
        try:
            spec = undo_for(self._definition, self._run, step, step.compensate, agent=agent)
        except ExpressionError as error:
            self._say(ev.StepCompensationFailed(step=name, message=str(error)))
            return
        self._out.submits.append(Submit(task_id=task_id, ref=ref, spec=spec))

    def _end(
        self,
        state: ExecutionState,
        reason: str,
        outputs: Mapping[str, Any] | None,
        not_undone: list[str] | None = None,
    ) -> None:
        self._say(
            ev.ExecutionEnded(
                state=state.value, reason=reason, outputs=outputs, not_undone=not_undone or []
            )
        )
