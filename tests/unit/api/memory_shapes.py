"""The wire shapes that the in-memory services answer with."""

from collections.abc import Mapping
from typing import Any

import yaml

from claude_agent.api.services import Wire, WorkflowStart
from claude_agent.errors import DefinitionInvalid, NotFound

SHOWN = {"word": "ready", "icon": "clock", "family": "waiting"}


def app_of(name: str) -> Wire:
    url = "http://127.0.0.1:9"
    common = {"release": "r1", "state": "running", "previous": None}
    return {"name": name, "url": url, "pid": 7, **common}


def agent_of(name: str) -> Wire:
    return {
        "name": name,
        "state": "idle",
        "shown": SHOWN,
        "adapter": "shell",
        "fake": False,
        "note": "",
        "queue": name,
        "session": f"claude-{name}",
        "session_alive": True,
        "running": [],
        "slots": 3,
        "capabilities": [],
        "last_output_at": None,
    }


def task_of(number: int, kind: str, spec: Mapping[str, Any], agent: str) -> Wire:
    kinds = {name: spec.get(name) for name in ("prompt", "run", "action", "with", "cwd")}
    times = dict.fromkeys(("due_at", "started_at", "ended_at"))
    nothing = dict.fromkeys(("execution_id", "step_id", "reason", "error", "outputs"))
    return {
        "id": f"task-{number}",
        "ref": f"T{number}",
        "title": spec.get("title", spec[kind])[:60],
        "kind": kind,
        **kinds,
        "agent": agent,
        "queue": spec.get("queue", agent),
        "priority": spec.get("priority", "NORMAL"),
        "state": "ready",
        "shown": SHOWN,
        "attempt": 0,
        "max_attempts": 1,
        "run_number": 0,
        "adapter": "shell",
        "fake": False,
        **nothing,
        "purpose": "task",
        "created_at": 1_700_000_000_000,
        **times,
        "routed_by": "named",
        "lock": None,
        "waits_for": [],
        "question": None,
        "taken_over": None,
        "parked": None,
        "evidence": [],
        "verified": None,
        "last_output_at": None,
        "stuck_since": None,
        "url": f"/ui/#/tasks/T{number}",
    }


def execution_of(number: int, definition: Wire, start: WorkflowStart) -> Wire:
    nothing = dict.fromkeys(("started_at", "ended_at", "reason", "error", "outputs"))
    return {
        "id": f"execution-{number}",
        "ref": f"X{number}",
        "name": definition["name"],
        "workflow": definition["workflow"],
        "definition": definition["hash"],
        "generation": 1,
        "state": "running",
        "shown": SHOWN,
        "params": dict(start.params),
        "cwd": start.cwd,
        "created_at": 1_700_000_000_000,
        **nothing,
        "not_undone": [],
        "started_by": None,
        "steps": [step_of(step) for step in definition["steps"]],
        "url": f"/ui/#/executions/X{number}",
    }


def step_of(step: Mapping[str, Any]) -> Wire:
    names = ("task_id", "task_ref", "started_at", "ended_at", "reason", "error", "outputs")
    return {
        "id": step["id"],
        "state": "pending",
        "shown": SHOWN,
        "agent": step.get("agent"),
        "kind": "action",
        "action": step.get("action"),
        "depends_on": step.get("depends_on", []),
        "attempt": 0,
        "max_attempts": 1,
        **dict.fromkeys(names),
        "compensate": None,
        "compensation": None,
    }


def find(things: Mapping[str, Wire], ref: str, what: str) -> Wire:
    for name, thing in things.items():
        if ref in {name, thing.get("ref")}:
            return thing
    msg = f"There is no {what} {ref}."
    raise NotFound(msg, hint=f"List them with GET /{what}s.")


def page_of(found: list[Wire], limit: int, cursor: str | None) -> Wire:
    first = int(cursor or 0)
    counts: dict[str, int] = {}
    for thing in found:
        counts[thing["state"]] = counts.get(thing["state"], 0) + 1
    more = first + limit < len(found)
    items = found[first : first + limit]
    return {"items": items, "next": str(first + limit) if more else None, "counts": counts}


def compiled(source: str, file: str) -> Wire:
    try:
        data = yaml.safe_load(source)
    except yaml.YAMLError:
        data = None
    if not isinstance(data, dict) or "steps" not in data:
        place = {"file": file, "line": 1, "column": 1, "path": "", "hint": "Add steps."}
        msg = f"{file} is not a workflow."
        raise DefinitionInvalid(msg, problems=[{"message": "no steps", **place}])
    return {
        "workflow": str(data["name"]).lower().replace(" ", "-"),
        "name": data["name"],
        "hash": "ab" * 32,
        "description": "",
        "inputs": None,
        "form": {"type": "object"},
        "steps": [dict(step) for step in data["steps"]],
        "source": "user",
    }
