"""Executions as tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.output import View
from claude_agent.cli.text import one_line
from claude_agent.cli.views.common import as_items, clock_text, elapsed, more, now_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_sdk.wire import Execution, ExecutionPage, Step


def executions(page: ExecutionPage) -> View:
    """Show a page of executions."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        if not page["items"]:
            return ["No executions. Start one: claude-agent workflow --file deploy.yaml"]
        rows = [_execution_row(execution, look, now) for execution in page["items"]]
        head = ("ref", "state", "steps", "elapsed", "name")
        return [*look.table(head, rows, elastic=4), *more(page["next"], look)]

    return View(document=page, items=as_items(page["items"]), name="ref", table=table)


def _execution_row(execution: Execution, look: Look, now: int) -> list[str | Cell]:
    done = sum(step["ended_at"] is not None for step in execution["steps"])
    return [
        execution["ref"],
        look.state(execution["shown"]),
        f"{done}/{len(execution['steps'])}",
        elapsed(execution["started_at"], execution["ended_at"], now),
        execution["name"],
    ]


def execution(document: Execution, address: str) -> View:
    """Show one execution with its steps."""
    return View(
        document=document,
        items=as_items([document]),
        name="ref",
        table=lambda look: [
            *execution_lines(document, look, now_ms()),
            look.paint(address, "dim"),
        ],
    )


def execution_lines(document: Execution, look: Look, now: int) -> list[str]:
    """Return the head line, a line for each step, and how it ended."""
    head = look.table(
        ("", "", "", ""),
        [
            [
                look.state(document["shown"]),
                document["ref"],
                Cell(text=document["name"], family="bold"),
                elapsed(document["started_at"], document["ended_at"], now),
            ]
        ],
        elastic=2,
    )
    steps = look.table(
        ("", "", "", "", ""),
        [row for step in document["steps"] for row in _rows(step, look, now)],
        elastic=4,
    )
    return [*head, *(f"  {line}" for line in steps), *_ending(document, look)]


def _rows(step: Step, look: Look, now: int) -> Iterator[list[str | Cell]]:
    yield step_row(step, look, now)
    found = step.get("instances")
    if not found:
        return
    for one in found["items"]:
        undo = one["compensation"]
        shown = undo["shown"] if undo else one["shown"]
        times = undo or one
        error = one["error"]["message"] if one["error"] else one["reason"] or ""
        yield [
            Cell(text=f"  {look.icon(shown)} {one['id']}", family=shown["family"]),
            one_line(json.dumps(one["item"], ensure_ascii=False))[:40],
            Cell(text=shown["word"], family=shown["family"]),
            elapsed(times["started_at"], times["ended_at"], now),
            error,
        ]
    if found["total"] > len(found["items"]):
        counts = ", ".join(f"{count} {state}" for state, count in found["counts"].items())
        yield [f"  of {found['total']}: {counts}", "", "", "", ""]


def step_row(step: Step, look: Look, now: int) -> list[str | Cell]:
    """Return icon and name, agent, word, elapsed time, remark."""
    undo = step["compensation"]
    shown = undo["shown"] if undo else step["shown"]
    times = undo or step
    return [
        Cell(text=f"{look.icon(shown)} {step['id']}", family=shown["family"]),
        step["agent"] or "",
        Cell(text=shown["word"], family=shown["family"]),
        elapsed(times["started_at"], times["ended_at"], now),
        _remark(step),
    ]


def _remark(step: Step) -> str:
    parts = []
    if step["attempt"] > 1:
        parts.append(f"attempt {step['attempt']} of {step['max_attempts']}")
    if step["error"]:
        parts.append(step["error"]["message"])
    elif step["reason"]:
        parts.append(step["reason"])
    waiting, child = step.get("waiting"), step.get("execution")
    if waiting:
        names = (f"{kind} {name}" for kind, name in waiting.items() if name and kind != "until")
        until = [f"until {clock_text(waiting['until'])}"] if waiting["until"] else []
        parts.append("waits " + " or ".join([*until, *(f"for {name}" for name in names)]))
    if child:
        parts.append(f"execution {child['ref']}")
    return ", ".join(parts)


def _ending(document: Execution, look: Look) -> list[str]:
    error = document["error"]
    found = [look.paint(one_line(error["message"]), "failed")] if error else []
    if document["not_undone"]:
        found.append(f"not undone: {', '.join(document['not_undone'])}")
    return found
