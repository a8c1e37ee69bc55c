"""Schedules for people: what a workflow's versions arm, list, pause, resume, trigger, backfill."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from claude_agent.core import cron
from claude_agent.core.foundation import Foundation
from claude_agent.core.schedule_book import (
    BACKFILL,
    CRON,
    MANUAL,
    Firing,
    Refused,
    ScheduleBook,
)
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.views import Wire
from claude_agent.domain import definition_start
from claude_agent.domain import schedule as sc
from claude_agent.domain.definition import Definition
from claude_agent.domain.events import Context, Payload
from claude_agent.domain.schedule import Schedule
from claude_agent.errors import Conflict, Invalid, NotFound
from claude_agent.storage import schedule_rows
from claude_agent.storage.database import Reader, Row, Tx

MOST_BACKFILL = 1_000
_SHOWN = 20
_UPCOMING = 5
_MANUAL_TRIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a backfill is to make up for; both ends inclusive, epoch milliseconds."""

    first: int
    last: int
    limit: int
    """More firings than this are refused."""


class ScheduleDesk:
    """What people and workflows say of schedules."""

    def __init__(self, foundation: Foundation, desk: TaskDesk, book: ScheduleBook) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._desk = desk
        self._book = book

    def arm(self, tx: Tx, definition: Definition, digest: str, actor: str) -> None:
        """Let a workflow's newest version say when it fires; what it no longer has is removed.

        A line keeps its schedule, with its pause and its history, by what it says (cron and
        zone); the others keep theirs in their order.
        """
        context = self._desk.context(actor)
        rows = tx.rows("schedules.of_workflow", workflow=definition.slug)
        known = [schedule_rows.schedule_of(row) for row in rows]
        left = [one for one in known if not one.removed]
        chosen: list[Schedule | None] = []
        wanted = definition.on.schedule
        for line in wanted:
            same = (one for one in left if (one.cron, one.tz) == (line.cron, line.tz))
            match = next(same, None)
            chosen.append(match)
            left = [one for one in left if one is not match]
        for n, match in enumerate(chosen):
            if match is None and left:
                chosen[n] = left.pop(0)
        taken = {one.id for one in chosen if one is not None}
        for line, match in zip(wanted, chosen, strict=True):
            name = match.id if match is not None else _free_name(definition.slug, taken)
            taken.add(name)
            self._set(tx, name, definition.slug, digest, line, context)
        for gone in left:
            locked = self._book.take(tx, gone.id)
            if locked is not None and not locked.removed:
                self._book.say(tx, locked, [sc.ScheduleRemoved(definition=digest)], context)

    def _set(
        self,
        tx: Tx,
        name: str,
        workflow: str,
        digest: str,
        line: definition_start.Schedule,
        context: Context,
    ) -> None:
        before = self._book.take(tx, name)
        same = before is not None and (before.cron, before.tz) == (line.cron, line.tz)
        fresh = cron.next_after(line.cron, line.tz, context.at)
        keep = before is not None and same and not before.removed
        said = sc.ScheduleSet(
            workflow=workflow,
            definition=digest,
            cron=line.cron,
            tz=line.tz,
            catchup_ms=line.catchup_ms,
            overlap=line.overlap,
            inputs=dict(line.inputs),
            next_at=before.next_at if before is not None and keep else fresh,
        )
        if before is not None:
            if any(getattr(before, key) != value for key, value in said.to_data().items()):
                self._book.say(tx, before, [said], context)
            return
        made = sc.folded(None, name, said, context.at)
        if not tx.execute("schedules.put", **schedule_rows.to_row(made)):
            message = f"The workflow {workflow} is being defined by somebody else."
            raise Conflict(message, hint="Try again.")
        tx.append([context.wrap(made.stream, 1, said)])

    # Look ----------------------------------------------------------------------------------

    def all(self, workflow: str = "") -> list[Wire]:
        """Return every schedule in its wire form, or those of one workflow."""
        return self._database.read(lambda r: self.listed(r, workflow))

    def listed(self, reader: Reader, workflow: str = "") -> list[Wire]:
        """Return what `all` does, in the caller's transaction."""
        rows = reader.rows("schedules.all", workflow=workflow)
        return [self._shown(reader, schedule_rows.schedule_of(row), 1) for row in rows]

    def show(self, name: str) -> Wire:
        """Return one schedule with its next times and its newest firings. Raises `NotFound`."""
        return self._database.read(lambda r: self.view(r, name))

    def view(self, reader: Reader, name: str) -> Wire:
        """Return one schedule as `show` does, in the caller's transaction."""
        found = find(reader, name)
        rows = reader.rows("schedules.newest_ticks", schedule=found.id, limit=_SHOWN)
        return self._shown(reader, found, _UPCOMING) | {"ticks": [_tick(row) for row in rows]}

    def _shown(self, reader: Reader, one: Schedule, count: int) -> Wire:
        rows = reader.rows("schedules.newest_ticks", schedule=one.id, limit=1)
        following = []
        if not one.paused and one.next_at < sc.NEVER:
            following = [
                one.next_at,
                *cron.upcoming(one.cron, one.tz, one.next_at, count - 1),
            ]
        return {
            "id": one.id,
            "workflow": one.workflow,
            "definition": one.definition,
            "cron": one.cron,
            "tz": one.tz,
            "catchup_ms": one.catchup_ms,
            "overlap": one.overlap,
            "inputs": dict(one.inputs),
            "state": "paused" if one.paused else "active",
            "reason": one.pause_reason or None,
            "next": following,
            "last": _tick(rows[0]) if rows else None,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
        }

    # Change --------------------------------------------------------------------------------

    def pause(self, name: str, *, reason: str, actor: str) -> Wire:
        """Fire no more until resumed; what runs goes on. Raises `NotFound`."""
        context = self._desk.context(actor)

        def say(one: Schedule) -> list[Payload]:
            return [] if one.paused else [sc.SchedulePaused(reason=reason)]

        return self._changed(name, say, context)

    def resume(self, name: str, *, actor: str) -> Wire:
        """Fire again from now on; what fell into the pause is not made up for."""
        context = self._desk.context(actor)

        def say(one: Schedule) -> list[Payload]:
            at = cron.next_after(one.cron, one.tz, context.at)
            return [sc.ScheduleResumed(next_at=at)] if one.paused else []

        return self._changed(name, say, context)

    def _changed(
        self, name: str, say: Callable[[Schedule], Sequence[Payload]], context: Context
    ) -> Wire:
        def work(tx: Tx) -> Wire:
            one = self._take(tx, name)
            said = say(one)
            if said:
                self._book.say(tx, one, said, context)
            return self.view(tx, one.id)

        return self._database.write(work)

    def _take(self, tx: Tx, name: str) -> Schedule:
        found = self._book.take(tx, find(tx, name).id)
        if found is None or found.removed:
            message = f"Schedule {name[:120]} was removed just now."
            raise NotFound(message, hint="List them: claude-agent schedule list")
        return found

    def trigger(self, tx: Tx, name: str, *, actor: str) -> str:
        """Start it now, whatever runs and also while it is paused; return the execution's id.

        Raises `NotFound`, and what refuses the execution.
        """
        context = self._desk.context(actor)
        one = self._take(tx, name)
        tick = context.at
        for tick in range(context.at, context.at + _MANUAL_TRIES):
            # Times of a cron are whole seconds: those stay free for it.
            if tick % 1000 and tx.row("schedules.tick", schedule=one.id, tick=tick) is None:
                break
        try:
            said = self._book.decide(tx, one, Firing(tick=tick, kind=MANUAL), {}, context)
        except Refused as refused:
            raise refused.error from None
        self._book.say(tx, one, said, context)
        fired = next(each for each in said if isinstance(each, sc.ScheduleFired))
        return fired.execution_id

    def backfill(self, name: str, span: Span, *, dry_run: bool, actor: str) -> Wire:
        """Fire for the times of a span that fired nothing; return which, and which had.

        They start in their order, as `overlap` lets them. A time that was skipped is made up
        for; one that started an execution or waits already is left alone. Raises `NotFound`,
        `Invalid` (more than the limit, the future, no such span).
        """
        context = self._desk.context(actor)
        if not 0 <= span.first <= span.last or span.last > context.at:
            message = "A backfill goes from a time to a later one, and not beyond now."
            raise Invalid(message, pointer="/to")

        def work(tx: Tx) -> Wire:
            one = self._take(tx, name)
            new, had = self._missing(tx, one, span)
            if not dry_run:
                said: list[Payload] = []
                for tick in new:
                    tx.execute(
                        "schedules.take_tick",
                        schedule=one.id,
                        tick=tick,
                        kind=BACKFILL,
                        at=context.at,
                    )
                    said.append(sc.ScheduleQueued(tick=tick, kind=BACKFILL))
                if said:
                    self._book.say(tx, one, said, context)
            return {"id": one.id, "dry_run": dry_run, "ticks": new, "already": had}

        return self._database.write(work)

    @staticmethod
    def _missing(tx: Tx, one: Schedule, span: Span) -> tuple[list[int], list[int]]:
        """Return (times to fire, times that were decided before and stay so)."""
        last = min(span.last, one.next_at - 1) if not one.paused else span.last
        times = cron.between(one.cron, one.tz, span.first, last, span.limit + 1)
        if len(times) > span.limit:
            message = f"Schedule {one.id} has more than {span.limit} times in that span."
            hint = f"Take a shorter span, or a higher limit (at most {MOST_BACKFILL})."
            raise Invalid(message, hint=hint, pointer="/limit")
        rows = tx.rows("schedules.ticks_between", schedule=one.id, first=span.first, last=last)
        decided: Mapping[int, str] = {row["tick"]: row["state"] for row in rows}
        new = [at for at in times if decided.get(at, "skipped") == "skipped"]
        return new, [at for at in times if at not in set(new)]


def find(reader: Reader, name: str) -> Schedule:
    """Return a schedule by its id, or by its workflow's name if that has one only.

    Raises `NotFound`, `Conflict` where a workflow has several.
    """
    one = schedule_rows.load(reader, name)
    if one is not None and not one.removed:
        return one
    rows = reader.rows("schedules.all", workflow=name) if name else []
    if len(rows) == 1:
        return schedule_rows.schedule_of(rows[0])
    if rows:
        message = f"The workflow {name[:80]} has {len(rows)} schedules."
        raise Conflict(message, hint=f"Name one: {', '.join(row['id'] for row in rows[:5])}")
    message = f"There is no schedule {name[:120]}."
    raise NotFound(message, hint="List them: claude-agent schedule list")


def _free_name(workflow: str, taken: set[str]) -> str:
    n = 1
    while f"{workflow}.{n}" in taken:
        n += 1
    return f"{workflow}.{n}"


def _tick(row: Row) -> Wire:
    return {
        "tick": row["tick"],
        "kind": row["kind"],
        "state": row["state"],
        "at": row["at"],
        "reason": row["reason"] or None,
        "message": row["message"] or None,
        "execution_id": row["execution_id"] or None,
        "execution_ref": row["ref"],
        "execution_state": row["execution_state"],
    }


__all__ = ["BACKFILL", "CRON", "MANUAL", "MOST_BACKFILL", "ScheduleDesk", "Span", "find"]
