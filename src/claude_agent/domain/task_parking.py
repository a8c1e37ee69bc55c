"""What a limit of its account makes of a task: it waits, and no attempt is used."""

from collections.abc import Sequence
from dataclasses import dataclass

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.retry import Failure
from claude_agent.domain.task import Task
from claude_agent.domain.usage_limit import Parking


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpark:
    """The limit is over before its time, a person says."""

    at: int


def parked(
    task: Task, failure: Failure, parking: Parking, verdict: Data, evidence: Sequence[str]
) -> ev.TaskParked:
    """Return that it waits for the end of a limit; an attempt that had begun is given back."""
    return ev.TaskParked(
        run=task.run,
        until=parking.until,
        kind=parking.kind,
        reason=failure.message,
        account=parking.account,
        dated=parking.dated,
        counted=task.attempt_started_at is not None,
        verdict=verdict,
        evidence=list(evidence),
    )


def unparked(task: Task, command: Unpark) -> tuple[Payload, ...]:
    """Return what follows; nothing for a task that is not parked any more."""
    return (ev.TaskDue(at=command.at),) if task.parked else ()
