"""How each answer of the API looks as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.output import View
from claude_agent.cli.text import counted, duration, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from claude_sdk.wire import (
        Agent,
        Execution,
        ExecutionPage,
        Frame,
        Frames,
        Queue,
        Result,
        Status,
        Step,
        Task,
        TaskPage,
    )


def now_ms() -> int:
    """Return the wall time in epoch milliseconds."""
    from claude_agent.clock import SystemClock  # noqa: PLC0415 - not every table shows times

    return SystemClock().now()


def clock_text(at: int) -> str:
    """Return `14:03:59`, local time."""
    import time  # noqa: PLC0415 - not every table shows times

    return time.strftime("%H:%M:%S", time.localtime(at / 1000))


def elapsed(started: int | None, ended: int | None, now: int) -> str:
    """Return how long something took, or takes so far; empty when it has not started."""
    if started is None:
        return ""
    return duration((ended if ended is not None else now) - started)


def as_items(items: Sequence[object]) -> Sequence[Mapping[str, object]]:
    """Return typed documents as plain mappings."""
    return cast("Sequence[Mapping[str, object]]", items)


def fields(pairs: Iterable[tuple[str, str | Cell]], look: Look) -> list[str]:
    """Return `name  value` lines, without those that have no value."""
    kept = [(name, value) for name, value in pairs if value]
    return look.table(
        ("", ""), [[Cell(text=name, family="dim"), value] for name, value in kept], elastic=1
    )


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
        return [*look.table(head, rows, elastic=5), *_more(page["next"], look)]

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


def _more(cursor: str | None, look: Look) -> list[str]:
    return [look.paint(f"More: --cursor {cursor}", "dim")] if cursor else []


def task(document: Task, address: str) -> View:
    """Show one task."""

    def table(look: Look) -> list[str]:
        error = document["error"]
        return fields(
            (
                ("ref", document["ref"]),
                ("id", document["id"]),
                ("state", look.state(document["shown"])),
                ("reason", document["reason"] or ""),
                ("error", Cell(text=error["message"], family="failed") if error else ""),
                ("title", document["title"]),
                ("agent", document["agent"]),
                ("routed by", document["routed_by"] or ""),
                ("adapter", document["adapter"] + (" (fake)" if document["fake"] else "")),
                ("priority", document["priority"]),
                ("attempt", f"{document['attempt']} of {document['max_attempts']}"),
                ("elapsed", elapsed(document["started_at"], document["ended_at"], now_ms())),
                ("step", document["step_id"] or ""),
                ("execution", document["execution_id"] or ""),
                ("folder", document["cwd"] or ""),
                ("address", address),
            ),
            look,
        )

    return View(document=document, items=as_items([document]), name="ref", table=table)


def result(document: Result) -> View:
    """Show what a task left."""

    def table(look: Look) -> list[str]:
        ended, error = document["exit"], document["error"]
        outputs = document["outputs"] or {}
        return fields(
            (
                ("ref", document["ref"]),
                ("state", document["state"]),
                ("exit", _exit_text(ended["code"], ended["signal"]) if ended else ""),
                ("error", Cell(text=error["message"], family="failed") if error else ""),
                *((f"outputs.{name}", str(value)) for name, value in outputs.items()),
            ),
            look,
        )

    return View(document=document, items=as_items([document]), name="ref", table=table)


def _exit_text(code: int | None, signal: int | None) -> str:
    return f"signal {signal}" if signal is not None else "" if code is None else str(code)


def executions(page: ExecutionPage) -> View:
    """Show a page of executions."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        if not page["items"]:
            return ["No executions. Start one: claude-agent workflow --file deploy.yaml"]
        rows = [_execution_row(execution, look, now) for execution in page["items"]]
        head = ("ref", "state", "steps", "elapsed", "name")
        return [*look.table(head, rows, elastic=4), *_more(page["next"], look)]

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
        ("", "", "", "", ""), [step_row(step, look, now) for step in document["steps"]], elastic=4
    )
    return [*head, *(f"  {line}" for line in steps), *_ending(document, look)]


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
    return ", ".join(parts)


def _ending(document: Execution, look: Look) -> list[str]:
    error = document["error"]
    found = [look.paint(one_line(error["message"]), "failed")] if error else []
    if document["not_undone"]:
        found.append(f"not undone: {', '.join(document['not_undone'])}")
    return found


def status(document: Status, address: str) -> View:
    """Show agents, queues and workers."""

    def table(look: Look) -> list[str]:
        queues = {queue["name"]: queue for queue in document["queues"]}
        rows = [agent_row(agent, queues.get(agent["queue"]), look) for agent in document["agents"]]
        workers = document["workers"]
        waiting = sum(queue["ready"] for queue in document["queues"])
        later = sum(queue["scheduled"] for queue in document["queues"])
        foot = f"{workers['busy']}/{workers['slots']} workers busy, {waiting} queued" + (
            f", {later} scheduled" if later else ""
        )
        head = ("agent", "state", "queued", "adapter", "session", "now")
        return [*look.table(head, rows, elastic=5), "", f"{foot}   {address}"]

    return View(document=document, items=as_items(document["agents"]), name="name", table=table)


def agents(found: Sequence[Agent], document: object) -> View:
    """Show agents alone."""

    def table(look: Look) -> list[str]:
        rows = [agent_row(agent, None, look) for agent in found]
        return look.table(
            ("agent", "state", "queued", "adapter", "session", "now"), rows, elastic=5
        )

    return View(document=document, items=as_items(found), name="name", table=table)


def agent_row(agent: Agent, queue: Queue | None, look: Look) -> list[str | Cell]:
    """Return name, state, queue, adapter, session, what it works on."""
    session = agent["session"]
    return [
        agent["name"],
        look.state(agent["shown"]),
        str(queue["ready"]) if queue else "",
        agent["adapter"] + (" (fake)" if agent["fake"] else ""),
        session if agent["session_alive"] else Cell(text=f"{session} (lost)", family="failed"),
        ", ".join(f"{running['ref']} {running['title']}" for running in agent["running"]),
    ]


def agent(document: Agent, address: str) -> View:
    """Show one agent."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        last = document["last_output_at"]
        lines = fields(
            (
                ("agent", document["name"]),
                ("state", look.state(document["shown"])),
                ("adapter", document["adapter"] + (" (fake)" if document["fake"] else "")),
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


def events(page: Frames) -> View:
    """Show events."""
    return View(
        document=page,
        items=as_items(page["items"]),
        name="pos",
        table=lambda look: [frame_line(frame, look) for frame in page["items"]],
    )


def frame_line(frame: Frame, look: Look) -> str:
    """Return one event on one line."""
    data = " ".join(
        f"{name}={value}"
        for name, value in frame["data"].items()
        if isinstance(value, str | int | float) and value != ""
    )
    head = f"{clock_text(frame['at'])}  {frame['pos']:>6}  "
    rest = one_line(f"{frame['type']:<26}{_short(frame)}  {data}")
    return head + (rest[: max(10, look.columns - len(head))] if look.terminal else rest)


def _short(frame: Frame) -> str:
    data = frame["data"]
    name = data.get("ref") or data.get("step_id") or data.get("agent")
    return str(name) if name else frame["id"].rpartition("/")[2][-8:]
