"""The port with everything in memory: honest about state, order and errors, small elsewhere."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from typing_extensions import override

from claude_agent.api.asked import OPERATOR, Caller
from claude_agent.api.services import (
    Access,
    Answered,
    ExecutionFilter,
    IdempotencyKey,
    LogRange,
    MessageToSend,
    Services,
    TaskFilter,
    Wire,
    WorkflowStart,
)
from claude_agent.errors import (
    Conflict,
    IdempotencyMismatch,
    Malformed,
    UnknownName,
)
from tests.unit.api.memory_chances import MemoryChances
from tests.unit.api.memory_parts import MemoryParts
from tests.unit.api.memory_queues import queue_of
from tests.unit.api.memory_shapes import (
    SHOWN,
    agent_of,
    app_of,
    compiled,
    execution_of,
    find,
    page_of,
    task_of,
)

TOKEN = "operator-token-of-the-tests"  # noqa: S105 - a token for tests
AGENTS = ("backend-api", "testing")
KINDS = ("tasks", "steps", "executions", "agents", "queues")
TOPICS = {"task": "tasks", "step": "executions", "execution": "executions", "agent": "agents"}


class MemoryServices(MemoryChances, MemoryParts, Services):
    """State in dictionaries under one lock; the log is a list, its index the position."""

    def __init__(self, access: Access, *, epoch: str = "e1") -> None:
        self._access = access
        self.epoch = epoch
        self.lock = threading.RLock()
        self.log: list[Wire] = []
        self.tasks_by_id: dict[str, Wire] = {}
        self.executions_by_id: dict[str, Wire] = {}
        self.definitions: dict[str, Wire] = {}
        self.answers: dict[str, tuple[str, Answered]] = {}
        self.callbacks: list[Callable[[int], None]] = []
        self.messages: list[Wire] = []
        self.apps_by_name: dict[str, Wire] = {"shop": app_of("shop")}
        self.degraded = False
        self.stopping: bool | None = None
        self.submitted: list[Wire] = []
        self.starts_seen: list[str] = []

    # --- how the state changes -------------------------------------------------------------

    def emit(self, kind: str, subject: str, **data: Any) -> int:
        """Append one event and ring, as a commit does."""
        with self.lock:
            pos = len(self.log) + 1
            frame = {
                "pos": pos,
                "topic": TOPICS.get(kind.partition(".")[0], "system"),
                "type": kind,
                "id": subject,
                "at": 1_700_000_000_000 + pos,
                "actor": "operator",
                "execution_id": data.pop("execution_id", None),
                "data": data,
            }
            self.log.append(frame)
            callbacks = list(self.callbacks)
        for callback in callbacks:
            callback(pos)
        return pos

    def restore(self, epoch: str) -> None:
        """Do what a restore from a backup does to cursors: another epoch, a shorter log."""
        with self.lock:
            self.epoch = epoch
            self.log.clear()

    def _once(self, key: IdempotencyKey | None, effect: Callable[[], Answered]) -> Answered:
        with self.lock:
            stored = self.recall(key) if key else None
            if stored is None:
                stored = effect()
                if key:
                    self.remember(key, stored)
        return stored

    # --- tasks -----------------------------------------------------------------------------

    @override
    def submit_task(
        self,
        spec: Mapping[str, Any],
        *,
        actor: str,
        key: IdempotencyKey | None,
        caller: Caller = OPERATOR,
    ) -> Answered:
        agent = spec.get("agent", "backend-api")
        if agent not in AGENTS:
            msg = f"There is no agent {agent}."
            raise UnknownName(msg, hint="Did you mean testing?", pointer="/agent")

        def effect() -> Answered:
            self.submitted.append(dict(spec))
            number = len(self.tasks_by_id) + 1
            kind = next(kind for kind in ("prompt", "run", "action") if kind in spec)
            task = task_of(number, kind, spec, agent)
            self.tasks_by_id[task["id"]] = task
            self.emit("task.submitted", task["id"], title=task["title"])
            return 201, task

        return self._once(key, effect)

    @override
    def task(self, ref: str) -> Wire:
        return find(self.tasks_by_id, ref, "task")

    @override
    def tasks(self, wanted: TaskFilter) -> Wire:
        found = [
            task
            for task in reversed(self.tasks_by_id.values())
            if wanted.state in {None, task["state"]} and wanted.agent in {None, task["agent"]}
        ]
        return page_of(found, wanted.page.limit, wanted.page.cursor)

    @override
    def task_result(self, ref: str) -> Wire:
        task = self.task(ref)
        same = {name: task[name] for name in ("id", "ref", "state", "outputs", "error", "attempt")}
        return {**same, "exit": None, "evidence": []}

    @override
    def task_attempts(self, ref: str) -> Wire:
        self.task(ref)
        return {"items": [], "spent": None}

    @override
    def task_log(self, ref: str, wanted: LogRange) -> Wire:
        self.task(ref)
        text = "hello\n"[wanted.offset :][: wanted.limit]
        return {
            "run": wanted.run or 1,
            "offset": wanted.offset,
            "next": wanted.offset + len(text),
            "total": 6,
            "text": text,
            "done": True,
        }

    @override
    def cancel_task(self, ref: str, *, actor: str) -> Wire:
        task = self.task(ref)
        if task["state"] == "cancelled":
            msg = f"Task {ref} has ended already."
            raise Conflict(msg, hint="Look at its result.")
        task["state"] = "cancelled"
        self.emit("task.cancelled", task["id"])
        return task

    @override
    def resolve_task(self, ref: str, outcome: str, note: str, *, actor: str) -> Wire:
        task = self.task(ref)
        if task["state"] != "uncertain":
            msg = f"Task {ref} is {task['state']}, not uncertain."
            raise Conflict(msg, hint="Nothing needs to be said.")
        task["state"] = {"succeeded": "succeeded", "retry": "ready", "failed": "dead"}[outcome]
        self.emit("task.resolved", task["id"], outcome=outcome, note=note)
        return task

    # --- agents ----------------------------------------------------------------------------

    @override
    def agents_status(self) -> Wire:
        return {
            "agents": [agent_of(name) for name in AGENTS],
            "queues": [queue_of(name) for name in AGENTS],
            "workers": {"slots": 15, "busy": 0, "emergency_reserved": 1},
            "left_alone": [],
            "cursor": self.head(),
        }

    @override
    def agent(self, name: str) -> Wire:
        return find({name: agent_of(name) for name in AGENTS}, name, "agent")

    @override
    def agent_logs(self, name: str, lines: int) -> Wire:
        self.agent(name)
        return {"text": "\n".join(["line"] * lines)}

    @override
    def attach_argv(self, name: str) -> list[str]:
        return ["tmux", "attach", "-t", f"={self.agent(name)['session']}"]

    @override
    def apps(self) -> Wire:
        return {"items": list(self.apps_by_name.values())}

    @override
    def stop_app(self, name: str) -> Wire:
        app = find(self.apps_by_name, name, "application")
        app["state"] = "stopped"
        return app

    # --- workflows and executions ----------------------------------------------------------

    @override
    def validate_workflow(self, source: str, file: str) -> Wire:
        definition = compiled(source, file)
        return {
            "valid": True,
            "workflow": definition["workflow"],
            "name": definition["name"],
            "steps": len(definition["steps"]),
            "hash": definition["hash"],
            "not_yet": [],
        }

    @override
    def workflow_schema(self) -> Wire:
        return {"type": "object"}

    @override
    def define_workflow(self, source: str, file: str, *, actor: str) -> Wire:
        definition = compiled(source, file)
        self.definitions[definition["workflow"]] = definition
        return {name: definition[name] for name in ("workflow", "hash", "name")}

    @override
    def workflows(self) -> Wire:
        return {"items": list(self.definitions.values())}

    @override
    def workflow(self, name: str) -> Wire:
        return find(self.definitions, name, "workflow")

    @override
    def execute_workflow(
        self, start: WorkflowStart, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        def effect() -> Answered:
            definition = (
                compiled(start.source, start.file or "workflow.yaml")
                if start.source
                else self.workflow(start.name)
            )
            execution = execution_of(len(self.executions_by_id) + 1, definition, start)
            self.executions_by_id[execution["id"]] = execution
            self.emit("execution.submitted", execution["id"], execution_id=execution["id"])
            return 201, execution

        return self._once(key, effect)

    @override
    def executions(self, wanted: ExecutionFilter) -> Wire:
        found = [
            execution
            for execution in reversed(self.executions_by_id.values())
            if wanted.state in {None, execution["state"]}
        ]
        return page_of(found, wanted.page.limit, wanted.page.cursor)

    @override
    def execution(self, ref: str) -> Wire:
        return find(self.executions_by_id, ref, "execution")

    @override
    def summary(self, ref: str) -> Wire:
        execution = self.execution(ref)
        edges = [[dep, step["id"]] for step in execution["steps"] for dep in step["depends_on"]]
        return {**execution, "graph": {"edges": edges}, "cursor": self.head(), "spent": None}

    @override
    def execution_events(self, ref: str, after: str | None, limit: int) -> Wire:
        wanted = self.execution(ref)["id"]
        page = self.events_after(after, 10_000)
        items = [frame for frame in page["items"] if frame["execution_id"] == wanted]
        return {"items": items[:limit], "cursor": page["cursor"]}

    @override
    def cancel_execution(self, ref: str, *, compensate: bool | None, actor: str) -> Wire:
        execution = self.execution(ref)
        execution["state"] = "compensated" if compensate else "cancelled"
        self.emit("execution.cancelled", execution["id"], execution_id=execution["id"])
        return execution

    # --- events ----------------------------------------------------------------------------

    @override
    def events_after(
        self, cursor: str | None, limit: int, topics: Sequence[str] | None = None
    ) -> Wire:
        with self.lock:
            epoch, _, text = (cursor or f"{self.epoch}:0").rpartition(":")
            if not text.isdigit():
                msg = "The cursor is not one of ours."
                raise Malformed(msg, hint="Take one from an answer.")
            after = int(text)
            if epoch != self.epoch or after > len(self.log):
                return {"items": [], "cursor": self.head(), "reset": True}
            looked_at = self.log[after : after + limit]
            items = [frame for frame in looked_at if topics is None or frame["topic"] in topics]
            end = f"{self.epoch}:{after + len(looked_at)}"
            return {"items": items, "cursor": end, "reset": False}

    @override
    def head(self) -> str:
        return f"{self.epoch}:{len(self.log)}"

    @override
    def head_hash(self) -> str:
        return "0" * 64

    @override
    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    @override
    def verify_log(self) -> Wire:
        return {"ok": True, "events": len(self.log), "head": self.head_hash(), "problems": []}

    @override
    def starts(self) -> Wire:
        return {"items": []}

    # --- the rest --------------------------------------------------------------------------

    @override
    def recall(self, key: IdempotencyKey) -> Answered | None:
        found = self.answers.get(key.key)
        if found is None:
            return None
        if found[0] != key.body_hash:
            msg = "This key came with another body."
            raise IdempotencyMismatch(msg, hint="Use a new key.")
        status, answer = found[1]
        return status, json.loads(json.dumps(answer))

    @override
    def remember(self, key: IdempotencyKey, answered: Answered) -> None:
        stored = answered[0], json.loads(json.dumps(answered[1]))
        self.answers.setdefault(key.key, (key.body_hash, stored))

    @override
    def access(self) -> Access:
        return self._access

    @override
    def health(self) -> Wire:
        return {
            "status": "degraded" if self.degraded else "ok",
            "version": "0.1.0",
            "components": {"database": {"ok": not self.degraded, "detail": "in memory"}},
            "cursor": self.head(),
            "pid": 1,
            "uptime_ms": 5,
            "home": "/home",
        }

    @override
    def stop_server(self, *, stop_agents: bool, actor: str) -> Wire:
        self.stopping = stop_agents
        return {"left_running": [] if stop_agents else [{"ref": "R1", "agent": "a", "title": "t"}]}

    @override
    def send_message(self, message: MessageToSend, *, key: IdempotencyKey | None) -> Answered:
        def effect() -> Answered:
            if message.actor != "notify":
                msg = f"There is no actor {message.actor}."
                raise UnknownName(msg, pointer="/actor")
            self.messages.append({"actor": message.actor, "args": list(message.args)})
            return 201, {"message_id": f"m{len(self.messages)}"}

        return self._once(key, effect)

    @override
    def vocabulary(self) -> Wire:
        return {name: {"ready": SHOWN} for name in KINDS}
