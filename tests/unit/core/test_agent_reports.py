"""What agents at work say of their own task: checked, counted, kept also where it comes late."""

from dataclasses import replace

import pytest

from claude_agent.core import agent_reports
from claude_agent.core.agent_reports import AgentReports, Speaker
from claude_agent.domain.task import Task
from claude_agent.errors import Invalid, NotFound, TooLarge
from tests.unit.core.stand import Stand

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def speaker(one: Task) -> Speaker:
    return Speaker(agent="testing", task_id=one.id, run=one.run)


def test_result_that_fits_is_kept_with_the_agent_as_its_source(stand: Stand) -> None:
    one = stand.running(result_schema=SCHEMA)
    assert stand.reports.complete(speaker(one), {"n": 1}) == ""
    kept = stand.task(one.id)
    assert kept.report is not None
    assert kept.report["result"] == {"n": 1}
    assert stand.reports.task(speaker(one)).report == kept.report


def test_result_that_does_not_fit_is_refused_and_changes_nothing(stand: Stand) -> None:
    one = stand.running(result_schema=SCHEMA)
    with pytest.raises(Invalid, match=r"result\.n must be a whole number, not 'x'"):
        stand.reports.complete(speaker(one), {"n": "x"})
    assert stand.task(one.id).seq == one.seq


def test_result_over_its_limit_is_refused(stand: Stand) -> None:
    one = stand.running()
    with pytest.raises(TooLarge, match="64 kB are allowed"):
        stand.reports.complete(speaker(one), {"text": "x" * 66_000})


def test_report_of_a_run_that_is_over_is_kept_as_late(stand: Stand) -> None:
    one = stand.running(result_schema=SCHEMA)
    stand.end(one, None, n=1)
    why = stand.reports.complete(speaker(one), {"n": "does not fit, and comes late"})
    assert why == "the task is succeeded already"
    assert stand.reports.fail(speaker(one), "no", retryable=True) == why
    assert stand.reports.progress(speaker(one), "still at it") == why
    assert stand.reports.count(speaker(one)) == why
    assert stand.task(one.id).outputs == {"n": 1}


def test_secrets_are_taken_out_before_anything_is_kept(stand: Stand) -> None:
    hiding = AgentReports(stand.foundation, stand.desk, lambda _, data: dict.fromkeys(data, "***"))
    one = stand.running()
    hiding.complete(speaker(one), {"key": "sk-123"})
    report = stand.task(one.id).report
    assert report is not None
    assert report["result"] == {"key": "***"}


def test_a_run_calls_only_so_often(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_reports, "MOST_CALLS", 2)
    one = stand.running()
    stand.reports.progress(speaker(one), "one")
    assert stand.reports.count(speaker(one)) == ""
    with pytest.raises(Invalid, match="called tools 2 times"):
        stand.reports.complete(speaker(one), {})


def test_a_task_that_is_gone_is_said_to_be(stand: Stand) -> None:
    with pytest.raises(NotFound):
        stand.reports.task(replace(speaker(stand.running()), task_id="none"))
