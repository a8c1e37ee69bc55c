"""Tasks as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.output import View
from claude_agent.cli.text import duration
from claude_agent.cli.views.attempts import (
    attempt_lines,
    evidence_text,
    resting_on,
    spent_text,
)
from claude_agent.cli.views.common import as_items, clock_text, elapsed, fields, more, now_ms

if TYPE_CHECKING:
    from claude_sdk.wire import Attempts, Result, Task, TaskPage


def submitted(task: Task, address: str) -> View:
    """Show a task that was just accepted."""
    return View(
        document=task,
        items=as_items([task]),
        name="ref",
        table=lambda look: look.table(
            ("", "", "", ""), [[task["ref"], look.state(task["shown"]), task["agent"], address]]
        ),
    )


def tasks(page: TaskPage) -> View:
    """Show a page of tasks."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        rows = [_task_row(task, look, now) for task in page["items"]]
        if not rows:
            return ['No tasks. Submit one: claude-agent submit --task "..."']
        head = ("ref", "state", "agent", "priority", "elapsed", "title")
        return [*look.table(head, rows, elastic=5), *more(page["next"], look)]

    return View(document=page, items=as_items(page["items"]), name="ref", table=table)


def _task_row(task: Task, look: Look, now: int) -> list[str | Cell]:
    return [
        task["ref"],
        look.state(task["shown"]),
        task["agent"] + (" (fake)" if task["fake"] else ""),
        task["priority"].lower(),
        elapsed(task["started_at"], task["ended_at"], now),
        task["title"],
    ]


def task(document: Task, address: str, attempts: Attempts) -> View:
    """Show one task with the attempts that have ended."""

    def table(look: Look) -> list[str]:
        error = document["error"]
        shown = fields(
            (
                ("ref", document["ref"]),
                ("id", document["id"]),
                ("state", look.state(document["shown"])),
                ("silent for", _silent(document)),
                ("rests on", resting_on(document)),
                ("reason", document["reason"] or ""),
                ("parked", _parked(document)),
                ("error", Cell(text=error["message"], family="failed") if error else ""),
                ("title", document["title"]),
                ("agent", document["agent"]),
                ("routed by", document["routed_by"] or ""),
                ("adapter", document["adapter"] + (" (fake)" if document["fake"] else "")),
                ("priority", document["priority"]),
                ("attempt", f"{document['attempt']} of {document['max_attempts']}"),
                ("elapsed", elapsed(document["started_at"], document["ended_at"], now_ms())),
                ("taken over", _taken_over(document)),
                ("spent", spent_text(attempts["spent"])),
                ("lock", _lock(document)),
                ("waits for", ", ".join(document.get("waits_for", ()))),
                ("question", _question(document.get("question"))),
                ("step", document["step_id"] or ""),
                ("execution", document["execution_id"] or ""),
                ("folder", document["cwd"] or ""),
                ("address", address),
            ),
            look,
        )
        return [*shown, *attempt_lines(attempts["items"], look)]

    whole = {**document, "attempts": attempts["items"], "spent": attempts["spent"]}
    return View(document=whole, items=as_items([document]), name="ref", table=table)


def _silent(document: Task) -> str:
    since = document["stuck_since"]
    return "" if since is None else elapsed(since, None, now_ms())


def _question(ref: str | None) -> str:
    return f"{ref}: claude-agent question show {ref}" if ref else ""


def _taken_over(document: Task) -> str:
    had = document.get("taken_over")
    return f"by {had['by']}, {duration(now_ms() - had['since'])} ago" if had else ""


def _parked(document: Task) -> str:
    """Say until when a limit holds a task up, and how to end that."""
    parked = document.get("parked")
    if parked is None:
        return ""
    left = duration(max(0, parked["until"] - now_ms()))
    whose = f"account {parked['account']}, " if parked["account"] else ""
    early = f"; at once: {parked['command']}" if parked["command"] else ""
    return f"{whose}until {clock_text(parked['until'])} (in {left}){early}"


def _lock(document: Task) -> str:
    lock = document["lock"]
    if lock is None or lock["holder"] is None:
        return lock["name"] if lock else ""
    held = "held" if lock["holder"] == document["ref"] else f"held by {lock['holder']}"
    return f"{lock['name']} ({held})"


def result(document: Result) -> View:
    """Show what a task left."""

    def table(look: Look) -> list[str]:
        ended, error = document["exit"], document["error"]
        outputs = document["outputs"] or {}
        return fields(
            (
                ("ref", document["ref"]),
                ("state", document["state"]),
                ("rests on", evidence_text(document["evidence"])),
                ("exit", _exit_text(ended["code"], ended["signal"]) if ended else ""),
                ("error", Cell(text=error["message"], family="failed") if error else ""),
                *((f"outputs.{name}", str(value)) for name, value in outputs.items()),
            ),
            look,
        )

    return View(document=document, items=as_items([document]), name="ref", table=table)


def _exit_text(code: int | None, signal: int | None) -> str:
    return f"signal {signal}" if signal is not None else "" if code is None else str(code)
