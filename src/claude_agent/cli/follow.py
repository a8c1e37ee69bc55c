"""`--wait` and `--watch`: stay until the end and say by the exit code how it was."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from claude_agent.cli import codes
from claude_agent.cli.board import ExecutionBoard, TaskBoard
from claude_agent.cli.look import look_at
from claude_agent.cli.output import note, show
from claude_agent.cli.text import one_line
from claude_agent.cli.views import executions as executions_view
from claude_agent.cli.views import tasks as tasks_view
from claude_agent.cli.waiting import WaitingNotes
from claude_agent.cli.watch import watch
from claude_sdk.errors import WaitTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from claude_agent.cli.board import Board
    from claude_sdk.system import ClaudeSystem
    from claude_sdk.wire import Execution, Task

Thing = TypeVar("Thing", "Task", "Execution")


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How long somebody stays, and what they want to see."""

    wait: bool = False
    watch: bool = False
    limit: float | None = None
    """Seconds; None: until the end."""
    form: str = "table"

    @property
    def wanted(self) -> bool:
        """Whether to stay at all."""
        return self.wait or self.watch


def follow_task(system: ClaudeSystem, task: Task, following: Following) -> int:
    """Stay until the task has ended; return the exit code that tells how."""

    def stay() -> Task:
        if following.watch:
            _watch(system, TaskBoard(system, task["id"]), task, following)
        told = None if following.watch else WaitingNotes(system).task
        return system.wait_task(task["id"], timeout=following.limit, seen=told)

    back = f"claude-agent task wait {task['ref']}"
    ended = _detachable(stay, back)
    if ended is None:
        return codes.INTERRUPTED
    _tell_task(system, ended, following)
    return codes.for_end(ended["state"])


def follow_execution(system: ClaudeSystem, execution: Execution, following: Following) -> int:
    """Stay until the execution has ended; return the exit code that tells how."""

    def stay() -> Execution:
        if following.watch:
            _watch(system, ExecutionBoard(system, execution["id"]), execution, following)
        told = None if following.watch else WaitingNotes(system).execution
        return system.wait_execution(execution["id"], timeout=following.limit, seen=told)

    back = f"claude-agent monitor --execution-id {execution['ref']}"
    ended = _detachable(stay, back)
    if ended is None:
        return codes.INTERRUPTED
    drawn = following.watch and following.form == "table"
    if not drawn:
        show(executions_view.execution(ended, system.address(ended["url"])), following.form)
    if ended["state"] != "succeeded":
        reason = ended["error"]["message"] if ended["error"] else ended["reason"] or "no reason"
        if not drawn:
            note(one_line(f"{ended['name']} ended as {ended['shown']['word']}: {reason}"))
        note(f"  What its steps printed: claude-agent execution logs {ended['ref']}")
        note(f"  Again: claude-agent execution retry {ended['ref']}")
    return codes.for_end(ended["state"])


def detach_note(back: str) -> None:
    """Say that only the watching ended, and how to come back."""
    note(f"\nDetached; the work goes on. Come back: {back}")


def _detachable(stay: Callable[[], Thing], back: str) -> Thing | None:
    try:
        return stay()
    except KeyboardInterrupt:
        detach_note(back)
        return None


def _watch(system: ClaudeSystem, board: Board, thing: Thing, following: Following) -> None:
    # With another format than the table, standard output is for the final document alone.
    stream = sys.stdout if following.form == "table" else sys.stderr
    done = watch(system, board, look_at(stream), limit=following.limit, stream=stream)
    if not done:
        raise WaitTimeout(
            thing["ref"], seconds=following.limit or 0.0, url=system.address(thing["url"])
        )


def _tell_task(system: ClaudeSystem, task: Task, following: Following) -> None:
    if not (following.watch and following.form == "table"):
        show(tasks_view.submitted(task, system.address(task["url"])), following.form)
    if task["state"] != "succeeded":
        reason = task["error"]["message"] if task["error"] else task["reason"] or "no reason"
        note(one_line(f"{task['ref']} ended as {task['shown']['word']}: {reason}"))
        note(f"  Look: claude-agent task logs {task['ref']}")
