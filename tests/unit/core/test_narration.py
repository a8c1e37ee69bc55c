import logging
from typing import TYPE_CHECKING

import pytest

from claude_agent.core import narration
from claude_agent.domain import task_events as ev
from tests.unit.core.stand import NO, Stand
from tests.unit.domain.making import running

if TYPE_CHECKING:
    from claude_agent.domain.events import Payload

LOGGER = "claude_agent.work"


def test_log_tells_the_way_of_a_task_with_its_ids(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    one = stand.end(stand.running(title="hello"), NO)
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert lines == [
        f"task {one.ref} accepted: hello",
        f"task {one.ref} started: attempt 1, run 1",
        f"task {one.ref} attempt 1 failed: It exited with 1.",
        f"task {one.ref} is a dead letter: exit",
    ]
    last = caplog.records[-1]
    assert (vars(last)["task_id"], vars(last)["run_id"]) == (one.id, one.run_id)
    assert last.levelno == logging.WARNING


def test_log_tells_the_way_of_an_execution(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    execution = stand.engine.execute(
        {"name": "w", "steps": [{"id": "a", "agent": "testing", "run": "x"}]}
    )
    stand.do(execution, "a")
    told = [
        record
        for record in caplog.records
        if record.name == LOGGER and record.getMessage().startswith("execution")
    ]
    ref = stand.execution(execution).ref
    assert [record.getMessage() for record in told] == [
        f"execution {ref} started",
        f"execution {ref} ended as succeeded",
    ]
    assert {vars(record)["execution_id"] for record in told} == {execution}


def test_log_tells_nothing_of_what_was_rolled_back(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)

    def work(tx: object) -> None:
        stand.bus.accept(tx, {"run": "x"}, actor="me")  # type: ignore[arg-type]
        raise LookupError

    with pytest.raises(LookupError):
        stand.database.write(work)
    assert [record for record in caplog.records if record.name == LOGGER] == []


def test_every_line_can_be_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    said: list[Payload] = [
        ev.TaskAdopted(worker="w", fence=2, run=1),
        ev.TaskReleased(reason="sealed", run=1, counted=True),
        ev.TaskUncertain(run=1, reason="gone"),
        ev.TaskReaped(run=1, killed=2),
        ev.TaskResolved(run=1, how="probe", outcome="retry", note=""),
        ev.TaskStopRequested(run=1, reason="timeout.run"),
        ev.TaskCancelRequested(reason="by me"),
        ev.TaskCancelled(reason="by me"),
        ev.TaskExpired(reason="late"),
        ev.TaskDue(),
    ]
    narration.tell_task(running(), said)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(said) - 1
    assert lines[3] == "task AB12 reaped: 2 processes of run 1"


def test_log_that_is_off_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, LOGGER)
    narration.tell_submitted(running())
    assert caplog.records == []
