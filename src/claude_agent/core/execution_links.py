"""What ties executions together: their inboxes, concurrency keys, sub-workflows and timers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from typing_extensions import override

from claude_agent.core import audit
from claude_agent.core.children import BEGIN, ENDED, Children
from claude_agent.core.concurrency import CANCEL, TURN, Places
from claude_agent.core.dependencies import Dependencies
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.orchestrator import Inbox, Orchestrator
from claude_agent.core.signals import EVENT, EventWaits, Signals, StepTimers
from claude_agent.core.starts import Starts
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.core.triggers import Triggers
from claude_agent.domain.deciding.news import ChildEnded, EventSeen, UndoOverdue
from claude_agent.domain.deciding.undoing import OVERDUE, UNDO
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.domain.execution_decide import CancelAsked, Decision, News
from claude_agent.storage.database import Reader, Row, Tx

_NEWS: Mapping[str, Callable[..., News]] = {
    CANCEL: CancelAsked,
    ENDED: ChildEnded,
    EVENT: EventSeen,
    OVERDUE: UndoOverdue,
}
"""Letters that are news for `decide` as they stand."""


class ExecutionLinks(Timed):
    """The parts that executions meet each other through, wired."""

    def __init__(
        self, foundation: Foundation, desk: TaskDesk, executions: ExecutionDesk, workspaces: Path
    ) -> None:
        self._database = foundation.database
        self._ids = foundation.ids
        self._desk = desk
        self._executions = executions
        self.inbox = Inbox(foundation)
        self.places = Places(executions, self.inbox)
        self.starts = Starts(desk, executions, self.places, workspaces)
        self.dependencies = Dependencies(foundation, desk)
        self.children = Children(executions, self.starts, self.inbox)
        self.signals = Signals(executions)
        self.waits = EventWaits(self.inbox)
        self.timers = StepTimers(foundation, executions)
        self.triggers = Triggers(foundation, desk, executions, self.starts, self.inbox)
        self.orchestrator = Orchestrator(foundation, self._deliver, self._drain)
        self.starts.armed.append(self.triggers.arm)
        executions.follow(self.places.follow, self.children.follow, self._emit)

    def _drain(self) -> int:
        return self.triggers.events.drain() + self.dependencies.drain()

    @property
    def timed(self) -> tuple[Timed, ...]:
        """What the scheduler looks after."""
        return (self, self.timers, self.triggers.schedules, self.triggers.events)

    def _emit(self, tx: Tx, _before: Execution, decision: Decision, context: Context) -> None:
        for event in decision.emits:
            depth = self.triggers.events.depth_of(tx, decision.run)
            self.say(tx, event.type, event.data, context, depth=depth)

    def say(
        self,
        tx: Tx,
        type_: str,
        data: Mapping[str, object],
        context: Context,
        *,
        depth: int = 0,
    ) -> str:
        """Append an event for everybody, tell those who wait for it; return its id.

        `depth`: how many executions that events have started stand behind it.
        """
        new = self._ids.new()
        # A stream for each: two who say something at once have nothing to wait for.
        audit.record(tx, context, f"bus/{new}", f"bus.{type_}", data)
        self.waits.tell(tx, type_, data, context)
        self.triggers.events.note(tx, (new, type_, data), depth, context)
        return new

    def start(self) -> None:
        """Begin to deliver news."""
        self.orchestrator.start()

    def stop(self) -> None:
        """Stop delivering; what is not delivered stays."""
        self.orchestrator.stop()

    def _deliver(self, tx: Tx, execution_id: str, rows: list[Row]) -> None:
        context = self._desk.context("orchestrator")
        for row in rows:
            data = json.loads(row["data"])
            match row["kind"]:
                case kind if kind == TURN:
                    run = self._executions.load(tx, execution_id)
                    self.places.take_turn(tx, run, context)
                case kind if kind == BEGIN:
                    self.children.begin(tx, execution_id, context)
                case kind if kind == UNDO:
                    self.children.undo(tx, execution_id, context)
                case kind if kind in _NEWS:
                    news = _NEWS[kind](**data)
                    self._executions.advance(tx, execution_id, [news], context)
                case _:  # of a newer version: it would be lost
                    message = f"unknown news {row['kind']}"
                    raise LookupError(message)

    @override
    def tick(self, now: int) -> int:
        forgotten = self._database.read(lambda r: r.rows("inbox.forgotten"))
        if forgotten:
            context = self._desk.context("scheduler")
            self._database.write(lambda tx: self.places.find_forgotten(tx, context))
        return self.orchestrator.drain()

    @override
    def next_due(self, reader: Reader) -> int | None:
        return None
