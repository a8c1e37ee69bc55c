"""What `execute_task` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claude_sdk.wire import Failure, Json, Result, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """The end of a task, as the server recorded it."""

    id: str
    """The task's id."""
    ref: str
    """Its short name for people."""
    status: str
    """The terminal state: succeeded, dead, cancelled, rejected, expired."""
    outputs: Json
    """What the command left; empty when it left nothing."""
    error: Failure | None
    """Why it failed, or None."""
    exit_code: int | None
    """The command's exit code, or None when it never ended by itself."""
    attempts: int
    """How many attempts were counted."""
    fake: bool
    """Whether a fake adapter did the work."""
    files: tuple[str, ...] = ()
    """Changed files that the evidence names."""
    cost: float | None = None
    """US dollars, or None when the agent reported none."""
    evidence: tuple[object, ...] = field(default=())
    """What proves the result: gates, probes, excerpts."""
    url: str = ""
    """Its page on the dashboard."""

    @property
    def ok(self) -> bool:
        """Whether the task succeeded."""
        return self.status == "succeeded"


def task_result(task: Task, result: Result, *, url: str) -> TaskResult:
    """Join the task and its result into one value."""
    outputs = result["outputs"] or {}
    ended = result["exit"]
    files = outputs.get("files")
    cost = outputs.get("cost")
    return TaskResult(
        id=task["id"],
        ref=task["ref"],
        status=result["state"],
        outputs=outputs,
        error=result["error"],
        exit_code=ended["code"] if ended else None,
        attempts=result["attempt"],
        fake=task["fake"],
        files=tuple(str(name) for name in files) if isinstance(files, list) else (),
        cost=float(cost) if isinstance(cost, int | float) else None,
        evidence=tuple(result["evidence"]),
        url=url,
    )
