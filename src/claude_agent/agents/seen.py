"""What a run has said so far, as far as its end is concluded from it; never more than a little.

An agent may print for hours, or flood: of what is said again and again only the newest counts, and
of texts only the one after the last tool call. So what is kept does not grow with the run.
"""

from collections.abc import Iterable
from dataclasses import replace

from claude_agent.agents.adapter import AgentEvent, EventKind
from claude_agent.agents.spending import added

TEXT_CHARACTERS = 262_144
STARTS = 20
_ENDS = ("resets_at", "resets_in_ms")
_REPLACED = frozenset({EventKind.RETRY, EventKind.PERMISSION, EventKind.QUESTION})


class Seen:
    """Takes events in order; `events` gives what `Adapter.finish` needs of them, in order."""

    def __init__(self, events: Iterable[AgentEvent] = ()) -> None:
        self.count = 0
        """How many were taken."""
        self._started: list[AgentEvent] = []
        self._newest: dict[EventKind, AgentEvent] = {}
        self._usage: AgentEvent | None = None
        self._tool: AgentEvent | None = None
        self._text: AgentEvent | None = None
        self._ends: list[AgentEvent] = []
        self.add(events)

    def add(self, events: Iterable[AgentEvent]) -> None:
        """Take more."""
        for event in events:
            self.count += 1
            if event.terminal:
                # The first one counts; the last is kept for programs that end each turn by one.
                self._ends[1:] = [] if not self._ends else [event]
                self._ends = self._ends or [event]
            elif event.kind is EventKind.USAGE:
                self._usage = added(self._usage, event)
            elif event.kind is EventKind.STARTED:
                self._started = [*self._started, event][:STARTS]
            elif not self._ends:
                self._take(event)

    def _take(self, event: AgentEvent) -> None:
        if event.kind is EventKind.TEXT:
            before = self._text
            if before is not None and event.data.get("delta"):
                event = replace(before, text=(before.text + event.text)[:TEXT_CHARACTERS])
            self._text = event
        elif event.kind is EventKind.TOOL_START:
            self._tool, self._text = AgentEvent(kind=event.kind), None
        elif event.kind in _REPLACED:
            before = self._newest.get(event.kind)
            if before is not None:  # when a limit ends is said once, and then told of in words
                told = {name: before.data[name] for name in _ENDS if name in before.data}
                event = replace(event, data={**told, **event.data})
            self._newest[event.kind] = event

    def events(self) -> list[AgentEvent]:
        """Return what is kept."""
        kept = (self._usage, *self._newest.values(), self._tool, self._text)
        return [*self._started, *(each for each in kept if each is not None), *self._ends]
