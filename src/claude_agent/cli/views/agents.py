"""Agents, queues and workers as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.output import View
from claude_agent.cli.text import counted, duration, one_line
from claude_agent.cli.views import hosts as hosts_view
from claude_agent.cli.views.common import (
    as_items,
    elapsed,
    fields,
    now_ms,
    question_notice,
    waiting_notice,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_sdk.wire import Agent, Host, LeftAlone, Queue, Status


def status(
    document: Status,
    address: str,
    hosts: Sequence[Host] = (),
    *,
    approvals: int = 0,
    questions: int = 0,
) -> View:
    """Show agents, queues and workers, of several hosts each with its own; and what waits."""

    def table(look: Look) -> list[str]:
        queues = {queue["name"]: queue for queue in document["queues"]}
        rows = []
        for agent in document["agents"]:
            row = agent_row(agent, look)
            rows.append([*row[:2], _queued(queues.get(agent["queue"])), *row[2:]])
        workers = document["workers"]
        waiting = sum(queue["ready"] for queue in document["queues"])
        later = sum(queue["scheduled"] for queue in document["queues"])
        foot = f"{workers['busy']}/{workers['slots']} workers busy, {waiting} queued" + (
            f", {later} scheduled" if later else ""
        )
        head = ("agent", "state", "queued", "adapter", "session", "now")
        lines = [*look.table(head, rows, elastic=5), "", f"{foot}   {address}"]
        if notice := waiting_notice(approvals):
            lines.append(look.paint(notice, "waiting"))
        if notice := question_notice(questions):
            lines.append(look.paint(notice, "waiting"))
        lines += [_left_alone(one) for one in document["left_alone"]]
        return [*lines, "", *hosts_view.lines(hosts, look)] if len(hosts) > 1 else lines

    return View(document=document, items=as_items(document["agents"]), name="name", table=table)


def _left_alone(one: LeftAlone) -> str:
    left = max(0, (one["until"] or 0) - now_ms())
    when = f"for {duration(left)}" if one["state"] == "open" else "but for one try"
    reason = one_line(one["reason"])
    return (
        f"{one['name']} is left alone {when}: {reason} (claude-agent breaker reset {one['name']})"
    )


def agents(found: Sequence[Agent], document: object) -> View:
    """Show agents alone."""

    def table(look: Look) -> list[str]:
        rows = [agent_row(agent, look) for agent in found]
        return look.table(("agent", "state", "adapter", "session", "now"), rows, elastic=4)

    return View(document=document, items=as_items(found), name="name", table=table)


def agent_row(agent: Agent, look: Look) -> list[str | Cell]:
    """Return name, state, adapter, session, what it works on."""
    session = agent["session"]
    return [
        agent["name"],
        look.state(agent["shown"]),
        _driven(agent),
        session if agent["session_alive"] else Cell(text=f"{session} (lost)", family="failed"),
        ", ".join(f"{running['ref']} {running['title']}" for running in agent["running"]),
    ]


def _driven(agent: Agent) -> str:
    auto = " (auto)" if agent["note"].startswith("auto:") else ""
    return agent["adapter"] + (" (fake)" if agent["fake"] else auto)


def _queued(queue: Queue | None) -> str | Cell:
    if queue is None:
        return ""
    if queue["paused"]:
        return Cell(text=f"{queue['ready']} ({queue['shown']['word']})", family="waiting")
    return str(queue["ready"])


def agent(document: Agent, address: str) -> View:
    """Show one agent."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        last = document["last_output_at"]
        lines = fields(
            (
                ("agent", document["name"]),
                ("state", look.state(document["shown"])),
                ("adapter", _driven(document)),
                ("why", document["note"]),
                ("session", document["session"] + ("" if document["session_alive"] else " (lost)")),
                ("slots", str(document["slots"])),
                ("capabilities", ", ".join(document["capabilities"])),
                ("last output", f"{duration(now - last)} ago" if last else ""),
                ("address", address),
            ),
            look,
        )
        running = [
            [item["ref"], elapsed(item["started_at"], None, now), item["title"]]
            for item in document["running"]
        ]
        if running:
            lines += ["", f"{counted(len(running), 'task')} running"]
            lines += [f"  {line}" for line in look.table(("", "", ""), running, elastic=2)]
        return lines

    return View(document=document, items=as_items([document]), name="name", table=table)
