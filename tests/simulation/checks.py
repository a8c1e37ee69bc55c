"""What must hold of every history of a world: from its log, its rows and what truly happened."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from claude_agent.domain.states import STEP_CLOSED
from claude_agent.domain.step_run import SET_BY_HAND, SKIPPED_BY_HAND
from claude_agent.storage.log import Recorded
from tests.simulation.chances import ancestors, check_order
from tests.simulation.child_check import check_children
from tests.simulation.gate_check import check_gates
from tests.simulation.log_check import check_task
from tests.simulation.world import Server, World
from tests.unit.core.stand import compare_with_the_log

if TYPE_CHECKING:
    from claude_agent.domain.definition import Definition
    from claude_agent.domain.execution import Execution, StepRun

BEGINS = {"step.queued", "step.child_started", "step.waiting", "step.expanded", "step.held"}
"""Events with which a step begins."""
CLOSES = {
    "step.succeeded": "succeeded",
    "step.failed": "failed",
    "step.skipped": "skipped",
    "step.cancelled": "cancelled",
}
BAD = {"failed", "cancelled"}
BY_HAND = {SKIPPED_BY_HAND, SET_BY_HAND}
AT_REST = {
    "slots": "SELECT * FROM slots WHERE task_id IS NOT NULL AND task_id <> ''",
    "queues": "SELECT * FROM queues WHERE running <> 0",
    "locks": "SELECT * FROM locks",
    "concurrency_slots": "SELECT * FROM concurrency_slots",
    "execution_inbox": "SELECT * FROM execution_inbox",
    "approvals": "SELECT * FROM approvals WHERE state = 'requested'"
    " OR (state = 'approved' AND task_id <> '')",
}
"""What nobody may have or owe once everything has ended."""


def check(world: World) -> None:
    """Assert every invariant; raises AssertionError that begins with its name."""
    one = world.servers[0]
    history = one.history()
    world.types = [each.event.type for each in history]
    streams: dict[str, list[Recorded]] = {}
    for each in history:
        streams.setdefault(each.event.stream, []).append(each)
    check_gates(world, streams, history)  # I5, I9
    for name, kind in world.accepted.items():
        assert f"{kind}/{name}" in streams, f"I1: the acknowledged {kind} {name} is unknown"
    again = history[: len(world.seen)]
    assert again == world.seen, "I11: a crash has changed what the log said before"
    compare_with_the_log(one, history)  # I11, I13
    for table, query in AT_REST.items():
        left = one.disk_rows(query)
        assert not left, f"I2: {table} is not at rest: {left}"
    for stream, events in streams.items():
        kind, _, name = stream.partition("/")
        if kind == "task":
            check_task(name, events)  # I4, I6, I12
            _check_truth(world, name, events)
        elif kind == "execution":
            Story(world, one, name, events).check()
            check_children(one, streams, events)


def _check_truth(world: World, task_id: str, events: list[Recorded]) -> None:
    """I3: no success without a run that ended well, no failure of one without a run."""
    runs = [run for run in world.runs.values() if run.task.id == task_id]
    types = [one.event.type for one in events]
    if "task.succeeded" in types:
        told = any(
            one.event.type == "task.resolved" and one.event.data["outcome"] == "succeeded"
            for one in events
        )
        assert told or any(run.ok and run.began for run in runs), f"I3: {task_id} never ran well"
    if "task.attempt_failed" in types:
        assert any(run.began for run in runs), f"I3: {task_id} failed and never ran"
    used = _used(events)
    dead = [one.event.data for one in events if one.event.type == "task.dead"]
    last = bool(dead) and types[-1] in ("task.dead", "task.discarded")
    plain = last and dead[-1]["error"].get("kind") == "exit"  # what may be tried again
    if plain and dead[-1]["reason"] == "attempts_used_up":
        allowed = events[0].event.data["spec"]["retry"]["max_attempts"]
        assert used == allowed, f"I6: {task_id} gave up after {used} of {allowed} attempts"
    living = [run.id for run in runs if run.state in ("alive", "orphaned")]
    assert not living, f"I4: {task_id} has ended and {living} live on"


def _used(events: list[Recorded]) -> int:
    """Return how many attempts the last generation of a task has used up."""
    used = began = 0
    for one in events:
        kind, data = one.event.type, one.event.data
        if kind == "task.redriven":
            used = began = 0
        elif kind == "task.claimed":
            began = 0
        elif kind == "task.started":
            used, began = used + 1, 1
        elif kind == "task.released":
            assert data["counted"] == bool(began), "I6: what never began was counted"
            used -= began
        elif kind == "task.parked":
            assert data["counted"] == bool(began), "I6: what never began was given back"
            used -= began
        elif kind == "task.retry_scheduled" and not data.get("counted", True):
            used -= began
        elif kind == "task.resolved" and data["outcome"] == "retry":
            used -= began  # its run was lost: that counts as a delivery
    return used


class Story:
    """One execution, told by its log."""

    def __init__(self, world: World, one: Server, name: str, events: list[Recorded]) -> None:
        self.world = world
        self.events = events
        self.run: Execution = one.execution(name)
        self.flow: Definition = one.database.read(
            lambda r: one.executions.definition(r, self.run.definition)
        )
        self.states: dict[str, str] = {}
        """The state of each step that has ended."""
        self.open: set[str] = set()
        self.ends: dict[str, int] = {}
        """When what last ran of each step ended, as the number of its event."""
        self.tried: dict[str, set[str]] = {}
        """The tasks of each step since it was last undone."""
        self.plan: list[list[str]] | None = None
        self.undone: set[str] = set()
        self.effects: set[str] = set()
        """The steps that ended well and were not undone since, whatever was begun anew."""
        self.decided: set[str] = set()
        """The steps that a person decided in the execution it was forked from."""
        self.barred: set[str] = set()
        """The steps that a switch has not chosen."""
        self.groups: set[str] = set()
        """The steps that their instances do; one that a person decided does it itself."""
        self.going = True
        """New steps may begin."""

    def base(self, step: str) -> str:
        return step.partition("[")[0]

    def check(self) -> None:
        numbers = [one.event.seq for one in self.events]
        assert numbers == list(range(1, len(numbers) + 1)), f"I11: {numbers}"
        types = [one.event.type for one in self.events]
        segments: list[list[str]] = [[]]
        for kind in types:
            if kind in ("execution.reopened", "compensation.resumed"):
                segments.append([])
            segments[-1].append(kind)
        ends = [one.count("execution.ended") for one in segments]
        assert max(ends) <= 1, f"I12: {ends} ends of the generations, {types}"
        assert types[-1] == "execution.ended", f"I12: {types}"
        for one in self.events:
            self._take(one.event.type, one.event.data, one.event.seq)
        self._check_end()

    def _take(self, kind: str, data: Any, seq: int) -> None:
        step = data.get("step", "")
        if kind == "execution.submitted":
            self._inherits(data.get("inherited", {}))
        elif kind in BEGINS and not (kind == "step.held" and step in self.open):
            self._begins(step, kind)
            self.tried.setdefault(step, set()).add(data.get("task_id", ""))
        elif kind in CLOSES:
            self._closes(step, kind, data, seq)
        elif kind == "step.compensating":
            self._undoing(step)
        elif kind == "step.compensated":
            self.undone.add(step)
            self.effects.discard(step)
            self.tried.pop(step, None)
        elif kind == "compensation.planned":
            self._planned(data)
        elif kind in ("execution.failing", "execution.cancel_requested"):
            self.going = False
        elif kind == "execution.reopened":
            self._reopened(data, seq)

    def _inherits(self, inherited: Any) -> None:
        for name, done in inherited.items():
            skipped = done["reason"] == SKIPPED_BY_HAND
            self.states[name] = "skipped by hand" if skipped else done["state"]
            if done["reason"] in BY_HAND:
                self.decided.add(name)

    def _closes(self, step: str, kind: str, data: Any, seq: int) -> None:
        self.states[step] = CLOSES[kind]
        self.open.discard(step)
        self._chooses(step, kind, data)
        well = kind == "step.succeeded" and data.get("reason") != "cached"
        if well or data.get("ended_well") or data.get("started"):
            self.ends[step] = seq
        if step not in self.groups and (well or data.get("ended_well")):
            self.effects.add(step)

    def _chooses(self, step: str, kind: str, data: Any) -> None:
        switch = self.flow.by_id[self.base(step)].switch
        if switch and kind == "step.succeeded":
            named = {name for case in switch for name in case.then}
            self.barred |= named - set(data["outputs"]["steps"])

    def _reopened(self, data: Any, seq: int) -> None:
        for name in list(self.states):
            if name in data["reset"] or self.base(name) in data["reset"]:
                self.states.pop(name)
        self.groups -= set(data["reset"])
        self.barred -= set(data["reset"])
        self.decided -= set(data["reset"])
        self.plan, self.going = None, True
        chosen = data.get("from_step", "")
        if data["mode"] == "skip":
            self.states[chosen] = "skipped by hand"
        elif data["mode"] == "set_output":
            self.states[chosen], self.ends[chosen] = "succeeded", seq
            self.effects.add(chosen)
            self.undone.discard(chosen)

    def _begins(self, step: str, kind: str) -> None:
        """I7: nothing begins before what it depends on has ended, and as it must have ended."""
        one = self.flow.by_id[self.base(step)]
        states = {name: self.states.get(name, "open") for name in one.depends_on}
        assert "open" not in states.values(), f"I7: {step} begins too early: {states}"
        if one.when == "success":
            assert set(states.values()) <= {"succeeded", "skipped by hand"}, (
                f"I7: {step} begins after {states}"
            )
            assert self.going or "[" in step, f"I7: {step} begins though it stops"
        assert step not in self.barred, f"I7: {step} begins and was not chosen"
        assert self.plan is None, f"I10: {step} begins after the undoing"
        most = one.many.max_parallel if one.many is not None else None
        if most and "[" in step:
            others = [e for e in self.open if self.base(e) == one.id and e not in (one.id, step)]
            assert len(others) < most, f"I7: {step} begins beside {others}, more than {most}"
        self.open.add(step)
        self.undone.discard(step)
        if kind == "step.expanded":
            self.groups.add(step)
            self.effects.discard(step)

    def _ran(self) -> set[str]:
        """Return the steps of which a run truly began, and was not undone since."""
        began = {run.task.id for run in self.world.runs.values() if run.began}
        return {name for name, tasks in self.tried.items() if tasks & began}

    def _wanted(self) -> Iterator[str]:
        """Yield what must be undone, if anything is."""
        ran = self._ran()
        for name in [*self.states, *((self.effects | ran) - set(self.states))]:
            step = self.flow.by_id[self.base(name)]
            done = name in self.undone or name in self.groups
            if step.compensate is None or step.workflow or done:
                continue
            attempted = step.compensate.on == "attempted" and name in ran
            if name in self.effects or attempted:
                yield name

    def _planned(self, data: Any) -> None:
        """I10: exactly what is to be undone, dependents first."""
        groups = [list(group) for group in data["groups"]]
        assert self.plan is None, "I10: planned twice"
        open_now = [each for each in self.open if each not in self.states]
        assert not open_now, f"I10: planned while {open_now} were open"
        planned = [name for group in groups for name in group]
        tasks = [name for name in planned if not self.flow.by_id[self.base(name)].workflow]
        assert sorted(tasks) == sorted(self._wanted()), f"I10: planned {planned}"
        place = {name: n for n, group in enumerate(groups) for name in group}
        for name in planned:
            for before in ancestors(self.flow, self.base(name)):
                for other in (each for each in planned if self.base(each) == before):
                    assert place[name] < place[other], f"I10: {other} undone before {name}"
        if self.flow.compensation_order == "reverse":
            check_order(self.flow, planned, self.base, self.ends)
        self.plan = groups

    def _undoing(self, step: str) -> None:
        assert self.plan is not None, f"I10: {step} is undone without a plan"
        for group in self.plan:
            if step in group:
                return
            left = [name for name in group if name not in self.undone]
            assert not left, f"I10: {step} is undone before {left}"
        msg = f"I10: {step} is undone and stands on no list"
        raise AssertionError(msg)

    def _decided(self, seen: "StepRun") -> bool:
        """Say whether a person, or now a condition, has decided the step of this instance."""
        parent = self.run.steps.get(seen.parent)
        if parent is None:
            return False
        by_hand = parent.reason in BY_HAND or parent.id in self.decided
        return by_hand or parent.state == "skipped"

    def _check_end(self) -> None:
        """I2: the end is the right one."""
        run, state = self.run, self.run.state.value
        bad = {one.id for one in run.steps.values() if one.state in BAD and not self._decided(one)}
        planned = [name for group in self.plan or () for name in group]
        assert all(one.state in STEP_CLOSED for one in run.steps.values() if not one.parent) or (
            state == "cancelled" and run.started_at is None
        ), f"I2: {run.ref} is {state} with open steps"
        wrong = f"I2: {run.ref} is {state}, bad {bad}, planned {planned}, undone {self.undone}"
        if state == "succeeded":
            assert not bad, wrong
            assert not run.cancel_requested, wrong
            assert self.plan is None, wrong
        elif state == "failed":
            assert bad or run.failed_step == "outputs", wrong
            assert self.flow.on_failure != "compensate" or not list(self._wanted()), wrong
        elif state == "cancelled":
            assert run.cancel_requested, wrong
        elif state == "compensated":
            assert planned, wrong
            assert set(planned) <= self.undone, wrong
        else:
            assert not set(planned) <= self.undone, wrong
