"""News between executions: written by one transaction, delivered by another, each of one execution.

A transaction that would lock two executions could meet another that locks them the other way
round. So whoever has something to tell another execution writes a row into its inbox, in his own
transaction, and rings. The orchestrator takes all rows of one execution and lets it advance; what
was written is delivered, whatever dies in between.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping

from typing_extensions import override

from claude_agent.core.foundation import Foundation
from claude_agent.core.task_desk import INBOX
from claude_agent.core.timed import Timed
from claude_agent.domain.events import Context
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid
from claude_agent.storage.database import Reader, Row, Tx

_LOG = logging.getLogger(__name__)
BATCH = 100
LOOK_S = 1.0
_OF_ONE = (Conflict, Invalid, LookupError, TypeError, ValueError)
"""What is wrong with the news of one execution; the others must not wait for it."""

Deliver = Callable[[Tx, str, list[Row]], None]
"""(transaction, execution, its rows): take the news; raises what is wrong with it."""


class Inbox:
    """Writes news for executions."""

    def __init__(self, foundation: Foundation) -> None:
        self._ids = foundation.ids
        self._notifier = foundation.notifier

    def put(
        self, tx: Tx, execution_id: str, kind: str, data: Mapping[str, object], context: Context
    ) -> None:
        """Tell an execution something, in the caller's transaction."""
        tx.execute(
            "inbox.put",
            id=self._ids.new(),
            execution=execution_id,
            kind=kind,
            data=json.dumps(data),
            at=context.at,
        )
        tx.after_commit(self.ring)

    def ring(self) -> None:
        """Wake whoever delivers."""
        self._notifier.ring(INBOX)


class Orchestrator(Timed):
    """Delivers the inboxes, one execution a transaction; a thread of its own, and the scheduler."""

    def __init__(
        self, foundation: Foundation, deliver: Deliver, also: Callable[[], int] = lambda: 0
    ) -> None:
        """Deliver news; `also` is done as often: what else a transaction has left to do."""
        self._database = foundation.database
        self._notifier = foundation.notifier
        self._deliver = deliver
        self._also = also
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._thread = threading.Thread(target=self._run, name="orchestrator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is not delivered stays in the inboxes."""
        self._stop.set()
        self._notifier.ring(INBOX)
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._also()
                self.drain()
            except ClaudeAgentError as error:
                _LOG.warning("the inboxes could not be read: %s", error.detail)
                self._stop.wait(LOOK_S)
            self._notifier.wait({INBOX}, LOOK_S)

    def drain(self) -> int:
        """Deliver until nothing new is there; return how many executions, or tasks, had news."""
        done = self._also()
        failed: set[str] = set()
        while not self._stop.is_set():
            rows = self._database.read(lambda r: r.rows("inbox.waiting", limit=BATCH))
            ids = [row["execution_id"] for row in rows if row["execution_id"] not in failed]
            if not ids:
                break
            for execution_id in ids:
                if not self._one(execution_id):
                    failed.add(execution_id)
                done += 1
        return done

    def _one(self, execution_id: str) -> bool:
        def work(tx: Tx) -> None:
            tx.lock("executions.lock", id=execution_id)
            rows = tx.rows("inbox.of", execution=execution_id)
            if rows:
                tx.execute("inbox.clear", ids=[row["id"] for row in rows])
                self._deliver(tx, execution_id, rows)

        try:
            self._database.write(work)
        except _OF_ONE:
            _LOG.exception("the news of execution %s could not be taken; it waits", execution_id)
            return False
        return True

    @override
    def tick(self, now: int) -> int:
        return self.drain()

    @override
    def next_due(self, reader: Reader) -> int | None:
        return None
