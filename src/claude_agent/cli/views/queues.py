"""Queues as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import counted, duration, one_line
from claude_agent.cli.views.common import as_items, clock_text, fields, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.cli.look import Cell, Look
    from claude_sdk.wire import Frame, Queue
    from claude_sdk.wire_queues import MessageQueue, Purged, QueueDetail


def queues(found: Sequence[Queue], messages: Sequence[MessageQueue]) -> View:
    """Show every queue; those of messages stand below."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        head = ("queue", "kind", "state", "queued", "scheduled", "running", "oldest")
        rows = [_row(queue, look, now) for queue in found]
        return look.table(head, [*rows, *map(_message_row, messages)])

    return View(
        document={"items": found, "messages": messages},
        items=as_items(found),
        name="name",
        table=table,
    )


def _message_row(queue: MessageQueue) -> list[str | Cell]:
    dead = f"{queue['dead']} dead" if queue["dead"] else ""
    counts = [str(queue["ready"]), str(queue["delayed"]), str(queue["leased"])]
    return [queue["name"], "message", dead, *counts, ""]


def _row(queue: Queue, look: Look, now: int) -> list[str | Cell]:
    return [
        queue["name"],
        "task",
        look.state(queue["shown"]),
        str(queue["ready"]),
        str(queue["scheduled"]),
        _running(queue),
        _age(queue["oldest_ready_at"], now),
    ]


def _running(queue: Queue) -> str:
    return f"{queue['running']}/{'∞' if queue['limit'] is None else queue['limit']}"


def _age(at: int | None, now: int) -> str:
    return "" if at is None else duration(now - at)


def queue(document: QueueDetail) -> View:
    """Show one queue."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        by = "set by a person" if document["limit_by_person"] else "configured"
        states = ", ".join(f"{count} {state}" for state, count in document["states"].items())
        lines = fields(
            (
                ("queue", document["name"]),
                ("state", look.state(document["shown"])),
                ("tasks", states or "none"),
                ("running", f"{_running(document)} ({by})"),
                ("oldest", _age(document["oldest_ready_at"], now)),
                ("rate", f"{document['ended_per_minute']:g} ended per minute"),
            ),
            look,
        )
        told = [_told(frame) for frame in document["history"]]
        return [*lines, *(["", *look.table(("", "", "", ""), told, elastic=3)] if told else [])]

    return View(document=document, items=as_items([document]), name="name", table=table)


def _told(frame: Frame) -> list[str | Cell]:
    what = frame["type"].removeprefix("queue.")
    data = ", ".join(f"{name} {value}" for name, value in frame["data"].items() if value)
    return [clock_text(frame["at"]), what, frame["actor"], one_line(data)]


def purged(document: Purged) -> View:
    """Say how many tasks were cancelled."""
    return View(
        document=document,
        items=as_items([document]),
        name="name",
        table=lambda _: [
            f"{counted(document['cancelled'], 'task')} of {document['name']} cancelled."
        ],
    )
