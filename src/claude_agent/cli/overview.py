"""The board of everything: agents, queues, the latest executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from claude_agent.cli.board import Board
from claude_agent.cli.views import agents as agents_view
from claude_agent.cli.views import events as events_view
from claude_agent.cli.views import executions as executions_view

if TYPE_CHECKING:
    from claude_agent.cli.look import Look
    from claude_sdk.system import ClaudeSystem
    from claude_sdk.wire import Execution, Frame, Status

_EXECUTIONS = 8


class Overview(Board):
    """All agents and the latest executions; it never ends by itself."""

    def __init__(self, system: ClaudeSystem) -> None:
        self._system = system
        self._status: Status | None = None
        self._executions: list[Execution] = []
        self._waiting = 0
        self._asked = 0
        self._frames: list[Frame] = []

    @override
    def refresh(self) -> str:
        self._status = self._system.agents.status()
        self._waiting = self._system.approvals.waiting()
        self._asked = self._system.questions.waiting()
        self._executions = self._system.executions.list(limit=_EXECUTIONS)["items"]
        return self._status["cursor"]

    @override
    def concerned(self, frame: Frame) -> bool:
        self._frames.append(frame)
        return True

    @override
    def draw(self, look: Look, now: int) -> list[str]:
        self._frames.clear()
        if self._status is None:
            return []
        address = self._system.address()
        return [
            *agents_view.status(
                self._status, address, approvals=self._waiting, questions=self._asked
            ).table(look),
            "",
            *self._execution_lines(look),
        ]

    @override
    def changes(self, look: Look, now: int) -> list[str]:
        found = [events_view.frame_line(frame, look) for frame in self._frames]
        self._frames.clear()
        return found

    @property
    @override
    def ended(self) -> bool:
        return False

    def _execution_lines(self, look: Look) -> list[str]:
        page = executions_view.executions({"items": self._executions, "next": None, "counts": {}})
        return list(page.table(look))
