"""Schedules as tables."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import counted, duration, one_line
from claude_agent.cli.views.common import as_items, fields, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.cli.look import Cell, Look
    from claude_sdk.wire_schedules import Backfilled, Schedule, ScheduleDetail, ScheduleTick

_NONE = (
    "No schedules. Write `on: {schedule: [{cron: ...}]}` into a workflow, then: "
    "claude-agent workflow apply FILE"
)


def time_text(at: int) -> str:
    """Return `2026-03-29 02:30:00`, local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at / 1000))


def schedules(found: Sequence[Schedule]) -> View:
    """Show every schedule."""

    def table(look: Look) -> list[str]:
        if not found:
            return [_NONE]
        now = now_ms()
        head = ("schedule", "state", "cron", "zone", "next", "in", "last")
        return look.table(head, [_row(one, now) for one in found])

    return View(document={"items": found}, items=as_items(found), name="id", table=table)


def _row(one: Schedule, now: int) -> list[str | Cell]:
    following = one["next"][0] if one["next"] else None
    return [
        one["id"],
        one["state"],
        one["cron"],
        one["tz"],
        "" if following is None else time_text(following),
        "" if following is None else duration(following - now),
        "" if one["last"] is None else _outcome(one["last"]),
    ]


def _outcome(tick: ScheduleTick) -> str:
    if tick["state"] == "started":
        return f"{tick['execution_ref']} {tick['execution_state'] or 'started'}"
    return f"{tick['state']} {tick['reason'] or ''}".strip()


def schedule(one: ScheduleDetail) -> View:
    """Show one schedule with its next times and its newest firings."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        pairs = (
            ("schedule", one["id"]),
            ("state", f"{one['state']}: {one['reason']}" if one["reason"] else one["state"]),
            ("workflow", f"{one['workflow']} {one['definition'][:12]}"),
            ("cron", f"{one['cron']} ({one['tz']})"),
            ("overlap", one["overlap"]),
            ("catchup", duration(one["catchup_ms"]) if one["catchup_ms"] else "none"),
        )
        lines = fields(pairs, look)
        lines += [f"next  {time_text(at)}  in {duration(at - now)}" for at in one["next"]]
        rows: list[list[str | Cell]] = [
            [time_text(tick["tick"]), tick["kind"], _outcome(tick), one_line(tick["message"] or "")]
            for tick in one["ticks"]
        ]
        if rows:
            lines += ["", *look.table(("time", "kind", "outcome", ""), rows, elastic=3)]
        return lines

    return View(document=one, items=as_items([one]), name="id", table=table)


def backfilled(done: Backfilled) -> View:
    """Say which times fire, or would."""

    def table(_: Look) -> list[str]:
        what = "would fire" if done["dry_run"] else "fire now, in their order"
        told = f"{done['id']}: {counted(len(done['ticks']), 'time')} {what}"
        if done["already"]:
            told += f"; {len(done['already'])} had been decided before"
        return [told + ".", *(f"  {time_text(at)}" for at in done["ticks"])]

    return View(document=done, items=as_items([done]), name="id", table=table)
