"""The real core under random orders, crashes, lies and clocks, beside the model."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from claude_agent.core.second_chances import Chance, SecondChances
from claude_agent.domain.states import TASK_HOLDS_SLOT
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, FencedOut
from tests.simulation.log_check import check_log
from tests.simulation.model import ENDED, GOING, ModelTask
from tests.unit.core.stand import AGENTS, EVERY_TASK, NO, Stand, compare_with_the_log

picks = st.integers(0, 10**6)
flags = st.booleans()
WAIT = 2.0
"""The delay between attempts, without jitter."""
MANY = {"items": [1, 2, 3], "max_parallel": 2, "fail_fast": False}
SHAPES: list[dict[str, Any]] = [
    {"steps": [("a",), ("b", "a")], "on_failure": "compensate"},
    {"steps": [("a",), ("b",), ("c", "a", "b")], "on_failure": "fail"},
    {"steps": [("a",), ("b",), ("c", "a")], "on_failure": "continue"},
    {"steps": [("a",), ("b", "a")], "on_failure": "compensate", "many": "b"},
    {"steps": [("a",), ("b", "a")], "on_failure": "pause", "many": "a"},
]


def workflow(shape: dict[str, Any], *, attempted: bool) -> dict[str, Any]:
    """Return a workflow whose steps can all be undone."""
    on = "attempted" if attempted else "succeeded"
    steps = [
        {
            "id": name,
            "agent": "master",
            "run": "x",
            "idempotent": name == "a",
            "retry": {"max_attempts": 2, "delay": "1s", "jitter": 0},
            "compensate": {"run": "undo", "on": on},
            **({"depends_on": before} if before else {}),
            **({"foreach": MANY} if name == shape.get("many") else {}),
        }
        for name, *before in shape["steps"]
    ]
    return {"name": "w", "on_failure": shape["on_failure"], "steps": steps}


CHANCES = ["pause", "resume", "retry", "rewind", "skip", "set_output", "fork", "compensate"]
NAMED = ("rewind", "skip", "set_output")


class Core(RuleBasedStateMachine):
    """Rules are what people, workers, shims, crashes and clocks do."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()

    def stand_on(self, folder: Path, seed: int) -> Stand:
        return Stand(folder, seed=seed)

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.stand = self.stand_on(Path(self._folder.name), seed)
        self.model: dict[str, ModelTask] = {}
        self.executions: list[str] = []
        self.stale: list[Task] = []

    # What is there --------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.stand.clock.monotonic()

    def active(self, *states: str, began: bool | None = None) -> list[Task]:
        """Return the tasks that hold a slot, of some states."""
        found = [one for one in self.stand.control.active() if one.state in states]
        if began is not None:
            found = [one for one in found if (one.attempt_started_at is not None) is began]
        return found

    def pick(self, pick: int, found: list[Task]) -> Task | None:
        return found[pick % len(found)] if found else None

    def seen(self, one: Task) -> ModelTask | None:
        """Return the model of a task; None for one of a workflow."""
        self.stale.append(one)
        del self.stale[:-20]
        return self.model.get(one.id)

    # People ---------------------------------------------------------------------------------

    @rule(
        agent=st.sampled_from(sorted(AGENTS)),
        priority=st.sampled_from(["LOW", "NORMAL", "EMERGENCY"]),
        attempts=st.integers(1, 3),
        gates=flags,
        delay=st.sampled_from([0, 3]),
        limit=st.sampled_from([None, None, 5]),
    )
    def submit(
        self,
        agent: str,
        priority: str,
        attempts: int,
        gates: bool,  # noqa: FBT001 - drawn
        delay: int,
        limit: int | None,
    ) -> None:
        one = self.stand.submit(
            agent,
            priority=priority,
            retry={"max_attempts": attempts, "delay": WAIT, "factor": 1, "jitter": 0},
            gates=["true"] if gates else None,
            delay=delay,
            timeout=limit,
        )
        self.model[one.id] = ModelTask(
            state="scheduled" if delay else "ready",
            due=self.now + delay,
            max_attempts=attempts,
            gates=gates,
            run_s=limit,
        )

    @rule(shape=st.sampled_from(SHAPES), attempted=flags)
    def execute(self, shape: dict[str, Any], attempted: bool) -> None:  # noqa: FBT001 - drawn
        made = workflow(shape, attempted=attempted)
        self.executions.append(self.stand.engine.execute(made))

    @precondition(lambda self: self.model)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        task_id = sorted(self.model)[pick % len(self.model)]
        seen = self.model[task_id]
        try:
            self.stand.orders.cancel(task_id, reason="no", actor="me")
        except Conflict:
            assert seen.state in ENDED
        else:
            assert seen.state not in ENDED
            seen.cancelled()

    @precondition(lambda self: self.model)
    @rule(pick=picks, discard=flags)
    def handle_a_letter(self, pick: int, discard: bool) -> None:  # noqa: FBT001 - drawn
        task_id = sorted(self.model)[pick % len(self.model)]
        seen, letter = self.model[task_id], ("task", task_id)
        context = self.stand.desk.context("me")
        letters, write = self.stand.letters, self.stand.database.write
        try:
            if discard:
                write(lambda tx: letters.discard(tx, letter, context, reason="no"))
            else:
                write(lambda tx: letters.redrive(tx, letter, context))
        except Conflict:
            assert seen.state != "dead"
        else:
            assert seen.state == "dead"
            if discard:
                seen.state = "discarded"
            else:
                seen.redriven()

    @precondition(lambda self: self.executions)
    @rule(pick=picks, compensate=st.sampled_from([None, True, False]))
    def cancel_execution(self, pick: int, compensate: bool | None) -> None:  # noqa: FBT001 - drawn
        execution = self.executions[pick % len(self.executions)]
        ended = self.stand.execution(execution).terminal
        try:
            self.stand.engine.cancel(execution, compensate=compensate, actor="me", reason="no")
        except Conflict:
            assert ended
        else:
            assert not ended

    @precondition(lambda self: self.executions)
    @rule(pick=picks, what=st.sampled_from(CHANCES), name=st.sampled_from(["", "a", "b"]))
    def second_chance(self, pick: int, what: str, name: str) -> None:
        execution = self.executions[pick % len(self.executions)]
        before = self.stand.execution(execution)
        chances = SecondChances(self.stand.executions, self.stand.desk, self.stand.engine)
        chance = Chance(ref=execution, actor="me", step=name or "a" * (what in NAMED))
        more = {"rewind": ["why"], "set_output": [{"n": 1}]}.get(what, [])

        try:
            found = self.stand.database.write(lambda tx: getattr(chances, what)(tx, chance, *more))
        except Conflict:
            assert self.stand.execution(execution) == before
            return
        if what == "fork":
            self.executions.append(found)
        elif what not in ("pause", "resume"):
            assert before.terminal or (before.state == "paused" and not before.any_open)

    # Workers --------------------------------------------------------------------------------

    @rule()
    def claim(self) -> None:
        for one in self.stand.claims.claim():
            assert (one.state, one.attempt_started_at) == ("running", None)
            if (seen := self.seen(one)) is not None:
                seen.claimed()

    @rule(pick=picks)
    def start(self, pick: int) -> None:
        one = self.pick(pick, self.active("running", began=False))
        if one is not None:
            seen = self.seen(one)
            self.stand.start(one)
            if seen is not None:
                seen.started(self.now)

    @rule(pick=picks, well=flags)
    def end(self, pick: int, well: bool) -> None:  # noqa: FBT001 - drawn
        one = self.pick(pick, self.active("running", began=True))
        if one is not None:
            seen = self.seen(one)
            self.stand.end(one, None if well else NO)
            if seen is not None:
                seen.ended(self.now, well=well, wait=WAIT)

    @rule(pick=picks, well=flags)
    def end_gates(self, pick: int, well: bool) -> None:  # noqa: FBT001 - drawn
        one = self.pick(pick, self.active("verifying"))
        if one is not None:
            seen = self.seen(one)
            self.stand.control.gates_ended(one.id, one.fence, None if well else NO, ("E1",))
            if seen is not None:
                seen.ended(self.now, well=well, wait=WAIT)

    # Crashes --------------------------------------------------------------------------------

    @rule(pick=picks)
    def seal(self, pick: int) -> None:
        one = self.pick(pick, self.active("running"))
        if one is not None:
            seen = self.seen(one)
            self.stand.control.release(one, "sealed")
            if seen is not None:
                seen.sealed()

    @rule(pick=picks)
    def lose(self, pick: int) -> None:
        one = self.pick(pick, self.active("running", began=True))
        if one is not None:
            seen = self.seen(one)
            self.stand.control.lost(one.id, one.fence, "gone")
            if seen is not None:
                seen.state = "uncertain"

    @rule(pick=picks)
    def reap(self, pick: int) -> None:
        one = self.pick(pick, self.active("uncertain"))
        if one is not None:
            seen = self.seen(one)
            self.stand.control.reaped(one.id, one.fence, 0)
            if seen is not None and not seen.reaped:
                seen.reaped, seen.reapings = True, seen.reapings + 1

    @rule(pick=picks, outcome=st.sampled_from(["succeeded", "retry", "failed"]))
    def resolve(self, pick: int, outcome: str) -> None:
        one = self.pick(pick, self.active("uncertain"))
        if one is None:
            return
        seen = self.seen(one)
        try:
            self.stand.orders.answer(one.ref, outcome, "", "me")
        except Conflict:
            assert one.reaped_run != one.run, "a reaped run takes its answer"
        else:
            assert one.reaped_run == one.run, "nothing is decided before the proof of its end"
            if seen is not None:
                seen.resolved(self.now, outcome)

    @rule(alive=flags)
    def crash(self, alive: bool) -> None:  # noqa: FBT001 - drawn
        self.stand.restart()
        for one in self.stand.control.active():
            seen = self.seen(one)
            after = self.stand.control.adopt(one, alive=alive)
            assert (after.fence, after.run) == (one.fence + 1, one.run)
            goes_on = one.state == "uncertain" and alive and one.reaped_run != one.run
            if seen is not None and goes_on:
                seen.state = "running"

    @precondition(lambda self: self.stale)
    @rule(pick=picks, well=flags)
    def wake_up_late(self, pick: int, well: bool) -> None:  # noqa: FBT001 - drawn
        """An owner that was frozen speaks of a task that it drives no longer."""
        one = self.stale[pick % len(self.stale)]
        now = self.stand.task(one.id)
        if now.fence == one.fence and now.state in GOING:
            return
        before = self.stand.everything()
        try:
            self.stand.end(one, None if well else NO)
        except (FencedOut, Conflict):
            pass
        else:
            msg = "a stale owner changed something"
            raise AssertionError(msg)
        assert self.stand.everything() == before

    # Time -----------------------------------------------------------------------------------

    @rule(milliseconds=st.sampled_from([1, 700, 2_000, 6_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.stand.clock.advance(milliseconds)
        self.tick()

    @rule(milliseconds=st.sampled_from([-3_600_000, 3_600_000]))
    def clock_jumps(self, milliseconds: int) -> None:
        self.stand.clock.jump(milliseconds)
        self.tick()

    def tick(self) -> None:
        self.stand.scheduler.tick()
        for seen in self.model.values():
            seen.time(self.now)

    # What always holds ----------------------------------------------------------------------

    @invariant()
    def tasks_are_as_the_model_says(self) -> None:
        for task_id, seen in self.model.items():
            one = self.stand.task(task_id)
            assert one.state == seen.state, f"{one.ref}: {one.state}, model {seen.state}"
            if not one.terminal:
                assert bool(one.cancel_requested) == seen.cancel
                assert bool(one.stop_requested) == seen.stop

    @invariant()
    def places_and_slots_are_those_of_the_running(self) -> None:
        active = self.stand.control.active()
        assert all(one.state in TASK_HOLDS_SLOT for one in active)
        assert self.stand.places() == Counter(one.spec.queue for one in active)
        limits = {row["name"]: row["max"] for row in self.stand.rows("work.queues")}
        assert all(n <= limits[queue] for queue, n in self.stand.places().items())
        slots = self.stand.slots_of()
        assert slots == {one.id: one.slot for one in active if one.slot}

    # The end --------------------------------------------------------------------------------

    def teardown(self) -> None:
        if hasattr(self, "stand"):
            try:
                compare_with_the_log(self.stand)
                self.drain()
                check_log(self.stand.history(), self.model)
                compare_with_the_log(self.stand)
            finally:
                self.stand.close()
                self._folder.cleanup()

    def drain(self) -> None:
        """From wherever it stands everything comes to an end: nothing hangs."""
        for _ in range(60):
            self.stand.clock.advance(10_000)
            self.tick()
            self.claim()
            for one in self.active("uncertain"):
                if one.reaped_run != one.run:
                    self.stand.control.reaped(one.id, one.fence, 0)
                if not self.stand.task(one.id).terminal:
                    self.stand.orders.answer(one.ref, "failed", "", "me")
            for one in self.active("running", began=False):
                self.stand.start(one)
            for one in self.active("running", began=True):
                self.stand.end(one)
            for one in self.active("verifying"):
                self.stand.control.gates_ended(one.id, one.fence, None, ("E1",))
            self.model_follows()
            self.resume_all()
            if not self.going():
                return
        msg = f"it never ends: {self.going()}"
        raise AssertionError(msg)

    def resume_all(self) -> None:
        chances = SecondChances(self.stand.executions, self.stand.desk, self.stand.engine)
        for each in self.executions:
            if self.stand.execution(each).state == "paused":
                chance = Chance(ref=each, actor="me")
                self.stand.database.write(lambda tx, c=chance: chances.resume(tx, c))

    def model_follows(self) -> None:
        for task_id, seen in self.model.items():
            seen.state = self.stand.task(task_id).state.value
            seen.began = None

    def going(self) -> list[str]:
        counts = self.stand.rows("tasks.counts", **EVERY_TASK)
        tasks = [row["state"] for row in counts if row["state"] not in ENDED]
        runs = [self.stand.execution(each) for each in self.executions]
        return tasks + [run.state.value for run in runs if not run.terminal]
