"""Tasks between rows and values: the same mapping for writing, reading and rebuilding."""

import json
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from claude_agent.domain.events import decode
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task, evolve, submitted
from claude_agent.domain.task_events import TaskSubmitted
from claude_agent.domain.task_spec import TaskSpec
from claude_agent.storage.chain import canonical
from claude_agent.storage.damage import UNREADABLE, damaged
from claude_agent.storage.database import Reader, Row
from claude_agent.storage.log import Recorded

_PLAIN = (
    *("id", "ref", "seq", "not_before", "fence", "worker", "slot", "run", "host", "attempt"),
    *("refunds", "deliveries", "adoptions", "gate_run", "reaped_run", "adapter", "digest"),
    *("created_at", "started_at", "attempt_started_at", "ended_at", "cancel_requested"),
    *("stop_requested", "reason", "generation", "generation_at", "approval", "feedback"),
)
_plain = attrgetter(*_PLAIN)
_JSON = ("error", "outputs", "verdict", "report")
__all__ = ["fold_tasks", "load", "lock", "peek", "task_of", "to_row"]


def to_row(task: Task) -> dict[str, Any]:
    """Return every column of the task's row but `effective_priority` and `submitted_pos`."""
    row = dict(zip(_PLAIN, _plain(task), strict=True))
    row["error"], row["outputs"] = dump(task.error), dump(task.outputs)
    row["verdict"], row["waits_for"] = dump(task.verdict), canonical(task.waits_for)
    row["report"] = dump(task.report)
    row["takeover"] = canonical(task.takeover)
    row["parked"] = canonical(task.parked)
    spec = task.spec
    return row | {
        "state": task.state.value,
        "title": spec.title,
        "kind": spec.kind,
        "agent": spec.agent,
        "queue": spec.queue,
        "priority": int(spec.priority),
        "purpose": spec.purpose,
        "execution_id": spec.execution_id,
        "step_id": spec.step_id,
        "lock_name": spec.lock,
        "deadline_at": task.deadline_at,
        "evidence": canonical(list(task.evidence)),
    }


def task_of(row: Row) -> Task:
    """Return the task of a row that has its specification as `spec`. Raises `Corrupt`."""
    plain = {name: row[name] for name in _PLAIN}
    try:
        values = {name: parse(row[name]) for name in _JSON}
        return Task(
            spec=TaskSpec.from_data(json.loads(row["spec"])),
            state=TaskState(row["state"]),
            evidence=tuple(json.loads(row["evidence"])),
            waits_for=json.loads(row["waits_for"]),
            takeover=json.loads(row["takeover"]),
            parked=json.loads(row["parked"]),
            **plain,
            **values,
        )
    except UNREADABLE as error:
        what = f"task {row['id']}"
        raise damaged(what, error) from error


def load(reader: Reader, task_id: str) -> Task | None:
    """Return the task with this id; in a writing transaction locked, its execution before it."""
    lock(reader, [task_id])
    return peek(reader, task_id)


def lock(reader: Reader, ids: Sequence[str]) -> None:
    """Lock tasks and before them their executions, in the one order of all transactions."""
    reader.lock("executions.lock_of_tasks", ids=list(ids))
    reader.lock("tasks.lock", ids=list(ids))


def peek(reader: Reader, task_id: str) -> Task | None:
    """Return the task with this id as it stands, without a lock."""
    row = reader.row("tasks.by_id", id=task_id)
    return task_of(row) if row is not None else None


def dump(value: Mapping[str, Any] | None) -> str | None:
    """Return the JSON text of an object, or None."""
    return None if value is None else canonical(value)


def parse(text: str | None) -> Any:
    """Return the object of a JSON text, or None."""
    return None if text is None else json.loads(text)


def fold_tasks(history: list[Recorded]) -> dict[str, Task]:
    """Fold every task out of the log, for rebuilding and comparing."""
    tasks: dict[str, Task] = {}
    for one in history:
        kind, _, task_id = one.event.stream.partition("/")
        said = decode(one.event) if kind == "task" else None
        if said is None:
            continue
        if isinstance(said, TaskSubmitted):
            tasks[task_id] = submitted(task_id, said, one.event.at)
        else:
            tasks[task_id] = evolve(tasks[task_id], said, one.event.at)
    return tasks
