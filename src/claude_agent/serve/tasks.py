"""Tasks, as the gateway asks for them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from typing_extensions import override

from claude_agent.api.asked import OPERATOR, Caller
from claude_agent.api.services import Answered, IdempotencyKey, LogRange, TaskFilter, TaskServices
from claude_agent.core import attempt_views, quiet, views
from claude_agent.core.question_book import AT_WORK
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_spec import MAX_DEPTH
from claude_agent.errors import Forbidden, Invalid, PlanningNotAvailable
from claude_agent.serve.approvals import requester_of
from claude_agent.serve.base import Base, known_state, next_cursor, page_start
from claude_agent.storage import attempt_rows, task_rows
from claude_agent.storage.database import Reader, Tx

Wire = dict[str, Any]


class Tasks(Base, TaskServices):
    """Submit, read, cancel."""

    def _view(self, task: Task, reader: Reader) -> Wire:
        info = self._parts.foundation.catalogue.agents.get(task.spec.agent)
        adapter = "shell" if task.spec.kind != "prompt" else (info.adapter if info else "")
        fake = info is not None and info.fake and task.spec.kind == "prompt"
        held = None
        if task.spec.lock and not task.terminal:
            held = reader.row("locks.one", name=task.spec.lock)
        holder = held["ref"] if held is not None else None
        asks = reader.row("questions.first_open", task=task.id) if task.state in AT_WORK else None
        now, after = self._clock.now(), self._parts.foundation.catalogue.stuck_after_ms
        return views.task_view(
            task,
            fake=fake,
            adapter=adapter,
            lock_holder=holder,
            asks=asks,
            quiet=quiet.of_task(reader, task, now, 0 if asks or task.taken_over else after),
        )

    def _viewed(self, task: Task) -> Wire:
        return self._database.read(lambda reader: self._view(task, reader))

    @override
    def submit_task(
        self,
        spec: Mapping[str, Any],
        *,
        actor: str,
        key: IdempotencyKey | None,
        caller: Caller = OPERATOR,
    ) -> Answered:
        agents = spec.get("agents")
        if agents is not None and len(agents) > 1:
            message = "One task for several agents needs a plan, which this version cannot make."
            raise PlanningNotAvailable(
                message, hint="Name one agent, or write a workflow with a step for each."
            )
        if agents:
            spec = {**spec, "agent": agents[0]}

        wanted = dict(spec)
        requester = requester_of(caller, wanted)

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            depth = _depth(task_rows.peek(tx, caller.task_id)) if caller.task_id else 0
            task = self._parts.bus.accept(tx, wanted, actor=actor, requester=requester, depth=depth)
            return lambda reader: self._view(task, reader)

        return self._once(key, work)

    def submit_once(self, spec: Mapping[str, Any], *, actor: str, key: str) -> Answered:
        """Submit under a key of our own: a second call with it gives the first answer."""
        return self.submit_task(spec, actor=actor, key=IdempotencyKey(key=key, body_hash=key))

    @override
    def task(self, ref: str) -> Wire:
        return self._viewed(self._find(ref))

    def _find(self, ref: str) -> Task:
        return self._database.read(lambda r: self._parts.desk.find(r, ref))

    @override
    def tasks(self, wanted: TaskFilter) -> Wire:
        filters = {
            "agent": wanted.agent or "",
            "queue": wanted.queue or "",
            "execution": wanted.execution_id or "",
            "evidence": wanted.evidence or "",
            "unverified": int(wanted.unverified),
        }
        limit = wanted.page.limit
        known_state(wanted.state, TaskState)

        def work(reader: Reader) -> Wire:
            rows = reader.rows(
                "tasks.list", state=wanted.state or "", **filters, **page_start(wanted.page)
            )
            counts = reader.rows("tasks.counts", **filters)
            return {
                "items": [self._view(task_rows.task_of(row), reader) for row in rows[:limit]],
                "next": next_cursor(rows, limit),
                "counts": {row["state"]: row["count"] for row in counts},
            }

        return self._database.read(work)

    @override
    def task_result(self, ref: str) -> Wire:
        return views.result_view(self._find(ref))

    @override
    def task_attempts(self, ref: str) -> Wire:
        def work(reader: Reader) -> Wire:
            task = self._parts.desk.find(reader, ref)
            found = attempt_rows.of_task(reader, task.id)
            return attempt_views.attempts_view(found)

        return self._database.read(work)

    @override
    def task_log(self, ref: str, wanted: LogRange) -> Wire:
        task = self._find(ref)
        run = task.run if wanted.run is None else wanted.run
        if run > task.run or run < 0:
            message = f"Task {task.ref} has runs 1 to {task.run}; there is no run {run}."
            raise Invalid(message, hint="Leave run out for the newest one.", pointer="/run")
        piece = self._parts.hosting.logs.read(task.id, run, wanted.offset, wanted.limit)
        over = task.terminal or run < task.run
        return {"run": run, **asdict(piece), "done": over and piece.next >= piece.total}

    @override
    def cancel_task(self, ref: str, *, actor: str) -> Wire:
        reason = f"cancelled by {actor}"
        return self._viewed(self._parts.orders.cancel(ref, reason=reason, actor=actor))

    @override
    def resolve_task(self, ref: str, outcome: str, note: str, *, actor: str) -> Wire:
        return self._viewed(self._parts.orders.answer(ref, outcome, note, actor))


def _depth(asks: Task | None) -> int:
    """Return how deep a task lies that the agent of this task asks for. Raises Forbidden."""
    depth = 1 if asks is None else asks.spec.depth + 1
    if depth > MAX_DEPTH:
        message = f"Agents delegate {MAX_DEPTH} levels deep, and this task is the last of them."
        raise Forbidden(message, hint="Do the work yourself, or call fail_task with the reason.")
    return depth
