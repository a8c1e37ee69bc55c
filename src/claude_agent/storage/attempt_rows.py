"""Attempts between rows and values: the same mapping for writing, reading and rebuilding."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from claude_agent.domain.attempt import Attempt, Used, ended, reported
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.events import Payload, decode
from claude_agent.domain.task import Task, evolve, submitted
from claude_agent.domain.task_events import TaskReportedLate, TaskSubmitted
from claude_agent.storage.chain import canonical
from claude_agent.storage.damage import UNREADABLE, damaged
from claude_agent.storage.database import Reader, Row, Tx
from claude_agent.storage.log import Recorded

_USED = tuple(each.name for each in fields(Used))
_PLAIN = tuple(
    each.name for each in fields(Attempt) if each.name not in ("evidence", "judged", "used")
)


def to_row(attempt: Attempt) -> JsonObject:
    """Return every column of an attempt's row."""
    row = {name: getattr(attempt, name) for name in _PLAIN}
    row |= {name: getattr(attempt.used, name) for name in _USED}
    row["evidence"] = canonical(list(attempt.evidence))
    row["judged"], row["told"] = int(attempt.judged), int(attempt.used.told)
    return row


def attempt_of(row: Row) -> Attempt:
    """Return the attempt of a row. Raises `Corrupt`."""
    try:
        used = {name: row[name] for name in _USED} | {"told": bool(row["told"])}
        return Attempt(
            **{name: row[name] for name in _PLAIN},
            evidence=tuple(json.loads(row["evidence"])),
            judged=bool(row["judged"]),
            used=Used(**used),
        )
    except UNREADABLE as error:
        what = f"run {row['run']} of task {row['task_id']}"
        raise damaged(what, error) from error


def record(tx: Tx, before: Task, said: Sequence[Payload], at: int) -> None:
    """Write the row of the attempt that these events of a task end, or what came late of one."""
    attempt = ended(before, said, at)
    if attempt is not None:
        tx.execute("attempts.put", **to_row(attempt))
    for one in said:
        if isinstance(one, TaskReportedLate):
            row = tx.row("attempts.one", task=before.id, run=one.run)
            if row is not None and row["late_at"] is None:
                late = to_row(reported(attempt_of(row), one, at))
                changed = ("task_id", "run", "late_at", "late", *_USED)
                tx.execute("attempts.reported", **{name: late[name] for name in changed})


def of_task(reader: Reader, task_id: str) -> list[Attempt]:
    """Return the attempts of a task that have ended, oldest first."""
    return [attempt_of(row) for row in reader.rows("attempts.of_task", task=task_id)]


def fold_attempts(history: Iterable[Recorded]) -> dict[str, Attempt]:
    """Fold every attempt out of the log, by run id."""
    tasks: dict[str, Task] = {}
    found: dict[str, Attempt] = {}
    for one in history:
        kind, _, task_id = one.event.stream.partition("/")
        said = decode(one.event) if kind == "task" else None
        if said is None:
            continue
        at = one.event.at
        if isinstance(said, TaskSubmitted):
            tasks[task_id] = submitted(task_id, said, at)
            continue
        if isinstance(said, TaskReportedLate):
            run_id = f"{task_id}.{said.run}"
            if run_id in found and found[run_id].late_at is None:
                found[run_id] = reported(found[run_id], said, at)
        before = tasks[task_id]
        attempt = ended(before, [said], at)
        if attempt is not None:
            found.setdefault(before.run_id, attempt)
        tasks[task_id] = evolve(before, said, at)
    return found


def by_run(rows: Iterable[Row]) -> Mapping[str, Attempt]:
    """Return the attempts of rows by run id."""
    return {f"{row['task_id']}.{row['run']}": attempt_of(row) for row in rows}
