import pytest

from claude_agent.core.run_journal import Position
from claude_agent.errors import FencedOut
from tests.unit.core.stand import Stand

START = Position(segment=1, byte=0, line=0)
LATER = Position(segment=1, byte=100, line=4)
FURTHER = Position(segment=2, byte=7, line=9)


def test_move_remembers_where_the_journal_stands(stand: Stand) -> None:
    one = stand.running()
    stand.clock.advance(5)
    stand.records.move(one, START, LATER)
    stand.records.move(one, LATER, FURTHER)
    row = stand.records.position(one.run_id)
    assert row is not None
    assert (row["segment"], row["byte"], row["line"]) == (2, 7, 9)
    assert row["last_output_at"] == stand.clock.now()
    assert stand.records.position("none") is None


def test_move_keeps_notes_and_acknowledgements_with_the_position(stand: Stand) -> None:
    one = stand.control.stop_run(stand.running(), "timeout.idle")
    stand.records.move(one, START, LATER, notes=[("text", "hello"), ("tool_start", "ls")], acks=[1])
    assert stand.records.open_commands(one) == []
    assert stand.types(one.stream)[-2:] == ["task.output", "task.output"]
    assert stand.history()[-1].event.data == {"run": 1, "kind": "tool_start", "text": "ls"}


def test_move_twice_from_the_same_place_is_fenced_out_with_everything_in_it(
    stand: Stand,
) -> None:
    """A line is taken once, also when two journals read the same file."""
    one = stand.running()
    stand.records.move(one, START, LATER, notes=[("text", "hello")])
    before = stand.everything()
    with pytest.raises(FencedOut):
        stand.records.move(one, START, LATER, notes=[("text", "hello")])
    assert stand.everything() == before


def test_move_by_an_owner_that_lost_the_run_is_fenced_out(stand: Stand) -> None:
    stale = stand.running()
    stand.restart()
    adopted = stand.control.adopt(stale, alive=True)
    with pytest.raises(FencedOut):
        stand.records.move(stale, START, LATER)
    stand.records.move(adopted, START, LATER)


def test_notes_of_a_task_that_runs_no_more_are_left_out(stand: Stand) -> None:
    one = stand.running(gates=["true"])
    stand.end(one)
    stand.records.move(one, START, LATER, notes=[("text", "late")])
    assert "task.output" not in stand.types(one.stream)


def test_commands_of_an_earlier_run_are_not_delivered_to_the_next(stand: Stand) -> None:
    one = stand.control.stop_run(stand.running(idempotent=True), "timeout.idle")
    lost = stand.reaped(one)
    stand.control.resolve(lost, "retry", how="idempotent")
    stand.scheduler.tick()
    again = stand.running_of(one.spec.title)
    assert (again.run, stand.records.open_commands(again)) == (2, [])
    assert stand.records.open_commands(one) == [(1, "stop", {"stage": "ladder"})]
