"""Hosts as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell
from claude_agent.cli.output import View
from claude_agent.cli.text import duration
from claude_agent.cli.views.common import as_items, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.cli.look import Look
    from claude_sdk.wire import Host

_FAMILIES = {"up": "ok", "unreachable": "failed", "lost": "idle"}


def hosts(found: Sequence[Host]) -> View:
    """Show every host."""

    def table(look: Look) -> list[str]:
        return lines(found, look)

    return View(document={"items": found}, items=as_items(found), name="name", table=table)


def lines(found: Sequence[Host], look: Look) -> list[str]:
    """Return the hosts as lines of a table."""
    now = now_ms()
    head = ("host", "state", "slots", "tasks", "last seen", "workers")
    return look.table(head, [_row(host, now) for host in found], elastic=5)


def _state(host: Host) -> str:
    hook = host["fencing"]
    if hook is None or host["state"] == "up":
        return host["state"]
    return f"{host['state']} (fencing {hook['state']}, try {hook['tries']})"


def _row(host: Host, now: int) -> list[str | Cell]:
    workers = [
        f"{one['role']} {one['pid']}{' (lost)' if one['lost'] else ''}"
        + (f" [{', '.join(one['queues'])}]" if one["queues"] else "")
        for one in host["workers"]
    ]
    return [
        host["name"] + (" (here)" if host["here"] else ""),
        Cell(text=_state(host), family=_FAMILIES.get(host["state"], "")),
        f"{host['busy']}/{host['slots']}",
        ", ".join(f"{count} {state}" for state, count in sorted(host["tasks"].items())),
        f"{duration(max(0, now - host['seen_at']))} ago",
        ", ".join(workers),
    ]
