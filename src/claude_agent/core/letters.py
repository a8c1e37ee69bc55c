"""Dead letters of both kinds as clients see them: which are meant, and their wire forms."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from claude_agent.core.views import Wire
from claude_agent.domain import vocabulary
from claude_agent.domain.priority import Priority
from claude_agent.domain.retry import RetryPolicy
from claude_agent.domain.task import Task
from claude_agent.storage.database import Row
from claude_agent.storage.log import Recorded

TASK, MESSAGE = "task", "message"
KINDS = (TASK, MESSAGE)
MAX_BODY = 65_536
"""So much of an unreadable message's body is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Which dead letters are meant; None means any."""

    kind: str | None = None
    """`task` or `message`."""
    queue: str | None = None
    reason: str | None = None
    agent: str | None = None
    """The agent of a task, the actor of a message."""
    since: int | None = None
    """Dead since this moment, epoch ms."""

    def to_data(self) -> Wire:
        """Return what was given."""
        names = ("kind", "queue", "reason", "agent", "since")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def params(self) -> dict[str, object]:
        """Return what the queries take."""
        return {
            "queue": self.queue or "",
            "reason": self.reason or "",
            "agent": self.agent or "",
            "since": self.since or 0,
        }

    def wants(self, kind: str) -> bool:
        """Say whether letters of this kind are meant."""
        return self.kind in (None, kind)


def task_letter(task: Task) -> Wire:
    """Return the wire form of a dead task."""
    spec = task.spec
    return {
        "kind": TASK,
        "id": task.id,
        "ref": task.ref,
        "title": spec.title,
        "queue": spec.queue,
        "agent": spec.agent,
        "reason": task.reason,
        "error": dict(task.error) if task.error else None,
        "attempts": task.attempt,
        "generation": task.generation,
        "created_at": task.created_at,
        "died_at": task.ended_at or task.created_at,
        "execution_id": spec.execution_id or None,
        "step_id": spec.step_id or None,
        "redrivable": spec.purpose == "task",
        "shown": vocabulary.TASK["dead"].to_data(),
        "url": f"/ui/#/tasks/{task.ref}",
    }


def message_letter(row: Row) -> Wire:
    """Return the wire form of a dead message."""
    history = lines_of(row["history"])
    return {
        "kind": MESSAGE,
        "id": row["id"],
        "ref": row["id"],
        "title": row["actor"],
        "queue": row["queue"],
        "agent": row["actor"],
        "reason": row["dead_reason"] or "",
        "error": _message_error(row),
        "attempts": _attempts(row),
        "generation": 1 + sum(line.get("event") == "redriven" for line in history),
        "created_at": row["enqueued_at"],
        "died_at": row["dead_at"],
        "execution_id": None,
        "step_id": None,
        "redrivable": True,
        "shown": vocabulary.TASK["dead"].to_data(),
        "url": None,
    }


def task_payload(task: Task) -> Wire:
    """Return what was asked, as `POST /tasks/submit` names it, without what was left empty.

    Of the environment only the names: a value may be a secret.
    """
    spec = task.spec
    asked = {
        spec.kind: spec.text,
        "title": spec.title,
        "agent": spec.agent,
        "queue": spec.queue,
        "priority": Priority(spec.priority).name,
        "with": dict(spec.with_),
        "cwd": spec.cwd,
        "env": sorted(spec.env),
        "timeout": {name: value for name, value in asdict(spec.limits).items() if value},
        "retry": spec.retry.to_data() if spec.retry != RetryPolicy() else {},
        "gates": [dict(gate) for gate in spec.gates],
        "outputs": dict(spec.outputs),
        "result_schema": dict(spec.result_schema),
        "verify": spec.verify,
        "idempotent": spec.idempotent,
        "on_uncertain": spec.on_uncertain,
        "routed_by": spec.routed_by,
    }
    return {name: value for name, value in asked.items() if value}


def task_errors(history: list[Recorded]) -> list[Wire]:
    """Return the chain of errors of a task's last generation, the oldest first."""
    chain: list[Wire] = []
    for one in history:
        data = one.event.data
        match one.event.type:
            case "task.redriven":
                chain.clear()
            case "task.attempt_failed":
                about = {"attempt": data["attempt"], "run": data["run"]}
                chain.append(_error(one.event.at, data, **about))
            case "task.dead":
                said = data["error"]
                if not chain or chain[-1]["message"] != said.get("message"):
                    chain.append(_error(one.event.at, said, attempt=None, run=None))
            case _:
                pass
    return chain


def _error(at: int, said: Mapping[str, Any], *, attempt: int | None, run: int | None) -> Wire:
    told = {"kind": str(said.get("kind", "")), "message": str(said.get("message", ""))}
    return {"at": at, "attempt": attempt, "run": run, **told}


def message_errors(row: Row) -> list[Wire]:
    """Return what is known of a message's errors."""
    error = _message_error(row)
    if error is None:
        return []
    return [_error(row["dead_at"], error, attempt=_attempts(row) or None, run=None)]


def lines_of(history: str) -> list[Wire]:
    """Return the lines of a message's history; a line that cannot be read is left out."""
    found = (_object(line) for line in history.splitlines())
    return [line for line in found if line is not None]


def traceback_of(row: Row) -> str:
    """Return where in its actor a message failed last; empty where nothing is known."""
    told = _object(row["dead_error"] or "") or {}
    options = (_object(row["body"]) or {}).get("options", {})
    kept = options.get("traceback") if isinstance(options, dict) else None
    return str(told.get("traceback") or kept or "")


def message_payload(row: Row) -> Wire:
    """Return what a message asked for; of one that cannot be read, its text."""
    body = _object(row["body"])
    if body is None or "args" not in body:
        return {"body": row["body"][:MAX_BODY]}
    options = {
        name: value for name, value in body.get("options", {}).items() if name != "traceback"
    }
    return {"args": body["args"], "kwargs": body.get("kwargs", {}), "options": options}


def _message_error(row: Row) -> Wire | None:
    """Return the error of a dead message; Dramatiq keeps the last traceback in its options."""
    text = row["dead_error"] or ""
    told = _object(text)
    message = str(told.get("message") or told.get("error") or text) if told else text
    if not message:
        message = _last_line((_object(row["body"]) or {}).get("options", {}).get("traceback"))
    kind = str((told or {}).get("type") or (told or {}).get("kind") or row["dead_reason"] or "")
    return {"kind": kind, "message": message} if message else None


def _last_line(traceback: object) -> str:
    lines = str(traceback or "").strip().splitlines()
    return lines[-1] if lines else ""


def _attempts(row: Row) -> int:
    options = (_object(row["body"]) or {}).get("options", {})
    retries = options.get("retries", 0) if isinstance(options, dict) else 0
    tried = row["dead_reason"] in ("failed", "poison", "skipped")
    deliveries: int = row["deliveries"]
    return max(int(retries or 0) + (1 if tried else 0), deliveries)


def _object(text: str) -> Wire | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
