"""Breakers, restarts and rollbacks as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.output import View
from claude_agent.cli.text import duration, one_line
from claude_agent.cli.views.common import as_items, clock_text, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_sdk.wire_resilience import Breaker, Overview

_FAMILY = {"closed": "ok", "open": "failed", "half_open": "waiting"}
_WORD = {"closed": "closed", "open": "open", "half_open": "half open"}


def overview(document: Overview) -> View:
    """Show everything."""

    def table(look: Look) -> list[str]:
        lines = breakers(document["breakers"], look)
        if document["rollbacks"]:
            rows = [
                [one["ref"], one["workflow"], one["state"], one["failed_step"], one["reason"]]
                for one in document["rollbacks"]
            ]
            head = ("rolled back", "workflow", "state", "failed at", "reason")
            lines += ["", *look.table(head, rows, elastic=4)]
        if document["restarts"]:
            restarts = [
                [clock_text(one["at"]), one["what"], one_line(_facts(one["data"]))]
                for one in document["restarts"]
            ]
            lines += ["", *look.table(("at", "what", ""), restarts, elastic=2)]
        return lines

    items = as_items(document["breakers"])
    return View(document=document, items=items, name="name", table=table)


def _facts(data: object) -> str:
    found = data if isinstance(data, dict) else {}
    return ", ".join(f"{name} {value}" for name, value in found.items())


def breakers(found: Sequence[Breaker], look: Look) -> list[str]:
    """Return the lines of some breakers."""
    if not found:
        return ["Nothing has failed again and again."]
    head = ("breaker", "state", "failures", "again in", "reason")
    return look.table(head, [_row(one) for one in found], elastic=4)


def _row(one: Breaker) -> list[str | Cell]:
    left = "" if one["until"] is None else duration(max(0, one["until"] - now_ms()))
    return [
        one["name"],
        Cell(text=_WORD[one["state"]], family=_FAMILY[one["state"]]),
        str(one["failures"]),
        left if one["state"] == "open" else "",
        one_line(one["reason"]),
    ]


def breaker(one: Breaker) -> View:
    """Show one breaker."""
    return View(
        document=one,
        items=as_items([one]),
        name="name",
        table=lambda look: breakers([one], look),
    )
