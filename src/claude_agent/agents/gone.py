"""Stands for an adapter that this server does not have (any more): believes nothing."""

from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from claude_agent.agents.adapter import (
    Adapter,
    AgentEvent,
    Command,
    Ending,
    EventKind,
    Outcome,
    Probe,
    RunRequest,
)
from claude_agent.agents.reading import Line
from claude_agent.errors import NotPromptable

_HINT = "Install an agent CLI and log in, or name an adapter that is there; see `agent show`."


class Gone(Adapter):
    """Starts nothing; what it is asked to judge has failed."""

    name: ClassVar[str] = "gone"

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted

    @override
    def probe(self) -> Probe:
        return Probe(ok=False, detail=self._detail(), hint=_HINT)

    @override
    def command(self, run: RunRequest) -> Command:
        raise NotPromptable(self._detail(), hint=_HINT)

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        return [AgentEvent(kind=EventKind.RAW, data=line)]

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        kind = "cancelled" if ending.stopped else "no_terminal_event"
        message = f"What it reported cannot be read: {self._detail()}"
        return Outcome(ok=False, kind=kind, message=message, retryable=not ending.stopped)

    def _detail(self) -> str:
        if self._wanted == "auto":
            return "No agent CLI is installed and logged in, and its adapter is auto."
        return f"There is no adapter {self._wanted} here."
