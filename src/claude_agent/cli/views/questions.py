"""Questions of agents at work as tables, and one with all that it asks for in clear text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import harmless, one_line
from claude_agent.cli.views.approvals import ADVISORY
from claude_agent.cli.views.common import as_items, elapsed, fields, more, now_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_agent.cli.look import Cell, Look
    from claude_sdk.wire_questions import Question, QuestionPage


def questions(page: QuestionPage) -> View:
    """Show a page of questions."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        rows = [_row(one, look, now) for one in page["items"]]
        head = ("ref", "state", "agent", "waits", "asks")
        lines = look.table(head, rows, elastic=4) if rows else ["No questions."]
        return [*lines, *more(page["next"], look)]

    return View(document=page, items=as_items(page["items"]), name="ref", table=table)


def _row(one: Question, look: Look, now: int) -> list[str | Cell]:
    return [
        one["ref"],
        look.state(one["shown"]),
        one["agent"],
        elapsed(one["created_at"], one["decided_at"], now),
        one_line(one["asks"]),
    ]


def question(one: Question) -> View:
    """Show one question with exactly what it is about, and how to answer it."""

    def table(look: Look) -> list[str]:
        lines = [*_head(one, look), "", *what_lines(one)]
        if one["state"] == "open":
            lines += ["", *(f"    {each}" for each in commands(one))]
        return [*lines, look.paint(ADVISORY, "waiting")] if one["advisory"] else lines

    return View(document=one, items=as_items([one]), name="ref", table=table)


def commands(one: Question) -> list[str]:
    """Return the commands that answer it."""
    ref = one["ref"]
    if one["what"] == "question":
        return [f'claude-agent question answer {ref} "..."']
    return [f"claude-agent question allow {ref}", f'claude-agent question deny {ref} "why not"']


def _head(one: Question, look: Look) -> list[str]:
    decided = f"{one['decision']} by {one['by']} ({one['via']})" if one["decision"] else ""
    late = one["decision"] is not None and one["delivered_at"] is None
    return fields(
        (
            ("question", one["ref"]),
            ("state", look.state(one["shown"])),
            ("asks", one["agent"]),
            ("task", f"{one_line(one['title'])} (claude-agent task show {one['task_id']})"),
            ("waits", elapsed(one["created_at"], one["decided_at"], now_ms())),
            ("decided", decided),
            ("delivered", "not yet" if late else ""),
            ("told", one_line(one["said"])),
            ("note", one_line(one["note"])),
            ("reason", one["reason"] or ""),
        ),
        look,
    )


def what_lines(one: Question) -> Iterator[str]:
    """Yield all that is asked, in words that cannot steer the terminal."""
    if one["tool"]:
        yield f"tool: {one_line(one['tool'])}"
    for line in harmless(one["text"]).splitlines():
        yield f"    {line}"
    for name, value in one["input"].items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True, indent=2)
        head, *rest = harmless(text).splitlines() or [""]
        yield f"{one_line(name)}: {head}"
        yield from (f"    {line}" for line in rest)
    if one["options"]:
        yield "options:"
        yield from (f"    {one_line(each)}" for each in one["options"])
