"""Documents as the gateway sends them: one of each kind, complete."""

from typing import Any

Json = dict[str, Any]
NOW = 1_700_000_000_000

_FAMILIES = {
    "running": ("running", "loader-circle", "running"),
    "ready": ("queued", "clock", "idle"),
    "pending": ("not started", "circle-dashed", "idle"),
    "queued": ("queued", "clock", "idle"),
    "succeeded": ("succeeded", "circle-check", "ok"),
    "failed": ("failed", "octagon-x", "failed"),
    "dead": ("dead letter", "archive", "failed"),
    "cancelled": ("cancelled", "ban", "idle"),
    "rejected": ("rejected", "circle-x", "failed"),
    "expired": ("expired", "circle-x", "failed"),
    "compensating": ("rolling back", "undo-2", "healing"),
    "compensated": ("rolled back", "undo-2", "healing"),
    "idle": ("idle", "circle", "idle"),
    "working": ("working", "loader-circle", "running"),
    "open": ("open", "circle", "idle"),
    "paused": ("paused", "circle-pause", "waiting"),
}


def shown(state: str) -> Json:
    word, icon, family = _FAMILIES[state]
    return {"word": word, "icon": icon, "family": family}


def task(ref: str, *, state: str = "ready", **spec: Any) -> Json:
    kind = next((name for name in ("prompt", "run", "action") if name in spec), "run")
    return {
        "id": f"id-{ref}",
        "ref": ref,
        "title": spec.get("title") or str(spec.get(kind, "true")),
        "kind": kind,
        "prompt": spec.get("prompt"),
        "run": spec.get("run"),
        "action": spec.get("action"),
        "with": spec.get("with"),
        "agent": spec.get("agent", "master"),
        "queue": spec.get("agent", "master"),
        "priority": spec.get("priority", "NORMAL"),
        "state": state,
        "shown": shown(state),
        "attempt": 1,
        "max_attempts": 3,
        "run_number": 1,
        "adapter": "shell",
        "fake": False,
        "execution_id": None,
        "step_id": None,
        "purpose": "task",
        "lock": None,
        "created_at": NOW,
        "due_at": None,
        "started_at": NOW - 3000,
        "ended_at": None,
        "reason": None,
        "error": None,
        "outputs": None,
        "routed_by": "fallback",
        "cwd": spec.get("cwd"),
        "waits_for": [],
        "question": None,
        "taken_over": None,
        "parked": None,
        "evidence": [],
        "verified": None,
        "last_output_at": None,
        "stuck_since": None,
        "url": f"/ui/#/tasks/{ref}",
    }


def result(found: Json) -> Json:
    code = 0 if found["state"] == "succeeded" else 1
    return {
        "id": found["id"],
        "ref": found["ref"],
        "state": found["state"],
        "outputs": found["outputs"],
        "error": found["error"],
        "exit": {"code": code, "signal": None},
        "attempt": found["attempt"],
        "evidence": [],
    }


def step(name: str, agent: str, *, state: str = "pending", after: str | None = None) -> Json:
    return {
        "id": name,
        "state": state,
        "shown": shown(state),
        "agent": agent,
        "kind": "action",
        "action": name,
        "depends_on": [after] if after else [],
        "task_id": f"id-{name}",
        "task_ref": name.upper(),
        "attempt": 1,
        "max_attempts": 1,
        "started_at": None,
        "ended_at": None,
        "reason": None,
        "error": None,
        "outputs": None,
        "compensate": None,
        "compensation": None,
    }


def execution(ref: str, *, params: Json | None = None, cwd: str | None = None) -> Json:
    return {
        "id": f"id-{ref}",
        "ref": ref,
        "name": "Deploy shop",
        "workflow": "deploy",
        "definition": "c" * 64,
        "generation": 1,
        "state": "running",
        "shown": shown("running"),
        "params": params or {},
        "cwd": cwd,
        "created_at": NOW - 3000,
        "started_at": NOW - 2000,
        "ended_at": None,
        "reason": None,
        "error": None,
        "outputs": None,
        "not_undone": [],
        "started_by": None,
        "steps": [step("build", "backend-api"), step("deploy", "deployment", after="build")],
        "url": f"/ui/#/executions/{ref}",
    }


def agent(name: str, **more: Any) -> Json:
    return {
        "name": name,
        "state": "idle",
        "shown": shown("idle"),
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
    } | more


def queue(name: str, **more: Any) -> Json:
    return {
        "name": name,
        "ready": 0,
        "scheduled": 0,
        "running": 0,
        "limit": None,
        "oldest_ready_at": None,
        "paused": False,
        "shown": shown("open"),
    } | more


def queue_detail(name: str, **more: Any) -> Json:
    return (
        queue(name)
        | {
            "states": {"ready": 2, "scheduled": 1, "running": 1},
            "configured_limit": 3,
            "limit_by_person": False,
            "ended_per_minute": 0.4,
            "history": [],
        }
        | more
    )


def status(agents: list[Json], cursor: str) -> Json:
    return {
        "agents": agents,
        "queues": [queue(item["queue"], ready=2) for item in agents],
        "workers": {"slots": 15, "busy": 1, "emergency_reserved": 1},
        "left_alone": [],
        "cursor": cursor,
    }


def workflow() -> Json:
    return {
        "workflow": "deploy",
        "name": "Deploy shop",
        "hash": "c" * 64,
        "description": "Ship it",
        "form": {"type": "object"},
        "inputs": {
            "env": {"schema": {"type": "string"}, "required": True, "default": None},
            "replicas": {"schema": {"type": "integer"}, "required": False, "default": 2},
        },
        "steps": [
            {"id": "build", "agent": "backend-api", "depends_on": []},
            {"id": "deploy", "agent": "deployment", "depends_on": ["build"]},
        ],
        "source": "user",
    }


def app(name: str, **more: Any) -> Json:
    return {
        "name": name,
        "url": "http://127.0.0.1:8000",
        "pid": 4711,
        "release": "r2",
        "state": "running",
        "previous": "r1",
    } | more


def start(task_id: str, run: int, **more: Any) -> Json:
    return {
        "task_id": task_id,
        "ref": task_id[-4:],
        "run": run,
        "attempt": run,
        "step_id": None,
        "execution_id": None,
        "at": NOW,
        "cause": "",
    } | more


def letter(ref: str, kind: str = "task", **more: Any) -> Json:
    """Return a dead letter with its evidence."""
    found = {
        "kind": kind,
        "id": f"id-{ref}",
        "ref": ref,
        "title": "pytest",
        "queue": "testing",
        "agent": "testing",
        "reason": "exit",
        "error": {"kind": "exit", "message": "It exited with 1."},
        "attempts": 2,
        "generation": 1,
        "created_at": NOW - 9000,
        "died_at": NOW,
        "execution_id": None,
        "step_id": None,
        "redrivable": True,
        "shown": shown("dead"),
        "url": f"/ui/#/tasks/{ref}" if kind == "task" else None,
        "payload": {"run": "pytest", "env": {}},
        "errors": [
            {"at": NOW, "attempt": 2, "run": 2, "kind": "exit", "message": "It exited with 1."}
        ],
        "tail": "collecting\n\x1b[31m1 failed\n",
        "diff": None,
        "environment": ["HOME", "PATH"],
        "events": [],
        "history": [],
    }
    return found | more


def redrive(redrive_id: str, criteria: Json, rate: str | None) -> Json:
    return {
        "id": redrive_id,
        "state": "running",
        "criteria": criteria,
        "rate": rate,
        "actor": "operator",
        "total": 2,
        "done": 0,
        "skipped": 0,
        "started_at": NOW,
        "ended_at": None,
    }


def host(name: str, state: str = "up", **more: Any) -> Json:
    """A host as `GET /hosts` shows it."""
    worker = {"id": f"w-{name}", "pid": 7, "role": "worker", "queues": ["testing"], "slots": 4}
    worker |= {"busy": 1, "started_at": NOW, "lost": state != "up"}
    return {
        "name": name,
        "state": state,
        "here": name == "head",
        "home": f"/home/{name}",
        "seen_at": NOW,
        "lost_by": "",
        "fencing": None
        if state == "up"
        else {"state": "failed", "tries": 2, "at": NOW, "next_at": NOW + 60_000, "said": "No."},
        "slots": 4,
        "busy": 1,
        "tasks": {"running": 1},
        "workers": [worker],
        **more,
    }


def state_entry(key: str, value: Any, *, version: int = 1) -> Json:
    return {
        "key": key,
        "value": value,
        "version": version,
        "updated_at": NOW,
        "updated_by": "operator",
        "expires_at": None,
    }


def snapshot(name: str = "nightly") -> Json:
    return {
        "id": "s1",
        "name": name,
        "pos": 7,
        "keys": 1,
        "created_at": NOW,
        "created_by": "operator",
    }


def breaker(state: str = "open") -> Json:
    away = state == "open"
    return {
        "name": "agent:testing",
        "state": state,
        "failures": 5 if away else 0,
        "trips": 1 if away else 0,
        "until": NOW + 30_000 if away else None,
        "reason": "auth: It is not logged in." if away else "",
        "kind": "",
        "trying": None,
        "changed_at": NOW,
    }


def rollback() -> Json:
    return {
        "id": "id-X1",
        "ref": "X1",
        "workflow": "deploy",
        "state": "compensated",
        "reason": "exit",
        "failed_step": "verify",
        "ended_at": NOW,
    }


def schedule_tick() -> Json:
    return {
        "tick": NOW,
        "kind": "cron",
        "state": "started",
        "at": NOW,
        "reason": None,
        "message": None,
        "execution_id": "execution-1",
        "execution_ref": "X1",
        "execution_state": "running",
    }


def schedule(name: str, *, state: str = "active") -> Json:
    return {
        "id": name,
        "workflow": "nightly",
        "definition": "ab" * 32,
        "cron": "0 3 * * *",
        "tz": "Europe/Rome",
        "catchup_ms": 0,
        "overlap": "skip",
        "inputs": {},
        "state": state,
        "reason": None,
        "next": [NOW + 60_000],
        "last": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
