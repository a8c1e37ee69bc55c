"""What ties executions together: their inboxes, concurrency keys, sub-workflows and timers."""

import json
from pathlib import Path

from typing_extensions import override

from claude_agent.core.concurrency import CANCEL, TURN, Places
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.orchestrator import Inbox, Orchestrator
from claude_agent.core.starts import Starts
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.domain.execution_decide import CancelAsked
from claude_agent.storage.database import Reader, Row, Tx


class ExecutionLinks(Timed):
    """The parts that executions meet each other through, wired."""

    def __init__(
        self, foundation: Foundation, desk: TaskDesk, executions: ExecutionDesk, workspaces: Path
    ) -> None:
        self._database = foundation.database
        self._desk = desk
        self._executions = executions
        self.inbox = Inbox(foundation)
        self.places = Places(executions, self.inbox)
        self.starts = Starts(desk, executions, self.places, workspaces)
        self.orchestrator = Orchestrator(foundation, self._deliver)
        executions.follow(self.places.follow)

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
                case kind if kind == CANCEL:
                    asked = CancelAsked(**data)
                    self._executions.advance(tx, execution_id, [asked], context)
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
