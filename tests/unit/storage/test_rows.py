"""What is written to a row is what is read from it, and what the log folds to."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.events import Context, Event, Payload
from claude_agent.domain.retry import RetryPolicy
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.task import Task
from claude_agent.domain.task_lost import Lose, Reap
from claude_agent.domain.task_spec import TaskSpec
from claude_agent.storage import execution_rows, task_rows
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.log import Recorded
from tests.unit.domain.making import (
    AT,
    CLAIM,
    START,
    Play,
    after,
    chain,
    definition,
    fold,
    running,
    spec,
    submitted,
)

CONTEXT = Context(at=AT, actor="me")
texts = st.text(max_size=20)
data = st.dictionaries(texts, st.none() | st.integers() | texts, max_size=3)
specs = st.builds(
    TaskSpec,
    title=texts,
    kind=st.sampled_from(["prompt", "run", "action"]),
    text=texts,
    agent=texts,
    queue=texts,
    priority=st.integers(0, 4),
    with_=data,
    env=st.dictionaries(texts, texts, max_size=2),
    limits=st.builds(Timeouts, start_ms=st.none() | st.integers(0), run_ms=st.none()),
    retry=st.builds(RetryPolicy, max_attempts=st.integers(1, 9), on=st.just(("exit",))),
    gates=st.just(({"name": "g", "run": "true"},)),
    outputs=data,
    idempotent=st.booleans(),
    on_uncertain=st.sampled_from(["verify", "retry", "fail", "ask"]),
    purpose=st.sampled_from(["task", "step", "compensation"]),
    effect_key=texts,
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteDatabase]:
    opened = open_sqlite(str(tmp_path_factory.mktemp("rows") / "a.db"))
    yield opened
    opened.close()


def stored(database: SqliteDatabase, one: Task) -> Task | None:
    """Write a task, read it back, and roll everything back."""
    found: list[Task | None] = []

    class Enough(Exception):
        pass

    def work(tx: Any) -> None:
        tx.execute("tasks.insert", **task_rows.to_row(one))
        tx.execute("tasks.insert_spec", id=one.id, spec=json.dumps(one.spec.to_data()))
        found.append(task_rows.load(tx, one.id))
        raise Enough

    with pytest.raises(Enough):
        database.write(work)
    return found[0]


@given(specs)
def test_specification_survives_its_row(one: TaskSpec) -> None:
    assert TaskSpec.from_data(one.to_data()) == one


WAYS = {
    "submitted": submitted(),
    "scheduled": submitted(not_before=AT + 5, limits=Timeouts(start_ms=5, total_ms=9)),
    "running": running(),
    "lost": after(running(), Lose(reason="gone"), Reap(killed=1)),
    "succeeded": fold(
        running(),
        ev.TaskSucceeded(outputs={"a": [1]}, verdict={"code": 0}, evidence=["E1", "E4"]),
    ),
    "dead": fold(running(), ev.TaskDead(reason="exit", error={"kind": "exit", "message": "ä"})),
}


@pytest.mark.parametrize("name", WAYS)
def test_task_survives_its_row(database: SqliteDatabase, name: str) -> None:
    assert stored(database, WAYS[name]) == WAYS[name]


def test_row_has_the_next_deadline() -> None:
    assert task_rows.to_row(WAYS["scheduled"])["deadline_at"] == AT + 9
    assert task_rows.to_row(WAYS["submitted"])["deadline_at"] is None


def test_load_finds_nothing_under_an_unknown_id(database: SqliteDatabase) -> None:
    assert database.read(lambda r: task_rows.load(r, "none")) is None
    assert database.read(lambda r: execution_rows.load(r, "none")) is None


@pytest.mark.parametrize("value", [None, {}, {"a": {"b": [1, "ä"]}}])
def test_dump_and_parse_are_inverse(value: dict[str, Any] | None) -> None:
    assert task_rows.parse(task_rows.dump(value)) == value


def recorded(stream: str, *said: Payload) -> list[Recorded]:
    events = [CONTEXT.wrap(stream, n, one) for n, one in enumerate(said, start=1)]
    return [Recorded(pos=n, event=one) for n, one in enumerate(events, start=1)]


def test_fold_tasks_folds_each_task_and_skips_what_is_not_of_tasks() -> None:
    said = ev.TaskSubmitted(ref="AB12", spec=spec().to_data())
    claimed = ev.TaskClaimed(worker="w1", slot=3, fence=1)
    foreign = Event(stream="task/x", seq=9, type="bus.mine", v=1, at=AT, actor="", data={})
    history = [
        *recorded("task/x", said, claimed),
        *recorded("task/y", replace(said, ref="CD34")),
        *recorded("execution/z", *Play(definition(*chain("a"))).begin().events),
        Recorded(pos=99, event=foreign),
    ]
    found = task_rows.fold_tasks(history)
    assert {name: (one.ref, one.state.value) for name, one in found.items()} == {
        "x": ("AB12", "running"),
        "y": ("CD34", "ready"),
    }


def played() -> Play:
    made = Play(definition(*chain("a", "b"), outputs={"n": 1}), {"p": [1]}).begin()
    made.do("a", outputs={"x": 1})
    return made


def test_execution_survives_its_rows(database: SqliteDatabase) -> None:
    made = played()
    first = Play(definition(*chain("a", "b")), {"p": [1]}).run
    found: list[object] = []

    def work(tx: Any) -> None:
        execution_rows.insert(tx, first, deadline_at=AT + 5)
        found.append(execution_rows.load(tx, first.id))
        found.append(execution_rows.save(tx, first, made.run, "m1"))
        found.append(execution_rows.load(tx, first.id))
        found.append(execution_rows.save(tx, first, made.run, "m1"))
        row = tx.row("executions.by_id", id=first.id)
        found.append(row["deadline_at"])

    database.write(work)
    assert found == [first, True, made.run, False, AT + 5]
    made.do("b")
    before = database.read(lambda r: execution_rows.load(r, first.id))
    assert before is not None
    database.write(lambda tx: execution_rows.save(tx, before, made.run, "m2"))
    assert database.read(lambda r: execution_rows.load(r, first.id)) == made.run
    row = database.read(lambda r: r.row("executions.by_id", id=first.id))
    assert row is not None
    assert (row["state"], row["deadline_at"]) == ("succeeded", None)


def test_execution_with_a_plan_survives_its_rows() -> None:
    run = replace(
        played().run,
        state=ExecutionState.COMPENSATING,
        plan=(("b",), ("a",)),
        not_undone=("c",),
        compensate_on_cancel=True,
    )
    steps = [execution_rows.step_row(run.id, one) for one in run.steps.values()]
    assert execution_rows.execution_of(execution_rows.to_row(run), steps) == run
    assert StepState(str(steps[0]["state"])) == "succeeded"


def test_fold_executions_folds_each_execution_and_skips_the_rest() -> None:
    made = played()
    history = [
        *recorded("execution/e", made.first, *made.events),
        *recorded("task/x", ev.TaskSubmitted(ref="AB12", spec=spec().to_data())),
        Recorded(
            pos=99,
            event=Event(
                stream="execution/e", seq=9, type="bus.mine", v=1, at=AT, actor="", data={}
            ),
        ),
    ]
    (found,) = execution_rows.fold_executions(history).values()
    assert (found.state, found.seq) == (made.run.state, made.run.seq)
    assert found.steps["a"].state == "succeeded"


def test_started_task_is_no_claimed_one() -> None:
    assert after(submitted(), CLAIM) != after(submitted(), CLAIM, START)
