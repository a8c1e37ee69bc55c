"""The SDK's types against the gateway's models, and the stand-in server against both."""

from typing import Any

import pytest
from pydantic import BaseModel

from claude_agent.api import (
    answers,
    answers_insight,
    answers_queues,
    answers_system,
    answers_triggers,
)
from claude_sdk import wire, wire_insight, wire_queues, wire_tasks, wire_triggers
from tests import wire_attempts
from tests import wire_samples as samples

PAIRS: list[tuple[Any, type[BaseModel]]] = [
    (wire.Shown, answers.Shown),
    (wire.Failure, answers.Failure),
    (wire.Exit, answers.Exit),
    (wire.Result, answers.TaskResult),
    (wire.Log, answers.TaskLog),
    (wire.Spent, answers.Spent),
    (wire.Attempts, answers.TaskAttempts),
    (wire_tasks.Attempt, answers.Attempt),
    (wire_tasks.Late, answers.Late),
    (wire.Compensation, answers.Compensation),
    (wire.Step, answers.Step),
    (wire.Execution, answers.Execution),
    (wire.Summary, answers.ExecutionSummary),
    (wire.Agent, answers_system.Agent),
    (wire.Queue, answers_system.Queue),
    (wire_queues.QueueDetail, answers_queues.QueueDetail),
    (wire_queues.Purged, answers_queues.QueuePurged),
    (wire_queues.DeadLetter, answers_queues.DeadLetter),
    (wire_queues.LetterError, answers_queues.LetterError),
    (wire_queues.DeadLetterDetail, answers_queues.DeadLetterDetail),
    (wire_queues.DeadLetterPage, answers_queues.DeadLetterList),
    (wire_queues.HandledLetter, answers_queues.HandledLetter),
    (wire_queues.Redrive, answers_queues.Redrive),
    (wire.Workers, answers_system.Workers),
    (wire.Host, answers_system.Host),
    (wire.HostWorker, answers_system.HostWorker),
    (wire.HostLost, answers_system.HostLost),
    (wire.Status, answers_system.AgentsStatus),
    (wire.Frame, answers_system.Frame),
    (wire.Frames, answers_system.Events),
    (wire.TaskPage, answers.TaskList),
    (wire.ExecutionPage, answers.ExecutionList),
    (wire.Workflow, answers_system.Workflow),
    (wire.Validated, answers_system.Validated),
    (wire.Start, answers_system.Start),
    (wire.Head, answers_system.Head),
    (wire.Verdict, answers_system.Verified),
    (wire.App, answers_system.App),
    (wire.Left, answers_system.LeftRunning),
    (wire.Stopping, answers_system.Stopping),
    (wire.Health, answers_system.Health),
    (wire.Ticket, answers_system.Ticket),
    (wire_triggers.Trigger, answers_triggers.Trigger),
    (wire_triggers.TriggerFiring, answers_triggers.TriggerFiring),
    (wire_insight.Reason, answers_insight.Reason),
    (wire_insight.IfWell, answers_insight.IfWell),
    (wire_insight.IfFailed, answers_insight.IfFailed),
    (wire_insight.StepExplained, answers_insight.StepExplained),
    (wire_insight.ExecutionExplained, answers_insight.ExecutionExplained),
    (wire_insight.StepPlanned, answers_insight.StepPlanned),
    (wire_insight.WorkflowPlan, answers_insight.WorkflowPlan),
    (wire_insight.WorkflowVersion, answers_insight.WorkflowVersion),
    (wire_insight.WorkflowVersions, answers_insight.WorkflowVersions),
    (wire_insight.DefinitionChange, answers_insight.DefinitionChange),
    (wire_insight.Unmapped, answers_insight.Unmapped),
    (wire_insight.WorkflowImported, answers_insight.WorkflowImported),
    (wire_insight.WorkflowDiff, answers_insight.WorkflowDiff),
    (wire_insight.TaskExplained, answers_insight.TaskExplained),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda kind: kind.__name__)
def test_type_has_the_fields_that_the_gateway_sends(ours: Any, theirs: type[BaseModel]) -> None:
    sent = {field.alias or name for name, field in theirs.model_fields.items()}
    assert set(ours.__annotations__) | _inherited(ours) == sent


def test_task_has_the_fields_that_the_gateway_sends() -> None:
    sent = {field.alias or name for name, field in answers.Task.model_fields.items()}
    assert set(wire.Task.__annotations__) | {"with"} == sent


def _inherited(kind: Any) -> set[str]:
    return {*kind.__required_keys__, *kind.__optional_keys__}


@pytest.mark.parametrize(
    ("document", "model"),
    [
        (samples.task("T1", run="true"), answers.Task),
        (samples.result(samples.task("T1")), answers.TaskResult),
        (wire_attempts.attempts(), answers.TaskAttempts),
        (samples.execution("X1"), answers.Execution),
        (samples.status([samples.agent("testing")], "e:1"), answers_system.AgentsStatus),
        (samples.workflow(), answers_system.Workflow),
        (samples.queue_detail("testing"), answers_queues.QueueDetail),
        (samples.letter("T1"), answers_queues.DeadLetterDetail),
        (samples.redrive("r1", {}, "5/s"), answers_queues.Redrive),
        (samples.app("shop"), answers_system.App),
        (samples.host("far"), answers_system.Host),
        (samples.start("t", 1), answers_system.Start),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_stand_in_server_sends_what_the_gateway_would(
    document: object, model: type[BaseModel]
) -> None:
    assert isinstance(model.model_validate(document), model)
