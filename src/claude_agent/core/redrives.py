"""Re-drives of many dead letters: rows that the scheduler works through at their rate.

Each turn re-drives some letters and moves the row in one transaction, so a process that dies in
between loses none and re-drives none twice; whoever starts next goes on.
"""

import contextlib
import json
import logging
import re

from typing_extensions import override

from claude_agent.core import audit, message_letters
from claude_agent.core.dead_letters import DeadLetters
from claude_agent.core.foundation import Foundation
from claude_agent.core.letters import MESSAGE, TASK, Criteria, message_letter
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.core.views import Wire
from claude_agent.domain.events import Context
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid, NotFound
from claude_agent.storage import task_rows
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Reader, Row, Tx

_LOG = logging.getLogger(__name__)
AT_ONCE = 100
"""Letters of one turn where no rate is set."""
TURNS_PER_MINUTE = 600
"""A high rate takes several letters a turn instead of more turns."""
TOLD = '%"told_first"%'
_BEHIND_MS = 1_000
_NEWEST = 20
_RATE = re.compile(r"([1-9][0-9]{0,4})/(s|m)")
_SOURCES = (
    (TASK, "redrives.tasks", "redrives.count_tasks"),
    (MESSAGE, "redrives.messages", "redrives.count_messages"),
)


def per_minute_of(rate: str | None) -> int:
    """Read `5/s` or `30/m`; 0 for None: no limit. Raises `Invalid`."""
    if rate is None:
        return 0
    match = _RATE.fullmatch(rate)
    if match is None:
        message = f"{rate[:40]} is no rate."
        raise Invalid(message, hint="Write 5/s or 30/m.", pointer="/rate")
    return int(match[1]) * (60 if match[2] == "s" else 1)


class Redrives(Timed):
    """Begins re-drives of many, and takes their turns."""

    def __init__(self, foundation: Foundation, desk: TaskDesk, letters: DeadLetters) -> None:
        self._database = foundation.database
        self._ids = foundation.ids
        self._desk = desk
        self._letters = letters

    def begin(self, tx: Tx, wanted: Criteria, per_minute: int, context: Context) -> str:
        """Accept a re-drive of everything that is dead by now and meant; return its id."""
        new = self._ids.new()
        params = {**wanted.params, "until": context.at}
        total = sum(
            row["count"]
            for kind, _, count in _SOURCES
            if wanted.wants(kind) and (row := tx.row(count, **params)) is not None
        )
        criteria = wanted.to_data()
        tx.execute(
            "redrives.insert",
            id=new,
            criteria=json.dumps(criteria),
            actor=context.actor,
            per_minute=per_minute,
            until=context.at,
            total=total,
        )
        data = {"criteria": criteria, "per_minute": per_minute, "total": total}
        audit.record(tx, context, f"redrive/{new}", "redrive.started", data)
        return new

    def stop(self, tx: Tx, redrive_id: str, context: Context) -> None:
        """End a re-drive before it is through; what was re-driven stays so."""
        job = find(tx, redrive_id)
        if job["ended_at"] is not None or not self._take(tx, job, context.at, job["next_at"]):
            return
        self._end(tx, job, context, "stopped")

    def tell_first_messages(self) -> int:
        """Tell whoever listens of the first dead message of an actor for a reason; return how many.

        The broker that buried it keeps no log, so its rows are looked at. The message's history
        and the event are written together: what was told once is not told again.
        """
        kinds = self._database.read(lambda r: r.rows("dead_letters.untold_messages", told=TOLD))
        return sum(self._tell_first(row["id"]) for row in kinds)

    def _tell_first(self, message_id: str) -> bool:
        context = self._desk.context("scheduler")
        line = json.dumps({"at": context.at, "event": "told_first"}, separators=(",", ":")) + "\n"

        def work(tx: Tx) -> bool:
            if not tx.execute("dead_letters.tell_message", id=message_id, line=line):
                return False
            row = message_letters.find(tx, message_id)
            if row["history"].count("told_first") > 1:
                raise Conflict(message_id)  # another process was faster: leave it as it was
            letter = message_letter(row)
            told = {name: letter[name] for name in ("kind", "id", "ref", "queue", "agent")}
            told |= {"reason": letter["reason"], "title": letter["title"]}
            told |= {"message": str((letter["error"] or {}).get("message", ""))}
            self._desk.announce_first(tx, told, context)
            return True

        with contextlib.suppress(Conflict):
            return self._database.write(work)
        return False

    @override
    def beat(self) -> int:
        return self.tell_first_messages()

    @override
    def next_due(self, reader: Reader) -> int | None:
        row = reader.row("redrives.next_due")
        return None if row is None else row["at"]

    @override
    def tick(self, now: int) -> int:
        """Take the turns that are due; return how many letters were re-driven."""
        done = 0
        for row in self._database.read(lambda r: r.rows("redrives.due", now=now)):
            try:
                done += self._turn(row["id"], now)
            except ClaudeAgentError:
                _LOG.exception("re-drive %s could not go on; it tries again", row["id"])
        return done

    def _turn(self, redrive_id: str, now: int) -> int:
        return self._database.write(lambda tx: self._turn_in(tx, redrive_id, now))

    def _turn_in(self, tx: Tx, redrive_id: str, now: int) -> int:
        job = find(tx, redrive_id)
        count, next_at = _pace(job, now)
        if job["ended_at"] is not None or not self._take(tx, job, now, next_at):
            return 0
        context = self._desk.context(job["actor"], causation=f"redrive/{redrive_id}")
        letters = _next_letters(tx, job, count)
        # All of them at once, in the one order of locks.
        task_rows.lock(tx, [letter["id"] for kind, letter in letters if kind == TASK])
        well = sum(self._again(tx, kind, letter, context) for kind, letter in letters)
        moved = dict(job) | {
            "done": job["done"] + well,
            "skipped": job["skipped"] + len(letters) - well,
        }
        if letters:
            last = letters[-1][1]
            moved |= {"after_at": last["died_at"], "after_id": last["id"]}
        if len(letters) < count:
            self._end(tx, moved, context, "done")
        else:
            _write(tx, moved)
        return well

    def _take(self, tx: Tx, job: Row, now: int, next_at: int) -> bool:
        # Two processes that meet here see different `next_at`, or one waits for the other's row.
        later = max(next_at, job["next_at"] + 1) if job["next_at"] <= now else next_at
        return bool(tx.execute("redrives.take", id=job["id"], was=job["next_at"], next_at=later))

    def _again(self, tx: Tx, kind: str, letter: Row, context: Context) -> bool:
        try:
            self._letters.redrive(tx, (kind, letter["id"]), context)
        except (Conflict, Invalid, NotFound) as error:
            _LOG.warning("dead letter %s was not re-driven: %s", letter["id"], error.detail)
            return False
        return True

    def _end(self, tx: Tx, job: Row, context: Context, how: str) -> None:
        _write(tx, dict(job) | {"ended_at": context.at})
        data = {"how": how, "done": job["done"], "skipped": job["skipped"]}
        audit.record(tx, context, f"redrive/{job['id']}", "redrive.ended", data)


def newest(reader: Reader) -> list[Wire]:
    """Return the newest re-drives of many."""
    return [redrive_view(row) for row in reader.rows("redrives.newest", limit=_NEWEST)]


def find(reader: Reader, redrive_id: str) -> Row:
    """Return a re-drive of many. Raises `NotFound`."""
    row = reader.row("redrives.one", id=redrive_id)
    if row is None:
        message = f"There is no re-drive {redrive_id[:60]}."
        raise NotFound(message, hint="List them with GET /dead-letters/redrives.")
    return row


def redrive_view(row: Row) -> Wire:
    """Return the wire form of a re-drive of many."""
    per_minute = row["per_minute"]
    whole = per_minute % 60 == 0
    rate = f"{per_minute // 60}/s" if whole else f"{per_minute}/m"
    return {
        "id": row["id"],
        "state": "running" if row["ended_at"] is None else "ended",
        "criteria": _criteria(row),
        "rate": rate if per_minute else None,
        "actor": row["actor"],
        "total": row["total"],
        "done": row["done"],
        "skipped": row["skipped"],
        "started_at": row["until"],
        "ended_at": row["ended_at"],
    }


def _criteria(row: Row) -> Wire:
    with reading(f"re-drive {row['id']}"):
        found: Wire = json.loads(row["criteria"])
        return found


def _pace(job: Row, now: int) -> tuple[int, int]:
    """Return how many letters are taken now, and when the next ones are due."""
    per_minute = job["per_minute"]
    if not per_minute:
        return AT_ONCE, now
    count = max(1, per_minute // TURNS_PER_MINUTE)
    # Time in which nobody worked is not made up for: that would break the rate.
    base = job["next_at"] if 0 <= now - job["next_at"] < _BEHIND_MS else now
    return count, base + count * 60_000 // per_minute


def _next_letters(reader: Reader, job: Row, count: int) -> list[tuple[str, Row]]:
    wanted = Criteria(**_criteria(job))
    params = {name: job[name] for name in ("until", "after_at", "after_id")} | wanted.params
    found = [
        (kind, row)
        for kind, query, _ in _SOURCES
        if wanted.wants(kind)
        for row in reader.rows(query, **params, limit=count)
    ]
    found.sort(key=lambda one: (one[1]["died_at"], one[1]["id"]))
    return found[:count]


def _write(tx: Tx, job: Row) -> None:
    names = ("id", "done", "skipped", "after_at", "after_id", "ended_at")
    tx.execute("redrives.move", **{name: job[name] for name in names})
