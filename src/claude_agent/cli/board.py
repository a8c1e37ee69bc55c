"""What can be watched: each board reads its state, draws it whole, and tells its changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from typing_extensions import override

from claude_agent.cli.views import common as common_view
from claude_agent.cli.views import executions as executions_view
from claude_sdk.waiting import concerns

if TYPE_CHECKING:
    from claude_agent.cli.look import Cell, Look
    from claude_sdk.system import ClaudeSystem
    from claude_sdk.wire import Execution, Frame, Step, Summary, Task


class Board(ABC):
    """Something on the server that a person watches."""

    @abstractmethod
    def refresh(self) -> str:
        """Read the state anew; return the cursor from which on events can change it."""

    @abstractmethod
    def concerned(self, frame: Frame) -> bool:
        """Whether an event may have changed the state."""

    @abstractmethod
    def draw(self, look: Look, now: int) -> list[str]:
        """Return the whole as lines."""

    @abstractmethod
    def changes(self, look: Look, now: int) -> list[str]:
        """Return one line for each change since the last call."""

    @property
    @abstractmethod
    def ended(self) -> bool:
        """Whether nothing can change any more."""


class ExecutionBoard(Board):
    """An execution and its steps."""

    def __init__(self, system: ClaudeSystem, ref: str) -> None:
        self._system = system
        self._ref = ref
        self._seen: dict[str, tuple[str, int]] = {}
        self.summary: Summary | None = None

    @override
    def refresh(self) -> str:
        self.summary = self._system.executions.summary(self._ref)
        return self.summary["cursor"]

    @override
    def concerned(self, frame: Frame) -> bool:
        return self.summary is None or concerns(frame, self.summary["id"])

    @override
    def draw(self, look: Look, now: int) -> list[str]:
        return executions_view.execution_lines(self.summary, look, now) if self.summary else []

    @override
    def changes(self, look: Look, now: int) -> list[str]:
        if self.summary is None:
            return []
        moved = [step for step in self.summary["steps"] if self._is_new(step["id"], _mark(step))]
        begun = sorted((step for step in moved if _has_begun(step)), key=lambda s: _when(s, now))
        found = [_step_line(step, look, now) for step in begun]
        if self._is_new("", (self.summary["shown"]["word"], 0)):
            found.append(_execution_line(self.summary, look, now))
        return found

    @property
    @override
    def ended(self) -> bool:
        return self.summary is not None and self.summary["ended_at"] is not None

    def _is_new(self, name: str, mark: tuple[str, int]) -> bool:
        new = self._seen.get(name) != mark
        self._seen[name] = mark
        return new


def _mark(step: Step) -> tuple[str, int]:
    undo = step["compensation"]
    return (undo["shown"] if undo else step["shown"])["word"], step["attempt"]


def _has_begun(step: Step) -> bool:
    return step["state"] != "pending"


def _when(step: Step, now: int) -> int:
    """Return when the step came into its state, as far as the answer tells."""
    times = step["compensation"] or step
    return times["ended_at"] or times["started_at"] or now


def _step_line(step: Step, look: Look, now: int) -> str:
    at = _when(step, now)
    row = look.table(("",) * 5, [executions_view.step_row(step, look, now)])[0]
    return f"{common_view.clock_text(at)}  {row}"


def _execution_line(execution: Execution, look: Look, now: int) -> str:
    shown = execution["shown"]
    took = common_view.elapsed(execution["started_at"], execution["ended_at"], now)
    state = look.paint(f"{look.icon(shown)} {execution['ref']} {shown['word']}", shown["family"])
    at = common_view.clock_text(execution["ended_at"] or now)
    return f"{at}  {state}  {took}".rstrip()


class TaskBoard(Board):
    """One task."""

    def __init__(self, system: ClaudeSystem, ref: str) -> None:
        self._system = system
        self._ref = ref
        self._seen: tuple[str, int] | None = None
        self.task: Task | None = None

    @override
    def refresh(self) -> str:
        cursor = self._system.events.head()["cursor"]
        self.task = self._system.tasks.get(self._ref)
        return cursor

    @override
    def concerned(self, frame: Frame) -> bool:
        return self.task is None or concerns(frame, self.task["id"])

    @override
    def draw(self, look: Look, now: int) -> list[str]:
        return [self._line(self.task, look, now)] if self.task else []

    @override
    def changes(self, look: Look, now: int) -> list[str]:
        if self.task is None:
            return []
        mark = (self.task["shown"]["word"], self.task["attempt"])
        if mark == self._seen:
            return []
        self._seen = mark
        at = common_view.clock_text(self.task["ended_at"] or now)
        return [f"{at}  {self._line(self.task, look, now)}"]

    @property
    @override
    def ended(self) -> bool:
        return self.task is not None and self.task["ended_at"] is not None

    @staticmethod
    def _line(task: Task, look: Look, now: int) -> str:
        again = f"attempt {task['attempt']} of {task['max_attempts']}"
        row: list[str | Cell] = [
            look.state(task["shown"]),
            task["ref"],
            task["agent"],
            common_view.elapsed(task["started_at"], task["ended_at"], now),
            again if task["attempt"] > 1 else "",
            task["error"]["message"] if task["error"] else task["title"],
        ]
        return look.table(("",) * 6, [row], elastic=5)[0]
