"""What clients are shown of tasks, steps and executions: one mapping for every door."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from claude_agent.core.quiet import LOUD, Quiet
from claude_agent.domain import evidence, vocabulary
from claude_agent.domain.definition import Definition
from claude_agent.domain.parameters import start_form
from claude_agent.domain.priority import Priority
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Row
from claude_agent.storage.log import Recorded

TOPICS = {
    "task": "tasks",
    "execution": "executions",
    "step": "executions",
    "agent": "agents",
    "approval": "approvals",
    "question": "approvals",
    "state": "state",
    "state-snapshot": "state",
    "notice": "notices",
}
Wire = dict[str, Any]


def task_view(
    task: Task,
    *,
    fake: bool,
    adapter: str,
    lock_holder: str | None = None,
    asks: Row | None = None,
    quiet: Quiet = LOUD,
) -> Wire:
    """Return the wire form; `lock_holder`: who has its lock, `asks`: its first open question."""
    spec = task.spec
    waits_for = list(task.waits_for.values()) if task.state == TaskState.HELD else []
    return {
        "id": task.id,
        "ref": task.ref,
        "title": spec.title,
        "kind": spec.kind,
        "prompt": spec.text if spec.kind == "prompt" else None,
        "run": spec.text if spec.kind == "run" else None,
        "action": spec.text if spec.kind == "action" else None,
        "with": dict(spec.with_),
        "agent": spec.agent,
        "queue": spec.queue,
        "priority": Priority(spec.priority).name,
        "state": task.state.value,
        "attempt": task.attempt,
        "max_attempts": spec.retry.max_attempts,
        "run_number": task.run,
        "adapter": task.adapter or adapter,
        "fake": fake,
        "execution_id": spec.execution_id or None,
        "step_id": spec.step_id or None,
        "purpose": spec.purpose,
        "created_at": task.created_at,
        "due_at": task.not_before if task.state == TaskState.SCHEDULED else None,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
        "reason": task.cancel_requested or task.reason or None,
        "error": dict(task.error) if task.error else None,
        "outputs": dict(task.outputs) if task.outputs is not None else None,
        "routed_by": spec.routed_by or None,
        "cwd": spec.cwd or None,
        "lock": {"name": spec.lock, "holder": lock_holder} if spec.lock else None,
        "waits_for": waits_for,
        "taken_over": _taken_over(task),
        "parked": _parking(task),
        **_derived(task, asks, quiet),
        "url": f"/ui/#/tasks/{task.ref}",
    }


def _derived(task: Task, asks: Row | None, quiet: Quiet) -> Wire:
    waits = task.state == TaskState.HELD and bool(task.waits_for)
    return {
        "shown": _shown(task, asks, quiet, waits=waits),
        "question": asks["ref"] if asks is not None else None,
        "evidence": list(task.evidence),
        "verified": evidence.verified(task.spec.kind, task.state.value, task.evidence),
        "last_output_at": quiet.since,
        "stuck_since": quiet.since if quiet.stuck else None,
    }


def _shown(task: Task, asks: Row | None, quiet: Quiet, *, waits: bool) -> Wire:
    if task.parked:
        return {**vocabulary.DERIVED["parked"].to_data()}
    shown = vocabulary.task(
        task.state.value,
        attempt=task.attempt,
        cancel_requested=bool(task.cancel_requested),
        waits=waits,
        asks=asks["what"] if asks is not None else "",
        taken_over_by=str(task.takeover.get("by", "")) if task.taken_over else "",
    )
    unverified = evidence.verified(task.spec.kind, task.state.value, task.evidence) is False
    doubt = "stuck" if quiet.stuck else "unverified" if unverified else ""
    return {**vocabulary.doubted(shown, doubt).to_data()}


def _taken_over(task: Task) -> Wire | None:
    if not task.taken_over or task.state != TaskState.RUNNING:
        return None
    told = task.takeover
    return {"by": told["by"], "since": told["at"], "phase": told["phase"]}


def _parking(task: Task) -> Wire | None:
    """Return why a task is parked, and until when."""
    if not task.parked:
        return None
    account = task.parked["account"]
    return {
        "why": task.reason,
        "kind": task.parked["kind"],
        "account": account or None,
        "until": task.not_before,
        "command": f"claude-agent breaker reset account:{account}" if account else None,
    }


def result_view(task: Task) -> Wire:
    """Return what came of a task."""
    verdict = task.verdict or {}
    ended = "code" in verdict or "signal" in verdict
    return {
        "id": task.id,
        "ref": task.ref,
        "state": task.state.value,
        "outputs": dict(task.outputs) if task.outputs is not None else None,
        "error": dict(task.error) if task.error else None,
        "exit": {"code": verdict.get("code"), "signal": verdict.get("signal")} if ended else None,
        "attempt": task.attempt,
        "evidence": [
            {"level": level, "means": evidence.MEANS.get(level, "")} for level in task.evidence
        ],
    }


def edges(definition: Definition) -> list[list[str]]:
    """Return the graph: from a step to those that depend on it."""
    return [[before, step.id] for step in definition.steps for before in step.depends_on]


def workflow_view(row: Row) -> Wire:
    """Return the wire form of a stored definition."""
    with reading(f"definition {row['hash'][:12]}"):
        definition = Definition.from_data(json.loads(row["data"]))
    inputs = definition.inputs
    return {
        "workflow": definition.slug,
        "name": definition.name,
        "hash": row["hash"],
        "description": definition.description,
        "inputs": None if inputs is None else {k: v.to_data() for k, v in inputs.items()},
        "form": start_form(definition),
        "steps": [
            {
                "id": step.id,
                "kind": step.kind,
                "agent": step.agent,
                "action": step.action,
                "depends_on": list(step.depends_on),
                "compensate": step.compensate is not None,
            }
            for step in definition.steps
        ],
        "source": row["origin"],
    }


def frame(one: Recorded, execution_of: Mapping[str, str] | None = None) -> Wire:
    """Return the wire form of an event; `execution_of` maps ids of tasks, questions and
    approvals to their executions.
    """
    event = one.event
    kind, _, name = event.stream.partition("/")
    topic = TOPICS.get(kind, "system")
    execution: str | None = name if kind == "execution" else None
    if kind in ("task", "approval", "question") and execution_of is not None:
        execution = execution_of.get(name)
    return {
        "pos": one.pos,
        "topic": topic,
        "type": event.type,
        "id": name,
        "at": event.at,
        "actor": event.actor,
        "execution_id": execution or None,
        "data": dict(event.data),
    }


def agent_state(*, alive: bool, running: Sequence[Row], asks: Collection[str] = ()) -> str:
    """Return the state of an agent from its session, what it runs and what (`what`) it asks."""
    if asks:
        return "needs_approval" if "permission" in asks else "asks"
    if running:
        began = any(row["attempt_started_at"] is not None for row in running)
        return "working" if began else "starting"
    return "idle" if alive else "lost"


def agent_views(
    agents: Mapping[str, Any],
    running: Sequence[Row],
    alive: Mapping[str, bool],
    outputs: Mapping[str, int],
    asking: Sequence[Row] = (),
) -> list[Wire]:
    """Return the wire form of every agent."""
    found = []
    for name, info in agents.items():
        mine = [row for row in running if row["agent"] == name]
        asks = {row["what"] for row in asking if row["agent"] == name}
        state = agent_state(alive=alive.get(name, False), running=mine, asks=asks)
        found.append(
            {
                "name": name,
                "state": state,
                "shown": vocabulary.AGENT[state].to_data(),
                "adapter": info.adapter,
                "fake": info.fake,
                "note": info.note,
                "queue": info.queue,
                "session": info.session or f"claude-{name}",
                "session_alive": alive.get(name, False),
                "running": [
                    {
                        "id": row["id"],
                        "ref": row["ref"],
                        "title": row["title"],
                        "started_at": row["attempt_started_at"],
                    }
                    for row in mine
                ],
                "slots": info.slots,
                "capabilities": list(info.capabilities),
                "last_output_at": outputs.get(name) or None,
            }
        )
    return found


def queue_views(queues: Sequence[Row], depths: Sequence[Row]) -> list[Wire]:
    """Return the wire form of every queue."""
    found = {
        row["name"]: {
            "name": row["name"],
            "ready": 0,
            "scheduled": 0,
            "running": 0,
            "limit": row["max"],
            "oldest_ready_at": None,
            "paused": bool(row["paused"]),
            "shown": vocabulary.queue(paused=bool(row["paused"])).to_data(),
        }
        for row in queues
    }
    for row in depths:
        queue = found.get(row["queue"])
        if queue is None:
            continue
        if row["state"] in ("running", "verifying", "uncertain"):
            queue["running"] += row["count"]
        elif row["state"] in queue:
            queue[row["state"]] = row["count"]
        if row["state"] == "ready":
            queue["oldest_ready_at"] = row["oldest"]
    return list(found.values())
