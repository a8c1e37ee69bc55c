"""Signals to executions, events for those who wait for them, and the timers of steps."""

import json
from collections.abc import Mapping
from itertools import groupby

from typing_extensions import override

from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.intake import check_text
from claude_agent.core.orchestrator import Inbox
from claude_agent.core.timed import Timed
from claude_agent.domain.deciding.news import ClockJumped, Signalled, TimerDue
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.errors import Conflict, Invalid, TooLarge
from claude_agent.storage.database import Reader, Tx

EVENT = "event"
"""News: an event was said that a step waits for."""
MAX_DATA = 65_536
MAX_KEPT = 1_000
MAX_NAME = 80
_BATCH = 200


class Signals:
    """Takes signals of people and programs."""

    def __init__(self, executions: ExecutionDesk) -> None:
        self._executions = executions

    def send(self, tx: Tx, ref: str, signal: Signalled, context: Context) -> Execution:
        """Give an execution a signal and return it; the same message id again changes nothing.

        It is kept until a step takes it. Raises `NotFound`, `Conflict` where the execution has
        ended or keeps too many, `Invalid`, `TooLarge`.
        """
        _check(signal)
        execution_id = self._executions.find_id(tx, ref)
        run = self._executions.load(tx, execution_id)
        if signal.message_id and not tx.execute(
            "inbox.see_signal",
            execution=execution_id,
            source=signal.source,
            message=signal.message_id,
        ):
            return run
        if run.terminal:
            message = f"Execution {run.ref} is {run.state.value}: it takes no signal any more."
            raise Conflict(message, hint=f"See it: claude-agent execution show {run.ref}")
        if len(run.signals) >= MAX_KEPT:
            message = f"Execution {run.ref} keeps {MAX_KEPT} signals that no step has taken."
            raise Conflict(message, hint="Check the name: nothing waits for so many.")
        return self._executions.advance(tx, execution_id, [signal], context)


def _check(signal: Signalled) -> None:
    if not 0 < len(signal.name) <= MAX_NAME or not signal.name.isprintable():
        message = f"The name of a signal is 1 to {MAX_NAME} printable characters."
        raise Invalid(message, pointer="/name")
    check_text([signal.data, signal.source, signal.message_id], "/data")
    if len(json.dumps(signal.data)) > MAX_DATA:
        message = f"The data of a signal is over {MAX_DATA // 1024} KiB."
        raise TooLarge(message, hint="Put it into a file and name its path.", pointer="/data")


class EventWaits:
    """Tells the executions that wait for an event of it, in the transaction that says it."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def tell(self, tx: Tx, type_: str, data: Mapping[str, object], context: Context) -> int:
        """Write news to whoever waits for an event of this type; return how many."""
        rows = tx.rows("inbox.awaiting", type=type_)
        for row in rows:
            told = {"step": row["id"], "type": type_, "data": data, "source": context.actor}
            self._inbox.put(tx, row["execution_id"], EVENT, told, context)
        return len(rows)


class StepTimers(Timed):
    """Lets the time come that steps wait for; it stands in their rows and survives everything."""

    def __init__(self, foundation: Foundation, executions: ExecutionDesk) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._executions = executions

    @override
    def tick(self, now: int) -> int:
        rows = self._database.read(lambda r: r.rows("inbox.timers", now=now, limit=_BATCH))
        due = sorted((row["execution_id"], row["id"]) for row in rows)
        for execution_id, steps in groupby(due, key=lambda one: one[0]):
            news = [TimerDue(step=step) for _, step in steps]
            self._tell(execution_id, news)
        return len(due)

    def _tell(self, execution_id: str, news: list[TimerDue]) -> None:
        context = Context(at=self._clock.now(), actor="scheduler")
        self._database.write(lambda tx: self._executions.advance(tx, execution_id, news, context))

    @override
    def next_due(self, reader: Reader) -> int | None:
        row = reader.row("inbox.next_timer")
        return None if row is None else row["at"]

    @override
    def move(self, tx: Tx, jump: int, context: Context) -> int:
        rows = tx.rows("inbox.timed")
        for row in rows:
            self._executions.advance(tx, row["execution_id"], [ClockJumped(jump=jump)], context)
        return len(rows)
