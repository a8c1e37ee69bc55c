"""Events that start workflows: noted with the event, started afterwards, once each.

Who says an event writes a row for each trigger that is for its type, in his own transaction. Each
row is then decided in a transaction of its own: whoever turns it from `waiting` into what became
of it, in the transaction that starts the execution, has started it; nobody else can.
"""

import json
import logging
from collections.abc import Mapping

from typing_extensions import override

from claude_agent.core import audit
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.intake import check_text
from claude_agent.core.starts import Starts, Wanted
from claude_agent.core.task_desk import INBOX, TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.domain.compile_kinds import EVENT as EVENT_NAME
from claude_agent.domain.compile_kinds import OURS
from claude_agent.domain.definition import Definition
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.domain.expression import ExpressionError, condition, render
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid, TooLarge
from claude_agent.storage.database import Reader, Row, Tx
from claude_agent.storage.trigger_rows import KEPT_MS

_LOG = logging.getLogger(__name__)
EVENT = "event"
LOOP = "loop"
REFUSED = "refused"
MAX_DEPTH = 8
"""Executions in a chain in which each was started by an event that the one before it said."""
MAX_DATA = 65_536
MAX_MESSAGE = 500
_BATCH = 100
_OURS = 500
"""Errors from this status on are not the definition's: it is tried again."""
_OF_ONE = (LookupError, TypeError, ValueError)


class Refused(Conflict):
    """An event starts nothing: the transaction is undone, then this is recorded."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class EventTriggers(Timed):
    """Arms `on.event`, notes the events that are said, and starts what they are to start."""

    def __init__(
        self, foundation: Foundation, desk: TaskDesk, executions: ExecutionDesk, starts: Starts
    ) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._ids = foundation.ids
        self._notifier = foundation.notifier
        self._desk = desk
        self._executions = executions
        self._starts = starts

    def arm(self, tx: Tx, definition: Definition, digest: str, actor: str) -> None:
        """Let the newest version of a workflow say which events start it."""
        lines = [
            {"n": n, "type": one.type, "definition": digest}
            for n, one in enumerate(definition.on.event)
        ]
        before = tx.rows("event_triggers.of_workflow", workflow=definition.slug)
        if [dict(row) for row in before] == lines:
            return
        tx.execute("event_triggers.drop", workflow=definition.slug)
        for line in lines:
            tx.execute("event_triggers.put", workflow=definition.slug, **line)
        told = {
            "workflow": definition.slug,
            "definition": digest,
            "types": [one.type for one in definition.on.event],
        }
        context = self._desk.context(actor)
        audit.record(tx, context, f"trigger/{self._ids.new()}", "trigger.armed", told)

    # Note ----------------------------------------------------------------------------------

    def note(
        self, tx: Tx, event: tuple[str, str, Mapping[str, object]], depth: int, context: Context
    ) -> int:
        """Write down what an event (id, type, data) may start; return how many triggers.

        `depth`: how many executions of a chain of events stand behind it.
        """
        event_id, type_, data = event
        rows = tx.rows("event_triggers.on", type=type_)
        for row in rows:
            tx.execute(
                "event_triggers.said",
                event=event_id,
                type=type_,
                data=json.dumps(data),
                source=context.actor,
                depth=depth,
                at=context.at,
                **dict(row),
            )
        if rows:
            tx.after_commit(lambda: self._notifier.ring(INBOX))
        return len(rows)

    @staticmethod
    def depth_of(tx: Tx, run: Execution) -> int:
        """Return how many executions that events have started stand behind what it says.

        A sub-workflow counts as the execution that it is a part of.
        """
        parent, started_by = run.parent_id, run.started_by
        while parent:
            row = tx.row("event_triggers.origin", id=parent)
            if row is None:
                break
            parent, started_by = row["parent_id"], json.loads(row["started_by"])
        depth = started_by.get("depth", 0) if started_by.get("kind") == EVENT else 0
        return depth if isinstance(depth, int) else 0

    # Start ---------------------------------------------------------------------------------

    def drain(self) -> int:
        """Decide everything that waits; return how many were."""
        done = 0
        failed: set[tuple[str, str, int]] = set()
        while True:
            rows = self._waiting(len(failed))
            left = [row for row in rows if _key(row) not in failed]
            if not left:
                return done
            for row in left:
                if self._alone(row):
                    done += 1
                else:
                    failed.add(_key(row))

    def _waiting(self, behind: int) -> list[Row]:
        # Those that could not be decided stay in front: look behind them.
        limit = _BATCH + behind
        return self._database.read(lambda r: r.rows("event_triggers.waiting", limit=limit))

    def _alone(self, row: Row) -> bool:
        """Decide one; what is wrong with it must not hold up the others."""
        try:
            self._database.write(lambda tx: self._start(tx, row))
        except Refused as error:
            refused = error
            self._database.write(lambda tx: self._refuse(tx, row, refused))
        except _OF_ONE:
            _LOG.exception("the event %s could not be handed to %s", *_key(row)[:2])
            return False
        return True

    def _context(self, row: Row) -> Context:
        return self._desk.context(f"event:{row['type']}", causation=f"bus/{row['event_id']}")

    def _start(self, tx: Tx, row: Row) -> None:
        key = {"event": row["event_id"], "workflow": row["workflow"], "n": row["n"]}
        if not tx.execute("event_triggers.take", state="started", **key):
            return
        context = self._context(row)
        tx.execute("event_triggers.forget", before=context.at - KEPT_MS)
        if row["depth"] >= MAX_DEPTH:
            message = (
                f"The event {row['type']} was said at the end of a chain of {MAX_DEPTH} executions "
                "that each started by an event of the one before: it may be a loop."
            )
            raise Refused(LOOP, message)
        line = self._executions.definition(tx, row["definition"]).on.event[row["n"]]
        params = self._params(row, line.if_, line.inputs, context)
        if params is None:
            tx.execute("event_triggers.skip", **key)
            return
        by = {"kind": EVENT, "event": row["event_id"], "type": row["type"]}
        wanted = Wanted(
            digest=row["definition"],
            params=params,
            started_by=by | {"depth": row["depth"] + 1},
        )
        try:
            run = self._starts.accept(tx, wanted, context)
            tx.execute("event_triggers.started", execution=run.id, **key)
            self._starts.begin(tx, run, context)
        except ClaudeAgentError as error:
            if error.status >= _OURS:
                raise
            raise Refused(REFUSED, error.detail) from None
        told = {**key, "type": row["type"], "execution_id": run.id, "ref": run.ref}
        audit.record(tx, context, f"trigger/{self._ids.new()}", "trigger.fired", told)

    def _params(
        self, row: Row, if_: str | None, inputs: Mapping[str, object], context: Context
    ) -> dict[str, object] | None:
        """Return the parameters; None: the trigger does not want the event. Raises `Refused`."""
        event = {
            "id": row["event_id"],
            "type": row["type"],
            "source": row["source"],
            "data": json.loads(row["data"]),
        }
        seen = {"event": event, "now": context.at}
        reading = "condition"
        try:
            if if_ is not None and not condition(if_, seen):
                return None
            reading = "inputs"
            return dict(render(dict(inputs), seen))
        except ExpressionError as error:
            message = f"{row['workflow']}: {reading} cannot be computed: {error}."
            raise Refused(reading, message) from None

    def _refuse(self, tx: Tx, row: Row, refused: Refused) -> None:
        key = {"event": row["event_id"], "workflow": row["workflow"], "n": row["n"]}
        if not tx.execute("event_triggers.take", state="refused", **key):
            return
        message = refused.detail[:MAX_MESSAGE]
        tx.execute("event_triggers.refused", message=message, **key)
        told = {**key, "type": row["type"], "reason": refused.reason, "message": message}
        context = self._context(row)
        audit.record(tx, context, f"trigger/{self._ids.new()}", "trigger.refused", told)
        _LOG.warning("event %s starts nothing: %s", row["event_id"], message)

    @override
    def tick(self, now: int) -> int:
        return self.drain()

    @override
    def next_due(self, reader: Reader) -> int | None:
        return None


def check_event(type_: str, data: Mapping[str, object]) -> None:
    """Refuse an event that nobody outside may say. Raises `Invalid`, `TooLarge`."""
    if not EVENT_NAME.fullmatch(type_):
        message = f"'{type_:.70}' cannot be the type of an event."
        hint = "Write lower-case words with dots, like deploy.finished."
        raise Invalid(message, hint=hint, pointer="/type")
    if type_.startswith(OURS):
        message = f"Events named {type_.partition('.')[0]}.* are said by the system alone."
        raise Invalid(message, hint="Take another first word.", pointer="/type")
    check_text(dict(data), "/data")
    if len(json.dumps(dict(data))) > MAX_DATA:
        message = f"The data of an event is over {MAX_DATA // 1024} KiB."
        raise TooLarge(message, hint="Put it into a file and name its path.", pointer="/data")


def _key(row: Row) -> tuple[str, str, int]:
    return row["event_id"], row["workflow"], row["n"]
