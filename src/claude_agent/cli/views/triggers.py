"""Triggers as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import duration
from claude_agent.cli.views.common import as_items, now_ms
from claude_agent.cli.views.schedules import time_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.cli.look import Cell, Look
    from claude_sdk.wire_triggers import Trigger, TriggerFiring

_NONE = (
    "Nothing starts a workflow by itself. Write `on:` into it, then: "
    "claude-agent workflow apply FILE"
)


def triggers(found: Sequence[Trigger]) -> View:
    """Show what starts which workflow."""

    def table(look: Look) -> list[str]:
        if not found:
            return [_NONE]
        now = now_ms()
        head = ("workflow", "starts on", "state", "next", "last", "outcome")
        lines = look.table(head, [_row(one, now) for one in found])
        return [*lines, *(f"{one['name']}: {one['reason']}." for one in found if one["reason"])]

    return View(document={"items": found}, items=as_items(found), name="name", table=table)


def _row(one: Trigger, now: int) -> list[str | Cell]:
    last = one["last"]
    condition = f" if {one['if']}" if one["if"] else ""
    return [
        one["workflow"],
        f"{one['on']}{condition}",
        one["state"].replace("_", " "),
        "" if one["next"] is None else f"in {duration(one['next'] - now)}",
        "" if last is None else time_text(last["at"]),
        "never" if last is None else _outcome(last),
    ]


def _outcome(last: TriggerFiring) -> str:
    if last["state"] == "started" and last["execution_ref"]:
        return f"{last['execution_ref']} {last['execution_state']}"
    return f"{last['state']}: {last['reason']}" if last["reason"] else last["state"]
