"""Dead letters as tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell
from claude_agent.cli.output import View
from claude_agent.cli.text import counted, duration, harmless, one_line
from claude_agent.cli.views.common import as_items, clock_text, fields, more, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.cli.look import Look
    from claude_sdk.wire import Frame
    from claude_sdk.wire_queues import (
        DeadLetter,
        DeadLetterDetail,
        DeadLetterPage,
        HandledLetter,
        Redrive,
    )

TAIL_LINES = 40


def letters(page: DeadLetterPage) -> View:
    """Show a page of dead letters."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        rows = [_row(letter, now) for letter in page["items"]]
        if not rows:
            return ["No dead letters."]
        head = ("ref", "kind", "queue", "agent", "reason", "tries", "died", "title")
        counts = ", ".join(counted(n, kind) for kind, n in page["counts"].items())
        return [*look.table(head, rows, elastic=7), "", counts, *more(page["next"], look)]

    return View(document=page, items=as_items(page["items"]), name="ref", table=table)


def _row(letter: DeadLetter, now: int) -> list[str | Cell]:
    return [
        letter["ref"],
        letter["kind"],
        letter["queue"],
        letter["agent"],
        Cell(text=letter["reason"], family="failed"),
        str(letter["attempts"]),
        f"{duration(now - letter['died_at'])} ago",
        letter["title"],
    ]


def letter(document: DeadLetterDetail) -> View:
    """Show one dead letter with its evidence."""

    def table(look: Look) -> list[str]:
        lines = fields(
            (
                (document["kind"], document["ref"]),
                ("id", document["id"] if document["id"] != document["ref"] else ""),
                ("title", document["title"]),
                ("reason", Cell(text=document["reason"], family="failed")),
                ("queue", document["queue"]),
                ("agent" if document["kind"] == "task" else "actor", document["agent"]),
                ("attempts", str(document["attempts"])),
                ("generation", str(document["generation"])),
                ("died", f"{duration(now_ms() - document['died_at'])} ago"),
                ("step", document["step_id"] or ""),
                ("execution", document["execution_id"] or ""),
                ("environment", ", ".join(document["environment"])),
            ),
            look,
        )
        for title, part in (
            ("errors", _errors(document, look)),
            ("payload", _payload(document)),
            ("output", _last(document["tail"])),
            ("diff", _last(document["diff"] or "")),
            ("history", _history(document, look)),
        ):
            if part:
                lines += ["", look.paint(title, "dim"), *(f"  {line}" for line in part)]
        return [*lines, "", _next_step(document)]

    return View(document=document, items=as_items([document]), name="ref", table=table)


def _errors(document: DeadLetterDetail, look: Look) -> list[str]:
    rows: list[list[str | Cell]] = [
        [
            clock_text(error["at"]),
            f"attempt {error['attempt']}" if error["attempt"] else "",
            Cell(text=error["kind"], family="failed"),
            one_line(error["message"]),
        ]
        for error in document["errors"]
    ]
    return look.table(("", "", "", ""), rows, elastic=3) if rows else []


def _payload(document: DeadLetterDetail) -> list[str]:
    kept = {name: value for name, value in document["payload"].items() if value not in ("", {}, [])}
    return [one_line(f"{name}: {_short(value)}") for name, value in kept.items()]


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _last(text: str) -> list[str]:
    return harmless(text).rstrip("\n").split("\n")[-TAIL_LINES:] if text else []


def _history(document: DeadLetterDetail, look: Look) -> list[str]:
    rows: list[list[str | Cell]] = [_told(frame) for frame in document["events"]]
    lines = look.table(("", "", ""), rows) if rows else []
    return [*lines, *(one_line(_short(line)) for line in document["history"])]


def _told(frame: Frame) -> list[str | Cell]:
    return [clock_text(frame["at"]), frame["type"], frame["actor"]]


def _next_step(document: DeadLetterDetail) -> str:
    if not document["redrivable"]:
        return (
            "It is a step of a workflow: start that again. "
            f"See claude-agent execution show {document['execution_id']}"
        )
    return f"Run it again: claude-agent deadletter retry {document['ref']}"


def handled(document: HandledLetter) -> View:
    """Say what became of a dead letter."""
    said = f"{document['kind']} {document['ref']} is {document['state']}"
    if document["state"] == "ready":
        said += f" again in {document['queue']} (generation {document['generation']})"
    return View(
        document=document,
        items=as_items([document]),
        name="ref",
        table=lambda _: [f"{said}: {one_line(document['title'])}"],
    )


def redrive(document: Redrive) -> View:
    """Show how far a re-drive of many is."""

    def table(look: Look) -> list[str]:
        criteria = ", ".join(f"{name} {value}" for name, value in document["criteria"].items())
        return fields(
            (
                ("re-drive", document["id"]),
                ("state", document["state"]),
                ("letters", criteria or "all"),
                ("rate", document["rate"] or "as fast as it goes"),
                ("done", f"{document['done']} of {document['total']}"),
                ("skipped", str(document["skipped"]) if document["skipped"] else ""),
                ("by", document["actor"]),
            ),
            look,
        )

    return View(document=document, items=as_items([document]), name="id", table=table)


def redrives(found: Sequence[Redrive]) -> View:
    """Show the newest re-drives of many."""

    def table(look: Look) -> list[str]:
        rows: list[list[str | Cell]] = [
            [
                one["id"],
                one["state"],
                f"{one['done']} of {one['total']}",
                one["rate"] or "",
                one["actor"],
            ]
            for one in found
        ]
        if not rows:
            return ["No re-drives."]
        return look.table(("re-drive", "state", "done", "rate", "by"), rows)

    return View(document={"items": found}, items=as_items(found), name="id", table=table)
