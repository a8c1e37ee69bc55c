"""What the page must show, made from the API's answers alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from claude_agent.cli.text import duration
from tests.e2e.product import Product

Doc = dict[str, Any]

LISTED = 20
"""So many executions and tasks the page lists."""

_QUIET = frozenset(
    {
        *("task.claimed", "task.starting", "task.reaped", "task.due"),
        *("step.queued", "execution.started"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A time that goes on: compared with what a clock says, within one tick."""

    since: int


def expected(product: Product, *, every_event: bool = False) -> Doc:
    """Return what the page must show now, made from the API's answers alone."""
    status = _get(product, "/agents/status")
    executions = _get(product, f"/executions?limit={LISTED}")
    tasks = _get(product, f"/tasks?limit={LISTED}")
    epoch, _, pos = _get(product, "/events/head")["cursor"].rpartition(":")
    frames = _get(product, f"/events?limit=500&after={epoch}:{max(0, int(pos) - 150)}")["items"]
    newest = executions["items"][0] if executions["items"] else None
    return {
        "version": _get(product, "/health")["version"],
        "figures": _figures(status, executions["counts"], tasks["counts"]),
        "working": {
            "agents": str(len(status["agents"])),
            "working": str(sum(bool(agent["running"]) for agent in status["agents"])),
        },
        "agents": [_agent(agent) for agent in status["agents"]],
        "workers": {name: str(status["workers"][name]) for name in ("busy", "slots")},
        "queues": [_queue(queue) for queue in status["queues"]],
        "execution_counts": {k: str(v) for k, v in executions["counts"].items()},
        "executions": [_execution(one) for one in executions["items"]],
        "execution": newest and _chosen(newest),
        "task_counts": {k: str(v) for k, v in tasks["counts"].items()},
        "tasks": [_task(one) for one in tasks["items"]],
        "events": [_event(one) for one in reversed(frames) if every_event or _is_main(one)][:60],
    }


def _get(product: Product, path: str) -> Doc:
    status, document = product.ask("GET", path)
    assert status == 200, f"{path}: {status} {document}"
    answer: Doc = document
    return answer


def _figures(status: Doc, executions: Mapping[str, int], tasks: Mapping[str, int]) -> Doc:
    return {
        "busy": str(status["workers"]["busy"]),
        "ready": str(sum(queue["ready"] for queue in status["queues"])),
        "executions": str(sum(executions.values())),
        "dead": str(tasks.get("dead", 0)),
    }


def _sign(thing: Doc) -> Doc:
    shown = thing["shown"]
    return {
        "state": thing["state"],
        "word": shown["word"],
        "sign": [thing["state"], shown["family"], shown["icon"]],
    }


def _took(start: int | None, end: int | None) -> str | Running:
    if start is None:
        return "–"  # noqa: RUF001 - the page's own sign for "no time"
    return Running(since=start) if end is None else duration(end - start)


def _agent(agent: Doc) -> Doc:
    runs = [
        {
            "title": task["title"],
            "ref": task["ref"],
            "elapsed": _took(task["started_at"], None),
        }
        for task in agent["running"]
    ]
    shown = {"name": agent["name"], "adapter": agent["adapter"], **_sign(agent), "runs": runs}
    return {**shown, "fake": "FAKE"} if agent["fake"] else shown


def _queue(queue: Doc) -> Doc:
    counted = {name: str(queue[name]) for name in ("ready", "scheduled", "running")}
    return {
        "name": queue["name"],
        **counted,
        "limit": "∞" if queue["limit"] is None else str(queue["limit"]),
        "oldest": _took(queue["oldest_ready_at"], None),
        **({"paused": queue["shown"]["word"]} if queue["paused"] else {}),
    }


def _execution(one: Doc) -> Doc:
    busy = [
        step["id"]
        for step in one["steps"]
        if step["shown"]["family"] == "running" or step["state"] == "compensating"
    ]
    failed = [step["id"] for step in one["steps"] if step["state"] == "failed"]
    return {
        **_sign(one),
        "name": one["name"],
        "ref": one["ref"],
        "now": ", ".join(busy) or next(iter(failed), ""),
        "elapsed": _took(one["started_at"], one["ended_at"]),
        "strip": [[step["id"], step["state"], step["shown"]["family"]] for step in one["steps"]],
    }


def _chosen(one: Doc) -> Doc:
    shown = {
        "state": one["state"],
        "ref": one["ref"],
        "workflow": one["workflow"],
        "cwd": one["cwd"],
        "steps": [_step(step) for step in one["steps"]],
    }
    if one["params"]:
        shown["params"] = " ".join(f"{name}={value}" for name, value in one["params"].items())
    if one["error"]:
        shown["error"] = one["error"]["message"]
        if one["not_undone"]:
            shown["not_undone"] = ", ".join(one["not_undone"])
    return shown


def _step(step: Doc) -> Doc:
    undo = step["compensation"]
    shown = {
        **_sign(step),
        "id": step["id"],
        "agent": step["agent"],
        "attempt": str(step["attempt"]),
        "max_attempts": str(step["max_attempts"]),
        "elapsed": _took(step["started_at"], step["ended_at"]),
        "undo": [_undo(undo)] if undo else [],
    }
    return {**shown, "error": step["error"]["message"]} if step["error"] else shown


def _undo(undo: Doc) -> Doc:
    shown = {**_sign(undo), "order": str(undo["order"])}
    del shown["state"]
    if undo["started_at"] is not None:
        shown["elapsed"] = _took(undo["started_at"], undo["ended_at"])
    return {**shown, "task_ref": undo["task_ref"]} if undo["task_ref"] else shown


def _task(task: Doc) -> Doc:
    shown = {
        **_sign(task),
        "title": task["title"],
        "ref": task["ref"],
        "agent": task["agent"],
        "attempt": str(task["attempt"]),
        "max_attempts": str(task["max_attempts"]),
        "elapsed": _took(task["started_at"], task["ended_at"]),
    }
    return {**shown, "fake": "FAKE"} if task["fake"] else shown


def _is_main(frame: Doc) -> bool:
    if frame["type"] in _QUIET:
        return False
    lone = frame["topic"] != "tasks" or not frame["execution_id"]
    return lone or frame["type"] == "task.adopted"


def _event(frame: Doc) -> list[Any]:
    at = datetime.fromtimestamp(frame["at"] / 1000, tz=UTC)
    return [frame["pos"], frame["type"], at.strftime("%H:%M:%S")]
