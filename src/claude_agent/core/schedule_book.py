"""The book of schedules: the one writer of their rows, events and firings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from claude_agent.core.cel import install
from claude_agent.core.concurrency import CANCEL
from claude_agent.core.orchestrator import Inbox
from claude_agent.core.starts import Starts, Wanted
from claude_agent.domain.events import Context, Payload
from claude_agent.domain.execution import Execution
from claude_agent.domain.execution_decide import Decision
from claude_agent.domain.expression import ExpressionError, render
from claude_agent.domain.schedule import (
    Schedule,
    ScheduleFired,
    ScheduleQueued,
    ScheduleSkipped,
    folded,
)
from claude_agent.errors import ClaudeAgentError, Conflict, FencedOut, Invalid
from claude_agent.storage import schedule_rows
from claude_agent.storage.database import Tx

CRON = "cron"
BACKFILL = "backfill"
MANUAL = "manual"
MOST_QUEUED = 100
"""Firings of one schedule that wait behind each other; more are skipped."""
MAX_MESSAGE = 500
_OURS = 500
"""Errors from this status on are not the definition's: it is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One time of a schedule that is to be decided."""

    tick: int
    kind: str


class Refused(Conflict):
    """An execution could not be started: the transaction is undone, then this is recorded."""

    def __init__(self, tick: int, error: ClaudeAgentError) -> None:
        super().__init__(error.detail)
        self.tick = tick
        self.error = error


class ScheduleBook:
    """Decides firings and writes what follows, in the caller's transaction.

    Whoever calls holds the schedule's row (`take`), so firings of one schedule are decided one
    after the other, by whichever process.
    """

    def __init__(self, starts: Starts, inbox: Inbox) -> None:
        self._starts = starts
        self._inbox = inbox
        install()

    @staticmethod
    def take(tx: Tx, schedule_id: str) -> Schedule | None:
        """Return a schedule, its row locked; None: it never was."""
        tx.lock("schedules.lock", id=schedule_id)
        return schedule_rows.load(tx, schedule_id)

    @staticmethod
    def say(tx: Tx, before: Schedule, said: Sequence[Payload], context: Context) -> Schedule:
        """Write events of a schedule and its row. Raises `FencedOut` when it was changed."""
        after = before
        for one in said:
            after = folded(after, after.id, one, context.at)
        row = schedule_rows.to_row(after)
        if not tx.execute("schedules.update", was_seq=before.seq, **row):
            message = f"Schedule {before.id} was changed by somebody else."
            raise FencedOut(message)
        tx.append(
            [context.wrap(after.stream, before.seq + n, one) for n, one in enumerate(said, start=1)]
        )
        return after

    def decide(
        self,
        tx: Tx,
        schedule: Schedule,
        firing: Firing,
        refused: Mapping[int, str],
        context: Context,
    ) -> list[Payload]:
        """Take a new firing: start it, let it wait, or skip it. A firing is decided once.

        Raises `Refused` where its execution cannot be started and `refused` does not say so.
        """
        if not tx.execute(
            "schedules.take_tick",
            schedule=schedule.id,
            tick=firing.tick,
            kind=firing.kind,
            at=context.at,
        ):
            return []
        busy = tx.rows("schedules.open_ticks", schedule=schedule.id)
        waiting = [
            Firing(tick=row["tick"], kind=row["kind"])
            for row in tx.rows(
                "schedules.queued_ticks", schedule=schedule.id, limit=MOST_QUEUED + 2
            )
            if row["tick"] != firing.tick
        ]
        free = schedule.overlap == "allow" or not (busy or waiting)
        if free or firing.kind == MANUAL:
            return self.start(tx, schedule, firing, refused, context)
        if firing.kind == BACKFILL:  # a person wants every one of them, whatever runs
            return [ScheduleQueued(tick=firing.tick, kind=firing.kind)]
        if schedule.overlap == "skip":
            return self.skip(tx, schedule, firing, "overlap", context)
        said: list[Payload] = []
        if schedule.overlap == "cancel_running":
            for each in (one for one in waiting if one.kind == CRON):
                said += self.skip(tx, schedule, each, "replaced", context)
            for row in busy:
                news = {"reason": f"schedule {schedule.id} fired again"}
                self._inbox.put(tx, row["execution_id"], CANCEL, news, context)
        elif len(waiting) >= MOST_QUEUED:
            return self.skip(tx, schedule, firing, "queue_full", context)
        return [*said, ScheduleQueued(tick=firing.tick, kind=firing.kind)]

    def start(
        self,
        tx: Tx,
        schedule: Schedule,
        firing: Firing,
        refused: Mapping[int, str],
        context: Context,
    ) -> list[Payload]:
        """Start the execution of a firing that is taken. Raises `Refused`."""
        message = refused.get(firing.tick)
        if message is not None:
            return self.skip(tx, schedule, firing, "refused", context, message)
        try:
            return self._start(tx, schedule, firing, context)
        except ClaudeAgentError as error:
            if error.status >= _OURS:
                raise
            raise Refused(firing.tick, error) from None

    def _start(self, tx: Tx, schedule: Schedule, firing: Firing, context: Context) -> list[Payload]:
        event = {
            "type": "schedule",
            "schedule": schedule.id,
            "kind": firing.kind,
            "at": firing.tick,
            "time": datetime.fromtimestamp(firing.tick / 1000, ZoneInfo(schedule.tz)).isoformat(),
        }
        try:
            params = render(dict(schedule.inputs), {"event": event, "now": context.at})
        except ExpressionError as error:
            message = f"The inputs of schedule {schedule.id} cannot be computed: {error}."
            raise Invalid(message) from None
        origin = {"kind": "schedule", "schedule": schedule.id, "tick": firing.tick}
        wanted = Wanted(
            digest=schedule.definition,
            params=params,
            started_by=origin | {"how": firing.kind},
        )
        run = self._starts.accept(tx, wanted, context)
        # Before it begins: one that ends at once must find the firing that it closes.
        tx.execute(
            "schedules.tick_started",
            schedule=schedule.id,
            tick=firing.tick,
            execution=run.id,
            at=context.at,
        )
        self._starts.begin(tx, run, context)
        return [ScheduleFired(tick=firing.tick, kind=firing.kind, execution_id=run.id, ref=run.ref)]

    @staticmethod
    def skip(
        tx: Tx,
        schedule: Schedule,
        firing: Firing,
        reason: str,
        context: Context,
        message: str = "",
    ) -> list[Payload]:
        """Let a taken firing start nothing."""
        said = ScheduleSkipped(
            tick=firing.tick, kind=firing.kind, reason=reason, message=message[:MAX_MESSAGE]
        )
        tx.execute(
            "schedules.tick_skipped",
            schedule=schedule.id,
            tick=firing.tick,
            reason=reason,
            message=said.message,
            at=context.at,
        )
        return [said]

    @staticmethod
    def follow(tx: Tx, before: Execution, decision: Decision, context: Context) -> None:
        """Note that the execution of a firing has ended, or goes on after all."""
        del context
        after = decision.run
        if after.started_by.get("kind") == "schedule" and before.terminal != after.terminal:
            tx.execute("schedules.follow", execution=after.id, is_open=int(not after.terminal))
