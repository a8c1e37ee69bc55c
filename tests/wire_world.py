"""What the stand-in server knows; a test moves it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests import wire_samples as samples

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


class Refused(Exception):
    """A problem document."""

    def __init__(self, status: int, code: str, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after = more.pop("retry_after", None)
        self.document: Json = {
            "type": "about:blank",
            "title": code,
            "status": status,
            "detail": detail,
            "code": code,
            "hint": "",
            "pointer": None,
            "id": "req-1",
        } | more


@dataclass
class World:
    """What the server knows; change it under `changed`."""

    epoch: str = "e1"
    tasks: dict[str, Json] = field(default_factory=dict)
    executions: dict[str, Json] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    starts: list[Json] = field(default_factory=list)
    agents: list[Json] = field(default_factory=lambda: [samples.agent("testing")])
    queues: dict[str, Json] = field(
        default_factory=lambda: {"testing": samples.queue_detail("testing")}
    )
    letters: list[Json] = field(default_factory=list)
    redrives: list[Json] = field(default_factory=list)
    approvals: list[Json] = field(default_factory=list)
    questions: list[Json] = field(default_factory=list)
    apps: list[Json] = field(default_factory=list)
    keys: dict[str, tuple[Any, Json]] = field(default_factory=dict)
    verdict: Json = field(
        default_factory=lambda: {"ok": True, "events": 3, "head": "ab" * 32, "problems": []}
    )
    left_running: list[Json] = field(default_factory=list)
    on_stop: Callable[[], None] | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def cursor(self) -> str:
        return f"{self.epoch}:{len(self.events)}"

    def happen(self, kind: str, about: str, *, execution: str | None = None, **data: Any) -> None:
        """Append an event and wake whoever waits."""
        with self.changed:
            topic = kind.partition(".")[0]
            self.events.append(
                {
                    "pos": len(self.events) + 1,
                    "topic": {"task": "tasks", "agent": "agents"}.get(topic, "executions"),
                    "type": kind,
                    "id": about,
                    "at": samples.NOW,
                    "actor": "operator",
                    "execution_id": execution,
                    "data": data,
                }
            )
            self.changed.notify_all()

    def end_task(self, ref: str, state: str = "succeeded", **more: Any) -> None:
        """Bring a task to a terminal state."""
        with self.changed:
            task = self.find(self.tasks, ref)
            task |= {"state": state, "shown": samples.shown(state), "ended_at": samples.NOW} | more
        self.happen(f"task.{state}", task["id"])

    def move_step(self, ref: str, step_id: str, state: str, **more: Any) -> None:
        """Bring a step of an execution to a state."""
        with self.changed:
            execution = self.find(self.executions, ref)
            step = next(item for item in execution["steps"] if item["id"] == step_id)
            step |= {"state": state, "shown": samples.shown(state)} | more
        self.happen(f"step.{state}", execution["id"], execution=execution["id"], step_id=step_id)

    def end_execution(self, ref: str, state: str = "succeeded", **more: Any) -> None:
        """Bring an execution to a terminal state."""
        with self.changed:
            found = self.find(self.executions, ref)
            found |= {"state": state, "shown": samples.shown(state), "ended_at": samples.NOW}
            found |= more
        self.happen(f"execution.{state}", found["id"], execution=found["id"])

    def find(self, things: dict[str, Json], ref: str) -> Json:
        for thing in things.values():
            if ref in {thing["id"], thing["ref"]}:
                return thing
        raise Refused(404, "not_found", f"There is no {ref}.", hint="claude-agent task list")

    def since(self, after: str | None, topics: set[str]) -> tuple[list[Json], bool]:
        """Return the events after a cursor, and whether the cursor is not ours."""
        epoch, _, pos = (after or f"{self.epoch}:0").rpartition(":")
        if epoch != self.epoch or int(pos) > len(self.events):
            return [], True
        later = self.events[int(pos) :]
        return [e for e in later if "*" in topics or e["topic"] in topics], False
