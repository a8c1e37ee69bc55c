from typing import TYPE_CHECKING, Any

import pytest

from claude_agent.core import execution_desk
from claude_agent.domain.execution_decide import CancelAsked, Fact
from claude_agent.errors import FencedOut, NotFound
from tests.unit.core.stand import NO, Stand, compare_with_the_log

if TYPE_CHECKING:
    from claude_agent.domain.execution import Execution

STOP = [(1, "stop", {"stage": "ladder"})]


def step(name: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "agent": "master",
        "run": "true",
        **({"depends_on": list(depends_on)} if depends_on else {}),
        **more,
    }


def workflow(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "w", "steps": list(steps), **more}


UNDO = {"run": "undo"}


def test_success_of_a_task_starts_the_next_step_in_the_same_transaction(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a"), step("b", "a")))
    one = stand.do(execution, "a", x=1)
    run = stand.execution(execution)
    assert (run.steps["a"].state, run.steps["b"].state) == ("succeeded", "queued")
    assert run.steps["a"].outputs == {"x": 1}
    after = [each.event for each in stand.history() if each.event.type == "task.submitted"][-1]
    assert (after.actor, after.causation) == (f"execution:{run.ref}", run.stream)
    stand.do(execution, "b")
    assert stand.execution(execution).state == "succeeded"
    assert one.spec.effect_key == f"{execution}/a/1"


def test_wide_execution_starts_every_step_under_a_ref_of_its_own(stand: Stand) -> None:
    """Refs that are decided together must not be drawn twice."""
    count = 1_000
    execution = stand.engine.execute(workflow(*(step(f"s{n}") for n in range(count))))
    refs = {one.task_ref for one in stand.execution(execution).steps.values()}
    assert len(refs) == count


def test_refs_of_one_decision_differ_although_the_same_lot_is_drawn(stand: Stand) -> None:
    real = stand.ids.new
    first: list[str] = []

    def new() -> str:
        first.append(real())
        if 2 < len(first) < 5:  # another id with the same tail: the same ref
            return f"{first[1][:15]}{len(first):03}{first[1][18:]}"
        return first[-1]

    stand.ids.new = new  # type: ignore[method-assign]
    execution = stand.database.write(
        lambda tx: stand.engine.start(
            tx,
            stand.engine.put(tx, stand.engine.compile(workflow(step("a"), step("b"))), "", "user"),
            {},
            cwd="",
            actor="me",
        )
    )
    refs = [one.task_ref for one in stand.execution(execution).steps.values()]
    assert len(set(refs)) == 2


def test_failure_cancels_waiting_siblings_at_once_and_sends_running_ones_the_ladder(
    stand: Stand,
) -> None:
    execution = stand.engine.execute(
        workflow(step("a"), step("b"), step("c", agent="database"), step("d", agent="database"))
    )
    stand.claims.claim()
    for name in "ab":
        stand.start(stand.step_task(execution, name))
    stand.end(stand.step_task(execution, "a"), NO)
    states = {name: stand.step_task(execution, name).state.value for name in "abcd"}
    assert states == {"a": "dead", "b": "running", "c": "running", "d": "cancelled"}
    assert stand.records.open_commands(stand.step_task(execution, "b")) == STOP
    run = stand.execution(execution)
    assert (run.state, run.steps["d"].state) == ("failing", "cancelled")
    stand.end(stand.step_task(execution, "b"), NO)
    stand.start(stand.step_task(execution, "c"))
    assert stand.execution(execution).state == "failed"


def test_compensation_runs_last_first_as_tasks_of_its_own(stand: Stand) -> None:
    execution = stand.engine.execute(
        workflow(step("a", compensate=UNDO), step("b", "a", compensate=UNDO), step("c", "b"))
    )
    for name in "ab":
        stand.do(execution, name)
    stand.do(execution, "c", NO)
    assert stand.execution(execution).state == "compensating"
    one = stand.do(execution, "undo b")
    assert (one.spec.purpose, one.spec.title) == ("compensation", "undo b")
    stand.do(execution, "undo a")
    assert stand.execution(execution).state == "compensated"


def test_execution_is_folded_from_memory_and_from_rows_alike(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a"), step("b", "a")))
    kept = stand.database.read(lambda r: stand.executions.load(r, execution))
    stand.executions._folded.clear()
    assert stand.database.read(lambda r: stand.executions.load(r, execution)) == kept


def test_stale_memory_is_not_used(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a")))
    old = stand.executions._folded[execution]
    stand.do(execution, "a")
    stand.executions._folded[execution] = old
    assert stand.database.read(lambda r: stand.executions.load(r, execution)).state == "succeeded"


def test_ended_executions_are_not_kept_in_memory(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a")))
    assert execution in stand.executions._folded
    stand.do(execution, "a")
    assert stand.executions._folded == {}


def test_memory_is_bounded(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_desk, "_KEPT", 2)
    for n in range(4):
        stand.engine.execute(workflow(step(f"s{n}")))
    assert len(stand.executions._folded) == 2
    assert len(stand.executions._definitions) == 2


def test_what_a_rolled_back_transaction_left_in_memory_is_not_used(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a"), step("b", "a")))
    run = stand.execution(execution)

    class Enough(Exception):
        pass

    def work(tx: Any) -> None:
        running = run.steps["a"]
        fact = Fact(step="a", undo=False, kind="started", task_id=running.task_id, attempt=1)
        stand.executions.advance(tx, execution, [fact], stand.desk.context("me"))
        assert stand.executions.load(tx, execution).steps["a"].state == "running"
        raise Enough

    with pytest.raises(Enough):
        stand.database.write(work)
    assert stand.database.read(lambda r: stand.executions.load(r, execution)) == run


def test_transactions_of_one_commit_see_each_others_executions(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a"), step("b")))
    steps = stand.execution(execution).steps
    kept: list[Execution] = []

    def work(tx: Any) -> None:
        for name in ("a", "b"):
            fact = Fact(
                step=name, undo=False, kind="started", task_id=steps[name].task_id, attempt=1
            )
            kept.append(stand.executions.advance(tx, execution, [fact], stand.desk.context("me")))
            assert stand.executions.load(tx, execution) is kept[-1]

    stand.database.write(work)
    assert stand.database.read(lambda r: stand.executions.load(r, execution)) is kept[-1]
    compare_with_the_log(stand)


def test_news_without_consequence_writes_nothing(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a")))
    stand.engine.cancel(execution, compensate=None, actor="me", reason="no")
    before = stand.everything()

    def work(tx: Any) -> None:
        asked = [CancelAsked(reason="again")]
        stand.executions.advance(tx, execution, asked, stand.desk.context("me"))

    stand.database.write(work)
    assert stand.everything() == before


def test_execution_that_somebody_else_moved_is_fenced_out(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = stand.engine.execute(workflow(step("a")))
    _, old = stand.executions._folded[execution]
    stand.do(execution, "a", NO)
    monkeypatch.setattr(stand.executions, "load", lambda *_: old)
    with pytest.raises(FencedOut, match="changed by somebody else"):
        stand.database.write(
            lambda tx: stand.executions.advance(
                tx, execution, [CancelAsked(reason="no")], stand.desk.context("me")
            )
        )


def test_cancel_of_a_task_that_ended_or_is_unknown_does_nothing(stand: Stand) -> None:
    one = stand.end(stand.running())
    before = stand.everything()

    def work(tx: Any) -> None:
        for task_id in (one.id, "none"):
            stand.executions.cancel_task(tx, task_id, "no", stand.desk.context("me"))

    stand.database.write(work)
    assert stand.everything() == before


@pytest.mark.parametrize("text", ["", "ZZZZ", "018bcfe5-6800-7000-8000-00000000dead"])
def test_unknown_execution_is_told(stand: Stand, text: str) -> None:
    with pytest.raises(NotFound, match="no execution"):
        stand.database.read(lambda r: stand.executions.find_id(r, text))
    with pytest.raises(NotFound, match="no execution"):
        stand.database.read(lambda r: stand.executions.load(r, text))


def test_execution_is_found_by_id_and_ref(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a")))
    ref = stand.execution(execution).ref
    for text in (execution, ref, ref.lower()):
        assert stand.database.read(lambda r, t=text: stand.executions.find_id(r, t)) == execution


def test_unknown_definition_is_told(stand: Stand) -> None:
    with pytest.raises(NotFound, match="no definition"):
        stand.database.read(lambda r: stand.executions.definition(r, "f" * 64))


def test_uncertain_step_makes_its_execution_wait_and_the_answer_moves_it_on(
    stand: Stand,
) -> None:
    execution = stand.engine.execute(workflow(step("a"), step("b", "a")))
    stand.claims.claim()
    stand.reaped(stand.start(stand.step_task(execution, "a")))
    run = stand.execution(execution)
    assert (run.state, run.steps["a"].state) == ("waiting", "uncertain")
    stand.restart()
    one = stand.control.adopt(stand.step_task(execution, "a"), alive=False)
    stand.orders.answer(one.ref, "succeeded", "I looked", "me")
    run = stand.execution(execution)
    assert (run.state, run.steps["b"].state) == ("running", "queued")


def test_uncertain_step_whose_shim_answers_after_all_runs_again(stand: Stand) -> None:
    execution = stand.engine.execute(workflow(step("a")))
    stand.claims.claim()
    one = stand.start(stand.step_task(execution, "a"))
    stand.control.lost(one.id, one.fence, "gone")
    assert stand.execution(execution).state == "waiting"
    stand.restart()
    stand.control.adopt(one, alive=True)
    run = stand.execution(execution)
    assert (run.state, run.steps["a"].state) == ("running", "running")


def test_sealed_step_that_is_then_cancelled_has_nothing_to_undo(stand: Stand) -> None:
    """It was counted as started and proved never to have begun: undoing would be wrong."""
    execution = stand.engine.execute(
        workflow(step("a", compensate={"run": "undo", "on": "attempted"}), on_cancel="compensate")
    )
    stand.claims.claim()
    one = stand.start(stand.step_task(execution, "a"))
    stand.control.release(one, "sealed")
    stand.engine.cancel(execution, compensate=None, actor="me", reason="no")
    run = stand.execution(execution)
    assert (run.state, run.steps["a"].started) == ("cancelled", False)
