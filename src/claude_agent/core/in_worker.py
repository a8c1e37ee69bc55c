"""Steps that take no time (`noop`), performed in the worker itself: no slot, no shim, no window.

Each one is one transaction with what follows from it: claimed, started, ended, the next steps
submitted. What a killed worker leaves is ready as before and goes the way of every task.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from claude_agent.core.claims import Claims
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Claim, EndRun, Start
from claude_agent.errors import ClaudeAgentError, FencedOut
from claude_agent.storage import task_rows
from claude_agent.storage.database import Database, Tx

if TYPE_CHECKING:
    from claude_agent.domain.deciding.news import Fact

_LOG = logging.getLogger(__name__)
_OF_THESE = (ClaudeAgentError, LookupError, TypeError, ValueError)
"""What may be wrong with some tasks and their executions."""
BATCH = 64
"""How many share one commit."""


class InWorker:
    """One thread that performs what takes no time, in the order of the submits."""

    def __init__(self, database: Database, desk: TaskDesk, claims: Claims) -> None:
        self._database = database
        self._desk = desk
        self._claims = claims
        self._waiting: deque[Task] = deque()
        self._rung = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="in-worker", daemon=True)

    def start(self) -> None:
        """Begin to take tasks."""
        self._desk.on_instant = self.take
        self._thread.start()

    def stop(self) -> None:
        """Take no more; what was not performed is ready still."""
        self._desk.on_instant = None
        self._stopped.set()
        self._rung.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def take(self, task: Task) -> None:
        """Take a task that was accepted; called once that is committed."""
        self._waiting.append(task)
        self._rung.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._rung.wait()
            self._rung.clear()
            while self._waiting and not self._stopped.is_set():
                count = min(BATCH, len(self._waiting))
                self._perform_safely([self._waiting.popleft() for _ in range(count)])

    def _perform_safely(self, tasks: Sequence[Task]) -> None:
        try:
            left = self._database.write(lambda tx: self._perform(tx, tasks))
        except _OF_THESE as error:
            # Somebody changed one of them, or the disk is full: they are ready still.
            _LOG.info("%d steps wait for a slot: %s", len(tasks), error)
            left = True
        if left:
            self._claims.ring()

    def _perform(self, tx: Tx, tasks: Sequence[Task]) -> bool:
        """Perform tasks; say whether some of them have to wait for a slot like any other."""
        me = self._claims.identity
        queues = self._claims.open_queues(tx)
        mine = [task for task in tasks if task.spec.queue in queues]
        task_rows.lock(tx, [task.id for task in mine])
        context = self._desk.context(f"worker:{me.id}")
        facts: dict[str, list[Fact]] = {}
        commands = (
            Claim(worker=me.id, slot=0, host=me.host),
            Start(adapter="worker", digest=""),
            EndRun(verdict={"code": 0}, outputs={"message": ""}, evidence=("E1",), at=context.at),
        )
        for task in mine:
            # It is as it was accepted, or somebody has touched it since: then it is his.
            with suppress(FencedOut):
                found = self._desk.apply_all(tx, task, commands, context)
                facts.setdefault(task.spec.execution_id, []).extend(found)
        for execution_id in sorted(facts):
            self._desk.tell_all(tx, execution_id, facts[execution_id], context)
        return len(mine) < len(tasks)
