"""Sessions of the terminal, and the test of an agent, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.output import View
from claude_agent.cli.text import duration
from claude_agent.cli.views.common import as_items, fields, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_sdk.wire import Task
    from claude_sdk.wire_terminal import AgentProbe, TerminalSession


def sessions(found: Sequence[TerminalSession]) -> View:
    """Show every session: whose it is, how many windows, when something last happened there."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        rows: list[list[str | Cell]] = [
            [
                one["name"],
                one["agent"] or "",
                "ours" if one["ours"] else "yours",
                str(one["windows"]),
                str(one["dead"] or ""),
                str(one["attached"] or ""),
                f"{duration(now - one['active_at'])} ago" if one["active_at"] else "",
            ]
            for one in found
        ]
        head = ("session", "agent", "made by", "windows", "ended", "watched", "last output")
        return look.table(head, rows)

    return View(document={"items": found}, items=as_items(found), name="name", table=table)


def tested(probe: AgentProbe, task: Task | None) -> View:
    """Show what was found of an agent's program, and what it answered."""
    works = probe["ok"] and (task is None or task["state"] == "succeeded")
    document = {"ok": works, "probe": probe, "task": task}

    def table(look: Look) -> list[str]:
        family = "ok" if works else "failed"
        error = task["error"] if task else None
        said = (task["outputs"] if task else None) or {}
        word = "works" if works else "does not work"
        return fields(
            (
                ("agent", probe["agent"]),
                ("", Cell(text=word, family=family)),
                ("adapter", probe["adapter"]),
                ("program", probe["detail"]),
                ("what to do", probe["hint"]),
                ("task", f"{task['ref']} {task['state']}" if task else ""),
                ("it said", str(said.get("summary", ""))),
                ("error", Cell(text=error["message"] if error else "", family="failed")),
            ),
            look,
        )

    return View(document=document, items=[document], name="ok", table=table)
