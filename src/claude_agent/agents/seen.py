"""What a run has said so far, as far as its end is concluded from it; never more than a little.

An agent may print for hours, or flood: of what is said again and again only the newest counts, and
of texts only those after the last tool call, before and after what they cost was told. So what is
kept does not grow with the run.
"""

from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter

from claude_agent.agents.adapter import AgentEvent, EventKind
from claude_agent.agents.spending import added

TEXT_CHARACTERS = 262_144
STARTS = 20
_ENDS = ("resets_at", "resets_in_ms")
_REPLACED = frozenset({EventKind.RETRY, EventKind.PERMISSION, EventKind.QUESTION})


Placed = tuple[int, AgentEvent]
"""An event, and the how-manieth it was."""


class Seen:
    """Takes events in order; `events` gives what `Adapter.finish` needs of them, in order."""

    def __init__(self, events: Iterable[AgentEvent] = ()) -> None:
        self.count = 0
        """How many were taken."""
        self._started: list[Placed] = []
        self._newest: dict[EventKind, Placed] = {}
        self._usage: Placed | None = None
        self._tool: Placed | None = None
        self._text: Placed | None = None
        self._text_before_usage: Placed | None = None
        self._ends: list[Placed] = []
        self.add(events)

    def add(self, events: Iterable[AgentEvent]) -> None:
        """Take more."""
        for event in events:
            self.count += 1
            if event.terminal:
                # The first one counts; the last is kept for programs that end each turn by one.
                self._ends = [*self._ends[:1], (self.count, event)]
            elif event.kind is EventKind.USAGE:
                before = None if self._usage is None else self._usage[1]
                self._usage = (self.count, added(before, event))
                if self._text is not None:
                    self._text_before_usage, self._text = self._text, None
            elif event.kind is EventKind.STARTED:
                self._started = [*self._started[: STARTS - 1], (self.count, event)]
                self._text = self._text_before_usage = None
            elif not self._ends:
                self._take(event)

    def _take(self, event: AgentEvent) -> None:
        if event.kind is EventKind.TEXT:
            before = None if self._text is None else self._text[1]
            if before is not None and event.data.get("delta"):
                event = replace(before, text=(before.text + event.text)[:TEXT_CHARACTERS])
            self._text = (self.count, event)
        elif event.kind is EventKind.TOOL_START:
            self._tool = (self.count, AgentEvent(kind=event.kind))
            self._text = self._text_before_usage = None
        elif event.kind in _REPLACED:
            if event.kind in self._newest:  # an end of a limit is said once, and then in words
                before = self._newest[event.kind][1]
                told = {name: before.data[name] for name in _ENDS if name in before.data}
                event = replace(event, data={**told, **event.data})
            self._newest[event.kind] = (self.count, event)

    def events(self) -> list[AgentEvent]:
        """Return what is kept."""
        texts = (self._text_before_usage, self._text)
        single = (self._usage, *self._newest.values(), self._tool, *texts)
        kept = [*self._started, *(each for each in single if each is not None), *self._ends]
        return [event for _, event in sorted(kept, key=itemgetter(0))]
