"""Schedules that fire: the scheduler asks, each schedule is decided in a transaction of its own.

A firing is a row whose key is (schedule, tick). Whoever inserts it, in the transaction that starts
the execution, has started it; nobody else can, whatever is killed or wherever the clock jumps.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import override

from claude_agent.core import cron
from claude_agent.core.foundation import Foundation
from claude_agent.core.schedule_book import CRON, Firing, Refused, ScheduleBook
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.domain.events import Context, Payload
from claude_agent.domain.schedule import NEVER, Schedule, ScheduleMissed, ScheduleMoved
from claude_agent.storage import schedule_rows
from claude_agent.storage.database import Reader, Tx

_LOG = logging.getLogger(__name__)
ON_TIME_MS = 60_000
"""A time that is noticed at most this late is on time: a restart or a busy machine loses none."""
_BATCH = 100
_MOST_STARTS = 200
"""Waiting firings that one look starts; the next look goes on."""
_OF_ONE = (Refused, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due of a schedule: times to fire, times that are not made up for, and the next."""

    ticks: tuple[int, ...]
    missed: tuple[int, int] | None
    next_at: int


def due(schedule: Schedule, now: int) -> Due:
    """Return what is due: every time that is on time, else the newest one within `catchup`."""
    spec = schedule.cron, schedule.tz
    first = schedule.next_at
    ticks = cron.between(*spec, max(first, now - ON_TIME_MS), now, _BATCH)
    if not ticks and schedule.catchup_ms > ON_TIME_MS:
        late = cron.newest(*spec, max(first, now - schedule.catchup_ms), now)
        ticks = [] if late is None else [late]
    begun = ticks[0] if ticks else now + 1
    missed = cron.newest(*spec, first, begun - 1) if first < begun else None
    return Due(
        ticks=tuple(ticks),
        missed=None if missed is None else (first, missed),
        next_at=cron.next_after(*spec, ticks[-1] if len(ticks) == _BATCH else now),
    )


class Schedules(Timed):
    """Fires what is due and starts what waited."""

    def __init__(self, foundation: Foundation, desk: TaskDesk, book: ScheduleBook) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._desk = desk
        self._book = book
        self._begun = False

    @override
    def tick(self, now: int) -> int:
        changed = 0
        if not self._begun:
            # The clock may have jumped back while nobody was here.
            context = self._desk.context("scheduler")
            changed += self._database.write(lambda tx: self._recompute(tx, now, context))
            self._begun = True
        rows = self._database.read(lambda r: r.rows("schedules.due", now=now, limit=_BATCH))
        changed += sum(self._alone(row["id"], self._fire) for row in rows)
        return changed + self._start_waiting()

    @override
    def next_due(self, reader: Reader) -> int | None:
        row = reader.row("schedules.next_due")
        return None if row is None or row["at"] is None or row["at"] >= NEVER else int(row["at"])

    @override
    def move(self, tx: Tx, jump: int, context: Context) -> int:
        # Times of a calendar do not move. But after a clock that was ahead has come back the
        # next time is sooner than we thought; what fired already has its row.
        return self._recompute(tx, context.at, context) if jump < 0 else 0

    def _recompute(self, tx: Tx, now: int, context: Context) -> int:
        moved = 0
        for row in tx.rows("schedules.all", workflow=""):
            seen = schedule_rows.schedule_of(row)
            at = cron.next_after(seen.cron, seen.tz, now)
            if seen.paused or at >= seen.next_at:
                continue
            locked = self._book.take(tx, seen.id)
            if locked is not None and locked.seq == seen.seq:
                self._book.say(tx, locked, [ScheduleMoved(next_at=at)], context)
                moved += 1
        return moved

    def _alone(
        self, schedule_id: str, work: Callable[[Tx, str, dict[int, str], Context], int]
    ) -> int:
        """Run the work for one schedule; what is wrong with it must not hold up the others."""
        context = self._desk.context(f"schedule:{schedule_id}")
        refused: dict[int, str] = {}
        for _ in range(_BATCH + 1):
            try:
                return self._database.write(lambda tx: work(tx, schedule_id, refused, context))
            except Refused as error:
                refused[error.tick] = error.error.detail
            except _OF_ONE:
                _LOG.exception("schedule %s could not be decided", schedule_id)
                break
        return 0

    def _fire(self, tx: Tx, schedule_id: str, refused: dict[int, str], context: Context) -> int:
        now = self._clock.now()
        schedule = self._book.take(tx, schedule_id)
        if schedule is None or schedule.paused or schedule.removed or schedule.next_at > now:
            return 0
        found = due(schedule, now)
        said: list[Payload] = []
        if found.missed is not None:
            said.append(ScheduleMissed(first=found.missed[0], last=found.missed[1]))
        for tick in found.ticks:
            firing = Firing(tick=tick, kind=CRON)
            said += self._book.decide(tx, schedule, firing, refused, context)
        said.append(ScheduleMoved(next_at=found.next_at))
        self._book.say(tx, schedule, said, context)
        return len(found.ticks)

    def _start_waiting(self) -> int:
        started = 0
        while started < _MOST_STARTS:
            rows = self._database.read(lambda r: r.rows("schedules.startable", limit=_BATCH))
            done = sum(self._alone(row["schedule_id"], self._start_next) for row in rows)
            if not done:
                break
            started += done
        return started

    def _start_next(
        self, tx: Tx, schedule_id: str, refused: dict[int, str], context: Context
    ) -> int:
        """Start the first firing that waits, if it still waits for nothing."""
        schedule = self._book.take(tx, schedule_id)
        if schedule is None:
            return 0
        busy = tx.rows("schedules.open_ticks", schedule=schedule_id)
        if busy and schedule.overlap != "allow" and not schedule.removed:
            return 0
        rows = tx.rows("schedules.queued_ticks", schedule=schedule_id, limit=_BATCH)
        held = schedule.paused and not schedule.removed
        found = [row for row in rows if not (held and row["kind"] == CRON)]
        if not found:
            return 0
        firing = Firing(tick=found[0]["tick"], kind=found[0]["kind"])
        if schedule.removed:
            said = self._book.skip(tx, schedule, firing, "removed", context)
        else:
            said = self._book.start(tx, schedule, firing, refused, context)
        self._book.say(tx, schedule, said, context)
        return 1
