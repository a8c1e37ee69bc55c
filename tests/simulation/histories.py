"""Random workflows played to their end with random fates, and what must hold in each history.

Everything is drawn from one seed, which a failure prints.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.compensation import LEAVES_NOTHING
from claude_agent.domain.deciding.news import Pause, Resume
from claude_agent.domain.definition import Compensate, Definition, Step
from claude_agent.domain.definition_parts import Foreach
from claude_agent.domain.events import Payload
from claude_agent.domain.execution import Execution, evolve, submitted
from claude_agent.domain.execution_decide import (
    Begin,
    CancelAsked,
    Decision,
    Fact,
    Means,
    News,
    decide,
)
from claude_agent.domain.states import EXECUTION_TERMINAL, STEP_CLOSED, ExecutionState, StepState
from claude_agent.domain.tally import Tally
from claude_agent.domain.task_spec import TaskSpec
from tests.simulation.chances import check_order, due, ends_of, second_chance, standing
from tests.unit.domain.making import EXECUTION, numbered

MAX_NEWS = 800
PARAMS = {"yes": True, "no": False, "text": "x"}


def random_definition(chance: random.Random) -> Definition:
    """Return a graph of up to nine steps in any order of the source."""
    names = [f"s{n}" for n in range(chance.randint(1, 9))]
    steps = [_step(chance, name, names[:n]) for n, name in enumerate(names)]
    chance.shuffle(steps)
    outputs: dict[str, Any] = {}
    if chance.random() < 0.1:
        outputs = {"x": f"${{{{ steps.{names[-1]}.outputs.none }}}}"}
    return Definition(
        name="sim",
        slug="sim",
        steps=tuple(steps),
        on_failure=chance.choice(["fail", "compensate", "compensate", "continue", "pause"]),
        on_cancel=chance.choice(["stop", "compensate"]),
        siblings=chance.choice(["stop", "stop", "finish"]),
        compensation_order=chance.choice(["reverse", "reverse", "parallel"]),
        outputs=outputs,
    )


def _step(chance: random.Random, name: str, before: list[str]) -> Step:
    depends_on = tuple(chance.sample(before, min(len(before), chance.choice([0, 1, 1, 2, 3]))))
    conditions = [None, None, None, None, "success()", "failure()", "always()", "inputs.yes"]
    conditions += ["inputs.no", "inputs.text"]
    if depends_on:
        conditions += [f"steps.{depends_on[0]}.outputs.n == 1"]
    compensate = None
    if chance.random() < 0.6:
        compensate = Compensate(
            kind="run",
            run="undo",
            on=chance.choice(["succeeded", "attempted"]),
            with_={"x": "${{ self.outputs.none }}"} if chance.random() < 0.05 else {},
        )
    return Step(
        id=name,
        kind="action",
        action=chance.choice(["setup_database", "setup_database", "noop"]),
        agent="a",
        depends_on=depends_on,
        when=chance.choice(["success"] * 6 + ["failure", "always", "cancelled"]),
        if_=chance.choice(conditions),
        with_={"x": "${{ inputs.gone }}"} if chance.random() < 0.03 else {},
        foreach=_many(chance) if chance.random() < 0.25 else None,
        compensate=compensate,
    )


def _many(chance: random.Random) -> Foreach:
    return Foreach(
        items=list(range(chance.choice([0, 1, 2, 3, 5]))),
        max_parallel=chance.choice([None, None, 1, 2]),
        fail_fast=chance.random() < 0.5,
    )


@dataclass(slots=True)
class SimTask:
    """A task as its queue and its shim would drive it."""

    id: str
    spec: TaskSpec
    attempt: int = 0
    state: str = "waiting"
    """waiting, running, uncertain."""
    cancel: bool = False
    ended: bool = False


@dataclass
class History:
    """One execution from its first event to its last."""

    seed: int
    definition: Definition
    run: Execution
    first: ev.ExecutionSubmitted
    events: list[tuple[int, Payload]] = field(default_factory=list)
    tasks: dict[str, SimTask] = field(default_factory=dict)
    at: int = 0

    def open(self) -> list[SimTask]:
        """Return the tasks that have not ended."""
        return [one for one in self.tasks.values() if not one.ended]


def play(seed: int, lives: int = 1) -> History:
    """Play one history to its end and check every step of it. Raises AssertionError.

    `lives`: how often it ends; before each further one a person gives it a second chance.
    """
    chance = random.Random(seed)  # noqa: S311 - the seed is the point
    made = random_definition(chance)
    first = ev.ExecutionSubmitted(
        ref="SIM1",
        workflow="sim",
        name="sim",
        definition="hash",
        params=PARAMS,
        cwd="",
        workspace="/ws",
        steps=[step.id for step in made.steps],
    )
    history = History(seed, made, submitted(EXECUTION, first, 0), first)
    new_id = numbered()
    _tell(history, new_id, [Begin()])
    _live(history, chance, new_id)
    for _ in range(lives - 1):
        news = second_chance(chance, history.definition, history.run, PARAMS)
        if news is not None:
            _tell(history, new_id, [news])
            _live(history, chance, new_id)
    return history


def _live(history: History, chance: random.Random, new_id: Any) -> None:
    cancel_at = chance.randrange(40) if chance.random() < 0.4 else -1
    pause_at = chance.randrange(20) if chance.random() < 0.2 else -1
    for n in range(MAX_NEWS):
        if n == pause_at:
            _tell(history, new_id, [Pause(reason="by me")])
        if n == cancel_at:
            asked = CancelAsked(reason="by me", compensate=chance.choice([None, True, False]))
            _tell(history, new_id, [asked])
        going = history.open()
        paused = history.run.state == ExecutionState.PAUSED
        if paused and (not going or chance.random() < 0.3):
            _tell(history, new_id, [Resume()])
            continue
        if not going:
            break
        one = chance.choice(going)
        fact = _fate(chance, history, one)
        if fact is not None:
            _tell(history, new_id, [fact])
    _check_end(history)


def _tell(history: History, new_id: Any, news: list[News]) -> None:
    """Hand over news as the desk does, with what follows in the same transaction."""
    history.at += 1
    before = history.run
    means = Means(at=history.at, new_id=new_id, route=lambda _: ("master", "by itself"))
    decision = decide(history.definition, before, news, means)
    _check_decision(history, before, decision, news)
    history.run = decision.run
    history.events += [(history.at, said) for said in decision.events]
    for submit in decision.submits:
        history.tasks[submit.task_id] = SimTask(submit.task_id, submit.spec)
    for task_id in decision.cancels:
        one = history.tasks[task_id]
        if one.ended or one.cancel:
            continue
        one.cancel = True
        if one.state == "waiting":
            one.ended = True
            _tell(history, new_id, [_fact(one, "cancelled", started=one.attempt > 0)])


def _fact(one: SimTask, kind: str, **more: Any) -> Fact:
    values: dict[str, Any] = {"started": one.attempt > 0, "attempt": one.attempt, **more}
    return Fact(
        step=one.spec.step_id,
        undo=one.spec.purpose == "compensation",
        kind=kind,
        task_id=one.id,
        **values,
    )


def _fate(chance: random.Random, history: History, one: SimTask) -> Fact | None:
    """Let something happen to a task."""
    if one.state == "waiting":
        if chance.random() < 0.06:
            one.ended = True
            if chance.random() < 0.5:
                return _fact(one, "cancelled")
            return _fact(one, "failed", reason="timeout.start", message="late")
        one.state = "running"
        one.attempt += 1
        return _fact(one, "started")
    if one.state == "running" and chance.random() < 0.08:
        one.state = "uncertain"
        return _fact(one, "uncertain", reason="gone")
    if one.state == "running" and chance.random() < 0.05:
        one.state, one.attempt = "waiting", one.attempt - 1  # sealed: it never began
        return None
    one.ended = True
    if one.cancel:
        return _fact(one, "cancelled", ended_well=chance.random() < 0.4, outputs={"n": 1})
    fate = chance.random()
    if fate < 0.12:
        one.ended, one.state = False, "waiting"
        return _fact(one, "retrying", message="no", due=9)
    if fate < 0.3:
        return _fact(one, "failed", reason="exit", message="no")
    if fate < 0.33:
        return _fact(one, "cancelled", ended_well=chance.random() < 0.4)
    return _fact(one, "succeeded", outputs={"n": chance.randint(0, 1)})


# What must hold -----------------------------------------------------------------------------


def _check_decision(
    history: History, before: Execution, decision: Decision, news: list[News]
) -> None:
    """The decision folds to its state, is the same again, and starts nothing too early."""
    run = before
    for n, said in enumerate(decision.events):
        match said:
            case ev.StepQueued():
                _check_start(history, run, said)
            case ev.CompensationPlanned():
                _check_plan(history, run, said, decision.events[:n])
            case ev.StepCompensating():
                _check_undoing(run, said)
            case ev.ExecutionEnded():
                undoing = [s for s in run.steps.values() if s.state == StepState.COMPENSATING]
                assert not run.open_steps(), "it ended while a step was open"
                assert not undoing, "it ended while a step was being undone"
        run = evolve(run, said, history.at)
    assert run == decision.run
    counted = Tally(decision.run.steps.values())
    kept = decision.run.tally
    assert (kept.open, kept.waiting) == (counted.open, counted.waiting)
    assert all(kept[state] == counted[state] for state in StepState)
    assert kept.groups == counted.groups
    names = iter([(submit.task_id, submit.ref) for submit in decision.submits])
    spare = numbered()
    means = Means(
        at=history.at,
        new_id=lambda: next(names, None) or spare(),
        route=lambda _: ("master", "by itself"),
    )
    again = decide(history.definition, before, news, means)
    if len(again.submits) == len(decision.submits):
        undone = [one for one in decision.events if isinstance(one, ev.StepCompensationFailed)]
        assert undone or again.events == decision.events
    assert [type(one) for one in again.events] == [type(one) for one in decision.events]


def _check_start(history: History, run: Execution, said: ev.StepQueued) -> None:
    """I7: nothing starts before what it depends on has ended."""
    step = history.definition.by_id[run.steps[said.step].base]
    if step.foreach is not None and step.foreach.max_parallel is not None:
        open_ones = [one for one in run.instances(step.id) if one.open]
        assert len(open_ones) < step.foreach.max_parallel
    states = {name: run.steps[name].state for name in step.depends_on}
    assert all(state in STEP_CLOSED for state in states.values()), f"{step.id} too early: {states}"
    if step.when == "success":
        by_hand = [name for name in states if run.steps[name].reason == "skipped_by_hand"]
        assert all(states[n] == StepState.SUCCEEDED for n in states if n not in by_hand)
        assert run.state in (ExecutionState.RUNNING, ExecutionState.WAITING)
    assert run.plan is None, "a step started after the undoing had begun"


def _check_plan(
    history: History, run: Execution, said: ev.CompensationPlanned, so_far: list[Payload]
) -> None:
    """I10: the list is fixed once, when nothing is open, and holds exactly what is to be undone."""
    assert run.plan is None, "planned twice"
    assert not run.open_steps(), "planned while a step was open"
    by_id = history.definition.by_id
    events = [*(one for _, one in history.events), *so_far]
    done, began = standing(events)
    wanted = due(history.definition, run, done, began)
    began |= done
    planned = [name for group in said.groups for name in group]
    assert sorted(planned) == sorted(wanted)
    assert set(planned) <= began, "it undoes what never began"
    place = {name: n for n, group in enumerate(said.groups) for name in group}
    if history.definition.compensation_order == "reverse":
        check_order(history.definition, planned, lambda n: run.steps[n].base, ends_of(events))
        assert all(len(group) == 1 for group in said.groups)
    for name in planned:  # what depends on it is undone before it
        for after in history.definition.dependents[run.steps[name].base]:
            later = [one for one in place if run.steps[one].base == after]
            assert all(place[one] < place[name] for one in later)
    left = {
        name for name in began - wanted if by_id[run.steps[name].base].action not in LEAVES_NOTHING
    }
    assert set(said.not_undone) == left


def _check_undoing(run: Execution, said: ev.StepCompensating) -> None:
    """What stands earlier in the list was undone before."""
    assert run.plan is not None
    for group in run.plan:
        if said.step in group:
            return
        seen = [run.steps[name] for name in group]
        assert all(one.state == StepState.COMPENSATED or one.undo_skipped for one in seen)
    msg = f"{said.step} is undone and stands on no list"
    raise AssertionError(msg)


def _check_end(history: History) -> None:
    run = history.run
    assert run.terminal, f"it hangs in {run.state} with {[one.spec for one in history.open()]}"
    assert not history.open(), "a task outlives its execution"
    ends = [said for _, said in history.events if isinstance(said, ev.ExecutionEnded)]
    again = [s for _, s in history.events if isinstance(s, ev.ExecutionReopened)]
    resumed = [s for _, s in history.events if isinstance(s, ev.CompensationResumed)]
    assert len(ends) == run.generation + len(resumed) == 1 + len(again) + len(resumed)
    assert history.events[-1][1] is ends[-1]
    for one in run.steps.values():  # instances may be left of a step that was not begun again
        assert one.state in STEP_CLOSED or (one.parent and not one.open)
    folded = submitted(run.id, history.first, 0)
    for at, said in history.events:
        folded = evolve(folded, said, at)
    assert folded == run
    _check_rightly(history)


def _check_rightly(history: History) -> None:
    """I2: the end is the right one."""
    run = history.run
    states = {one.state for one in run.steps.values() if not one.parent}
    bad = states & {StepState.FAILED, StepState.CANCELLED}
    planned = [name for group in run.plan or () for name in group]
    undone = [name for name in planned if run.steps[name].state == StepState.COMPENSATED]
    assert run.state in EXECUTION_TERMINAL
    match run.state:
        case ExecutionState.SUCCEEDED:
            assert not bad
            assert not run.cancel_requested
            assert run.plan is None
        case ExecutionState.FAILED:
            assert run.reason
            assert run.plan is None
            assert bad or run.failed_step == "outputs"
            assert run.message
        case ExecutionState.CANCELLED:
            assert run.cancel_requested
            assert run.plan is None
        case ExecutionState.COMPENSATED:
            assert planned
            assert all(n in undone or run.steps[n].undo_skipped for n in planned)
            assert set(planned) - set(undone) <= set(run.not_undone)
        case _:
            assert run.state == ExecutionState.COMPENSATION_FAILED
            assert undone != planned
            assert set(planned) - set(undone) <= set(run.not_undone)
    wanted = history.definition.on_failure == "compensate"
    if run.state == ExecutionState.FAILED and wanted:
        done, began = standing([said for _, said in history.events])
        assert not due(history.definition, run, done, began)
