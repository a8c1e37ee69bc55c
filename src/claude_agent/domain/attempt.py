"""One attempt of a task that has ended: how, on what evidence, and what it used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claude_agent.domain import task_events as ev
from claude_agent.domain.copying import replace
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TaskState
from claude_agent.domain.takeover_events import TaskHandedBack, TaskTakenOver
from claude_agent.domain.task import Task

IN_WORKER = "worker"
"""The adapter of steps that take no time: no process, so nothing to keep of an attempt."""
_WITH_SLOT = (TaskState.RUNNING, TaskState.VERIFYING, TaskState.UNCERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one run used; a program that tells nothing has used nothing that we know of."""

    conversation: str = ""
    input: int = 0
    """Tokens that were sent and not read from a cache."""
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_nano: int | None = None
    """Billionths of a US dollar; None: the program tells no cost."""
    told: bool = False
    """It told something."""

    @classmethod
    def of(cls, verdict: Data) -> "Used":
        """Read what the judge put into a verdict."""
        spent = verdict.get("spent")
        if not isinstance(spent, Mapping):
            return cls()
        cost = spent.get("cost_usd")
        return cls(
            conversation=str(spent.get("conversation", "")),
            input=int(spent.get("input", 0)),
            output=int(spent.get("output", 0)),
            cache_read=int(spent.get("cache_read", 0)),
            cache_write=int(spent.get("cache_write", 0)),
            cost_nano=None if cost is None else round(float(cost) * 1_000_000_000),
            told=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one run of a task ended."""

    task_id: str
    run: int
    attempt: int
    generation: int
    execution_id: str
    agent: str
    adapter: str
    started_at: int
    ended_at: int
    outcome: str
    """succeeded, failed, parked, cancelled, stopped, taken_over, handed_back (a person had its
    screen), or lost: nobody saw its end."""
    kind: str
    """The error kind; empty where there is no error."""
    message: str
    evidence: tuple[str, ...]
    judged: bool
    """A verdict said how it ended."""
    used: Used
    late_at: int | None = None
    """When its own report came, after it had been decided without it."""
    late: str = ""
    """What it reported then: succeeded, or the error kind."""


@dataclass(frozen=True, slots=True)
class _End:
    outcome: str
    evidence: Sequence[str]
    verdict: Data
    kind: str = ""
    message: str = ""


def ended(task: Task, said: Sequence[Payload], at: int) -> Attempt | None:
    """Return the attempt that these events end; `task` is as it was before them.

    Events of versions that kept no attempts end none.
    """
    if task.attempt_started_at is None or task.adapter == IN_WORKER:
        return None
    if any(isinstance(one, ev.TaskReleased) for one in said):
        return None  # it never began
    end = next((found for one in said if (found := _end(task, one)) is not None), None)
    if end is None:
        return None
    # A run that was lost left none: the task still has that of the attempt before.
    verdict = end.verdict if end.verdict.get("run", task.run) == task.run else {}
    return Attempt(
        task_id=task.id,
        run=task.run,
        attempt=task.attempt,
        generation=task.generation,
        execution_id=task.spec.execution_id,
        agent=task.spec.agent,
        adapter=task.adapter,
        started_at=task.attempt_started_at,
        ended_at=at,
        outcome=end.outcome,
        kind=end.kind,
        message=end.message,
        evidence=tuple(end.evidence),
        judged="run_id" in verdict,
        used=Used.of(verdict),
    )


def _end(task: Task, said: Payload) -> _End | None:
    match said:
        case ev.TaskAttemptFailed() if said.evidence is not None:
            return _End("failed", said.evidence, said.verdict, said.kind, said.message)
        case ev.TaskSucceeded() if said.run:
            return _End("succeeded", said.evidence, said.verdict)
        case ev.TaskCancelled() if said.evidence is not None and task.state in _WITH_SLOT:
            return _End("cancelled", said.evidence, said.verdict, "cancelled", said.reason)
        case ev.TaskResolved() if said.evidence is not None and said.outcome != "succeeded":
            return _End("lost", said.evidence, {}, "crash", said.note or task.reason)
        case TaskTakenOver() if said.evidence is not None:
            return _End("taken_over", said.evidence, said.verdict)
        case TaskHandedBack() if said.evidence is not None:
            return _End("handed_back", said.evidence, said.verdict)
        case ev.TaskParked() if said.evidence is not None:
            return _End("parked", said.evidence, said.verdict, said.kind, said.reason)
        case ev.TaskRetryScheduled() if said.verdict is not None and task.state in _WITH_SLOT:
            return _End("stopped", said.evidence, said.verdict, "stopped", said.reason)
        case _:
            return None


def reported(attempt: Attempt, said: ev.TaskReportedLate, at: int) -> Attempt:
    """Return the attempt with the report that came late: what was decided stays decided."""
    used = attempt.used if attempt.used.told else Used.of(said.verdict)
    late = said.kind or "succeeded"
    return replace(attempt, late_at=at, late=late, used=used)
