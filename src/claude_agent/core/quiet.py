"""How long a running task has printed nothing: derived when somebody asks, never stored."""

from dataclasses import dataclass

from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.storage.database import Reader


@dataclass(frozen=True, slots=True)
class Quiet:
    """The last sign of life of a task's run."""

    since: int | None = None
    """When it printed last, else when it began, epoch ms; None: it does not run."""
    stuck: bool = False
    """That is longer ago than it should be."""


LOUD = Quiet()


def of_task(reader: Reader, task: Task, now: int, stuck_after_ms: int) -> Quiet:
    """Return it for a task.

    `stuck_after_ms` 0: it is not called stuck, however
    long (who waits for an answer is not).
    """
    if task.state != TaskState.RUNNING or task.attempt_started_at is None:
        return LOUD
    row = reader.row("work.run", run_id=task.run_id)
    since = max(row["last_output_at"] if row is not None else 0, task.attempt_started_at)
    ending = bool(task.stop_requested or task.cancel_requested)
    stuck = bool(stuck_after_ms) and not ending and now - since > stuck_after_ms
    return Quiet(since, stuck)
