"""What an agent says of its work: in time, late, and once more."""

from claude_agent.domain import task_events as ev
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Cancel, EndRun, Lose, Reap, Resolve, Tick, decide
from claude_agent.domain.task_report import Report, why_late
from tests.unit.domain.making import AT, CLAIM, START, after, running

DONE = Report(run=1, kind="complete", result={"n": 1})
WELL = EndRun(verdict={"code": 0}, outputs={"n": 1}, evidence=("E1", "E3", "E4"))


def said(task: Task, report: Report) -> ev.TaskReported:
    (event,) = decide(task, report)
    assert isinstance(event, ev.TaskReported)
    return event


def test_the_last_report_of_the_running_run_counts() -> None:
    task = after(running(), DONE, Report(run=1, kind="fail", message="no", retryable=False))
    assert task.report == {"kind": "fail", "result": None, "message": "no", "retryable": False}
    assert task.state == "running"
    again = after(task, DONE)
    assert again.report is not None
    assert (again.report["kind"], again.report["result"]) == ("complete", {"n": 1})


def test_a_report_of_an_older_run_is_kept_and_changes_nothing() -> None:
    newer = after(running(), DONE)
    late = said(newer, Report(run=0, kind="complete", result={"n": 2}))
    assert late.late == "run 0 is over, run 1 took its place"
    assert after(newer, Report(run=0, kind="complete", result={"n": 2})).report == newer.report


def test_a_report_after_the_end_is_kept_and_the_end_stands() -> None:
    ended = after(running(), WELL)
    late = after(ended, DONE)
    assert (late.state, late.seq, late.report) == ("succeeded", ended.seq + 1, None)
    assert said(ended, DONE).late == "the task is succeeded already"


def test_a_report_while_gates_run_is_late() -> None:
    assert said(after(running(gates=({"name": "g", "run": "true"},)), WELL), DONE).late


def test_a_cancelled_task_still_takes_what_its_agent_says() -> None:
    assert why_late(after(running(), Cancel(reason="no")), 1) == ""


def test_the_next_run_begins_without_a_report() -> None:
    lost = after(running(idempotent=True), DONE, Lose(reason="gone"), Reap(killed=0))
    retried = after(lost, Resolve(outcome="retry", how="rule", at=AT))
    assert retried.report is not None
    assert after(retried, Tick(at=AT), CLAIM, START).report is None


def test_what_a_lost_agent_reported_is_the_result_once_a_person_says_that_it_succeeded() -> None:
    lost = after(running(), Lose(reason="gone"), DONE, Reap(killed=0))
    done = after(lost, Resolve(outcome="succeeded", how="person", at=AT))
    assert (done.state, done.outputs, done.evidence) == ("succeeded", {"n": 1}, ("E1", "E4"))
