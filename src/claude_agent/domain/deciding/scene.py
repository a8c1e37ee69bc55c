"""Where a decision happens: the definition, a draft of the execution, and what follows so far."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.definition_kinds import Approval
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.execution import Execution, StepRun, fold
from claude_agent.domain.states import STEP_CLOSED, ExecutionState, StepState
from claude_agent.domain.task_spec import TaskSpec

_E = ExecutionState
GOING = frozenset({_E.RUNNING, _E.WAITING})
"""New steps start."""
STOPPING = frozenset({_E.FAILING, _E.CANCELLING})
"""What runs is stopped or comes to its end; then it is decided what follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A task to submit in the same transaction."""

    task_id: str
    ref: str
    spec: TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A sub-workflow to start as an execution of its own."""

    execution_id: str
    ref: str
    digest: str
    """Of its definition."""
    step: str
    params: Data
    cwd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """News for another execution, delivered by a transaction of that one."""

    execution_id: str
    kind: str
    data: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """An event for everybody."""

    type: str
    data: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An approval that a step waits for."""

    step: str
    prompt: str
    shown: Data
    """Values, resolved."""
    diff_of: str
    """The folder whose uncommitted changes are shown as well; empty: none are."""
    approval: Approval


@dataclass(slots=True, kw_only=True)
class Decision:
    """What follows: events in order, tasks to submit, tasks to cancel."""

    run: Execution
    events: list[Payload] = field(default_factory=list)
    submits: list[Submit] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    emits: list[Emitted] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    stores: list[tuple[str, Data | None]] = field(default_factory=list)
    """Outputs to keep for later executions, by their key."""


Names = tuple[str, ...]


def _first(names: Names, _capabilities: Names, _kind: str) -> tuple[str, str]:
    return names[0], "the first that the workflow names"


Cached = Callable[[str], tuple[int, Data | None]]
"""A key to (when it was stored, the outputs); at 0 nothing was."""


def nothing_cached(_key: str) -> tuple[int, Data | None]:
    """Know no key."""
    return 0, None


def _no_id() -> tuple[str, str]:
    message = "This decision makes something new, and no ids were handed in for it."
    raise LookupError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the decision may draw on: ids and the routing rules."""

    at: int
    new_id: Callable[[], tuple[str, str]]
    """A fresh (id, ref)."""
    route: Callable[[str], tuple[str, str]]
    """A description to (agent, reason)."""
    choose: Callable[[Names, Names, str], tuple[str, str]] = _first
    """Of agents by name, or by capabilities, one that can do this kind: (agent, why)."""
    cached: Cached = nothing_cached
    new_execution: Callable[[], tuple[str, str]] = _no_id
    """A fresh (id, ref) of an execution."""
    agents: Mapping[str, Data] = field(default_factory=dict)
    """The configured agents as expressions see them."""


class Scene:
    """One decision in the making: what is said is folded at once."""

    def __init__(self, definition: Definition, run: Execution, means: Means) -> None:
        self.definition = definition
        self.means = means
        self.run = run.draft()
        self.run.agents = means.agents
        self.out = Decision(run=self.run)
        self._ready: list[str] = []
        self._groups: dict[str, None] = {}

    # What is there --------------------------------------------------------------------------

    def step(self, name: str) -> Step:
        """Return the definition of a step or of what it is an instance of."""
        return self.definition.by_id[self.run.steps[name].base]

    def states(self, names: Iterable[str]) -> list[StepState]:
        """Return the states of some steps."""
        return [self.run.steps[name].state for name in names]

    @property
    def unfinished(self) -> bool:
        """`take_ready` or `take_groups` has something."""
        return bool(self._ready or self._groups)

    def deps_closed(self, step: Step) -> bool:
        """Say whether every step that it depends on has ended."""
        return next(blockers(self.run, step), None) is None

    def pending(self) -> list[Step]:
        """Return the steps of the definition that have not been decided yet, in its order."""
        if not self.run.tally[StepState.PENDING]:
            return []
        steps = self.run.steps
        return [s for s in self.definition.steps if steps[s.id].state == StepState.PENDING]

    def take_ready(self) -> list[str]:
        """Return, once, the steps whose last dependency has closed since the last call."""
        ready, self._ready = self._ready, []
        return ready

    def take_groups(self) -> list[str]:
        """Return, once, the steps with many of which an instance has ended since the last call."""
        groups, self._groups = list(self._groups), {}
        return groups

    # What follows ---------------------------------------------------------------------------

    def say(self, said: Payload) -> None:
        """Let an event follow, and fold it."""
        name = getattr(said, "step", "")
        before = self.run.steps.get(name)
        fold(self.run, said, self.means.at)
        self.out.events.append(said)
        if before is not None and before.state not in STEP_CLOSED:
            after = self.run.steps[name]
            if after.state in STEP_CLOSED and after.parent:
                self._groups[after.parent] = None
            elif after.state in STEP_CLOSED:
                self._closed(name)

    def _closed(self, name: str) -> None:
        waiting = self.run.tally.open_deps
        for each in self.definition.dependents.get(name, ()):
            left = waiting.get(each)
            if left is None:  # the first of its dependencies that closes while we look
                steps, names = self.run.steps, self.definition.by_id[each].depends_on
                left = sum(steps[one].state not in STEP_CLOSED for one in names)
            else:
                left -= 1
            if left:
                waiting[each] = left
            else:
                waiting.pop(each, None)
                self._ready.append(each)

    def agent(self, step: Step) -> tuple[str, str]:
        """Return (who does a step, why)."""
        if step.agent:
            return step.agent, "the workflow names it"
        if step.agents or step.capabilities:
            return self.means.choose(step.agents, step.capabilities, step.kind)
        return self.means.route(f"{step.id} {step.prompt or step.action or ''}")

    def fail(self, step: str, reason: str, message: str, *, started: bool) -> None:
        """Let a step end as failed, with what that means for the execution."""
        self.say(ev.StepFailed(step=step, reason=reason, message=message, started=started))
        self.failing(step, reason, message)

    def failing(self, step: str, reason: str, message: str) -> None:
        """Let the execution fail by a step, unless it goes on or is ending already."""
        if self.run.state not in GOING or self.definition.on_failure == "continue":
            return
        if self.definition.on_failure == "pause":
            self.say(ev.ExecutionPaused(reason=f"{step} failed: {reason}", by_step=step))
            return
        self.say(ev.ExecutionFailing(step=step, reason=reason, message=message))
        self.stop_open(finish=self.definition.siblings == "finish")

    def stop_open(self, *, finish: bool = False) -> None:
        """Let every open step's task be cancelled; what has none ends at once.

        `finish`: what runs comes to its own end; only what has not begun is stopped.
        """
        for group in self.run.open_groups():
            self.stop_group(group.id, finish=finish)
        for step in () if finish else self.run.open_steps():
            if not step.parent:
                self.stop(step)

    def stop(self, step: StepRun, *, reason: str = "its parent") -> None:
        """Let an open step's task be cancelled, or the step end where it has none.

        An execution of its own is told the reason, and undone where this one goes back.
        """
        if step.task_id:
            self.out.cancels.append(step.task_id)
        elif step.child_id:
            data = {"reason": reason, "compensate": self._goes_back()}
            self.out.letters.append(Letter(execution_id=step.child_id, kind="cancel", data=data))
        else:
            self.say(ev.StepCancelled(step=step.id, started=step.started))

    def _goes_back(self) -> bool:
        """Say whether what was done will be undone once everything has stopped."""
        if self.run.cancel_requested:
            return self.run.compensate_on_cancel
        return self.definition.on_failure == "compensate"

    def stop_group(self, name: str, *, finish: bool = False) -> None:
        """Let the instances of a step end: those not begun at once, the open ones by their task."""
        for one in self.run.instances(name):
            if one.state == StepState.PENDING:
                self.say(ev.StepCancelled(step=one.id, started=False))
            elif one.open and not finish:
                self.stop(one)
        self._groups[name] = None

    def end(
        self,
        state: ExecutionState,
        reason: str,
        outputs: Mapping[str, Any] | None = None,
        not_undone: list[str] | None = None,
    ) -> None:
        """Let the execution come to rest."""
        self.say(
            ev.ExecutionEnded(
                state=state.value, reason=reason, outputs=outputs, not_undone=not_undone or []
            )
        )


def blockers(run: Execution, step: Step) -> Iterator[str]:
    """Yield the steps that a step depends on and that have not ended."""
    return (one for one in step.depends_on if run.steps[one].state not in STEP_CLOSED)


Starter = Callable[[Scene, Step, StepRun], None]
"""Lets one step begin whose conditions hold. May raise ExpressionError: the step failed."""
