"""Rebuilds every projection from the log and says which rows are not what it folds to."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TypeVar

from claude_agent.domain.events import decode
from claude_agent.domain.execution_events import (
    ExecutionReopened,
    ExecutionSignalled,
    ExecutionStarted,
)
from claude_agent.domain.shared_state import Entry, StateSnapshotTaken, evolve
from claude_agent.domain.task import Task
from claude_agent.domain.task_events import TaskClaimed, TaskRedriven, TaskSubmitted
from claude_agent.storage import (
    approval_rows,
    attempt_rows,
    breaker_rows,
    execution_rows,
    question_rows,
    queue_rows,
    schedule_rows,
    state_rows,
    task_rows,
    trigger_rows,
)
from claude_agent.storage.database import Reader, Row
from claude_agent.storage.log import Recorded

K = TypeVar("K")
_EVERY = {"before_at": 2**62, "before_id": "", "limit": 2**31 - 1}
_ALL = {"after": "", "limit": 2**31 - 1}


def differing(reader: Reader, history: list[Recorded]) -> list[str]:
    """Return what is not as the log says: `task <id>`, `queue <name>`, …; nothing: all is.

    `history` is the whole log, in order. Raises `Corrupt` where a row cannot be read at all.
    """
    tasks = task_rows.fold_tasks(history)
    wrong = list(_tasks(reader, history, tasks))
    attempts = attempt_rows.by_run(reader.rows("attempts.all"))
    wrong += _unlike("attempt", attempts, attempt_rows.fold_attempts(history))
    wrong += _executions(reader, history)
    wrong += _locks(reader, history, tasks)
    wrong += _approvals(reader, history)
    wrong += _questions(reader, history)
    wrong += _state(reader, history)
    wrong += _snapshots(reader, history)
    wrong += _breakers(reader, history)
    wrong += _redrives(reader, history)
    wrong += _tokens(reader, history)
    wrong += [f"schedule {name}" for name in schedule_rows.differing(reader, history)]
    wrong += [f"queue {name}" for name in queue_rows.differing(reader, history)]
    return wrong + trigger_rows.differing(reader, history)


def _unlike(kind: str, rows: Mapping[K, object], folded: Mapping[K, object]) -> Iterator[str]:
    for key in sorted({*rows, *folded}, key=str):
        if key not in rows or key not in folded or not _same(rows[key], folded[key]):
            yield f"{kind} {key}"


def _same(kept: object, folded: object) -> bool:
    return kept == folded or _kept(kept) == _kept(folded)


def _kept(value: object) -> object:
    """Return a value as PostgreSQL can keep it: an agent's NUL becomes a question mark."""
    if isinstance(value, str):
        return value.replace("\0", "?")
    if is_dataclass(value):
        return [_kept(getattr(value, each.name)) for each in fields(value) if each.compare]
    if isinstance(value, Mapping):
        return {_kept(key): _kept(each) for key, each in value.items()}
    return [_kept(each) for each in value] if isinstance(value, list | tuple) else value


def _columns(row: Row, wanted: Mapping[str, object]) -> dict[str, object]:
    return {name: row[name] for name in wanted}


# Tasks and executions ------------------------------------------------------------------------


def _tasks(
    reader: Reader, history: Iterable[Recorded], folded: Mapping[str, Task]
) -> Iterator[str]:
    """Each column of each row, its place in the line, and what waits for what."""
    places = {
        one.event.stream.partition("/")[2]: one.pos
        for one in history
        if one.event.type == TaskSubmitted.TYPE
    }
    rows = {row["id"]: row for row in reader.rows("rebuild.tasks")}
    for task_id in sorted({*rows, *folded}):
        row, task = rows.get(task_id), folded.get(task_id)
        if row is None or task is None or not _same_task(row, task, places[task_id]):
            yield f"task {task_id}"
    yield from _waits(reader, folded)


def _waits(reader: Reader, folded: Mapping[str, Task]) -> Iterator[str]:
    """Who waits for what; of one that has ended the rows may be there still, or not."""
    waits = {(each.id, needs): each for each in folded.values() for needs in each.waits_for}
    rows = reader.rows("rebuild.waits")
    seen = {(row["task_id"], row["needs_id"]): row["outcome"] for row in rows}
    for key in sorted({*waits, *seen}):
        unheard = not seen.get(key) and key[1] in folded and folded[key[1]].terminal
        over = key in waits and waits[key].terminal
        if key not in waits or (not over and (key not in seen or unheard)):
            yield f"wait of task {key[0]}"


def _same_task(row: Row, task: Task, place: int) -> bool:
    if row["spec"] is None or row["submitted_pos"] != place:
        return False
    wanted = task_rows.to_row(task)
    return _same(_columns(row, wanted), wanted) and _same(task_rows.task_of(row), task)


def _executions(reader: Reader, history: list[Recorded]) -> Iterator[str]:
    """Each execution with its steps, its definition, its place of a key, the signals it had."""
    folded = execution_rows.fold_executions(history)
    steps: dict[str, list[Row]] = {}
    for row in reader.rows("rebuild.steps"):
        steps.setdefault(row["execution_id"], []).append(row)
    rows = {
        row["id"]: execution_rows.execution_of(row, steps.pop(row["id"], []))
        for row in reader.rows("rebuild.executions")
    }
    yield from _unlike("execution", rows, folded)
    yield from (f"steps of execution {each}" for each in sorted(steps))
    known = {row["hash"] for row in reader.rows("rebuild.definitions")}
    named = {digest for run in folded.values() for digest in (run.definition, *run.pins.values())}
    yield from (f"definition {each[:12]}" for each in sorted(named - known))
    began, signals = set[str](), set[tuple[str, str, str]]()
    for one in history:
        execution_id = one.event.stream.partition("/")[2]
        if one.event.type in (ExecutionStarted.TYPE, ExecutionReopened.TYPE):
            began.add(execution_id)
        elif one.event.type == ExecutionSignalled.TYPE:
            said = decode(one.event)
            if isinstance(said, ExecutionSignalled) and said.message_id:
                signals.add((execution_id, said.source, said.message_id))
    held = {
        (run.concurrency_key, run.id): True
        for run in folded.values()
        if run.concurrency_key and run.id in began and not run.terminal
    }
    places = reader.rows("rebuild.places")
    yield from _unlike("place", {(row["key"], row["execution_id"]): True for row in places}, held)
    seen = {(row["execution_id"], row["source"], row["message_id"]): True
            for row in reader.rows("rebuild.signals")}  # fmt: skip
    yield from _unlike("signal", seen, dict.fromkeys(signals, True))


def _locks(reader: Reader, history: list[Recorded], tasks: Mapping[str, Task]) -> Iterator[str]:
    """A lock is held from the claim to the end."""
    claimed = set[str]()
    for one in history:
        task_id = one.event.stream.partition("/")[2]
        if one.event.type == TaskClaimed.TYPE:
            claimed.add(task_id)
        elif one.event.type == TaskRedriven.TYPE:
            claimed.discard(task_id)
    held = {
        task.spec.lock: task.id
        for task in tasks.values()
        if task.spec.lock and task.id in claimed and not task.terminal
    }
    rows = {row["name"]: row["task_id"] for row in reader.rows("locks.all")}
    yield from _unlike("lock", rows, held)


# What people decide and set ------------------------------------------------------------------


def _approvals(reader: Reader, history: list[Recorded]) -> Iterator[str]:
    found = reader.rows("approvals.list", state="", agent="", execution="", **_EVERY)
    rows = {row["id"]: (dict(row), approval_rows.approval_of(row)) for row in found}
    folded = approval_rows.fold_approvals(history)
    said = {name: (approval_rows.to_row(one), one) for name, one in folded.items()}
    yield from _unlike("approval", rows, said)


def _questions(reader: Reader, history: list[Recorded]) -> Iterator[str]:
    found = reader.rows("questions.list", state="", agent="", task="", execution="", **_EVERY)
    rows = {row["id"]: (dict(row), question_rows.question_of(row)) for row in found}
    folded = question_rows.fold_questions(history)
    said = {name: (question_rows.to_row(one), one) for name, one in folded.items()}
    yield from _unlike("question", rows, said)


def _state(reader: Reader, history: list[Recorded]) -> Iterator[str]:
    rows = {row["key"]: state_rows.entry_of(row) for row in reader.rows("state.page", **_ALL)}
    yield from _unlike("state", rows, state_rows.fold_state(history))


def _snapshots(reader: Reader, history: Iterable[Recorded]) -> Iterator[str]:
    """What a snapshot holds is the state where it was taken."""
    state: dict[str, Entry] = {}
    folded: dict[str, object] = {}
    for one in history:
        kind, _, name = one.event.stream.partition("/")
        said = decode(one.event) if kind in ("state", "state-snapshot") else None
        if isinstance(said, StateSnapshotTaken):
            at, by = one.event.at, one.event.actor
            kept = {
                key: (entry.value, entry.version, entry.expires_at)
                for key, entry in state.items()
                if entry.expires_at is None or entry.expires_at > at
            }
            folded[name] = (said.name, one.pos, said.keys, at, by, kept)
        elif kind == "state" and said is not None:
            entry = evolve(state.pop(name, None), said, one.event.at, one.event.actor)
            if entry is not None:
                state[name] = entry
    held: dict[str, dict[str, object]] = {}
    for row in reader.rows("rebuild.snapshot_entries"):
        value = (json.loads(row["value"]), row["version"], row["expires_at"])
        held.setdefault(row["snapshot_id"], {})[row["key"]] = value
    names = ("name", "pos", "keys", "created_at", "created_by")
    rows = {
        row["id"]: (*(row[name] for name in names), held.pop(row["id"], {}))
        for row in reader.rows("rebuild.snapshots")
    }
    yield from _unlike("snapshot", rows, folded)
    yield from (f"entries of snapshot {each}" for each in sorted(held))


def _breakers(reader: Reader, history: list[Recorded]) -> Iterator[str]:
    """Failures and tries are counted beside the log; one that never opened is not in it."""
    names = ("seq", "state", "trips", "until", "reason", "kind", "dated")
    found = [breaker_rows.breaker_of(row) for row in reader.rows("breakers.all")]
    rows = {one.name: [getattr(one, name) for name in names] for one in found if one.seq}
    folded = breaker_rows.fold_breakers(history)
    said = {name: [getattr(one, each) for each in names] for name, one in folded.items()}
    yield from _unlike("breaker", rows, said)


def _redrives(reader: Reader, history: Iterable[Recorded]) -> Iterator[str]:
    """How far one has come is counted beside the log, until it has ended."""
    folded: dict[str, dict[str, object]] = {}
    for one in history:
        kind, _, name = one.event.stream.partition("/")
        if kind != "redrive":
            continue
        data = one.event.data
        if one.event.type == "redrive.started":
            given = {each: data[each] for each in ("criteria", "per_minute", "total")}
            folded[name] = given | {"actor": one.event.actor, "until": one.event.at}
        elif one.event.type == "redrive.ended":
            counts = {each: data[each] for each in ("done", "skipped")}
            folded[name] = folded[name] | counts | {"ended_at": one.event.at}
    rows = {}
    for row in reader.rows("rebuild.redrives"):
        plain = dict(row) | {"criteria": json.loads(row["criteria"])}
        wanted = folded.get(row["id"], {"ended_at": None})
        rows[row["id"]] = {name: plain[name] for name in {*wanted, "ended_at"} - {"id"}}
    ended = {name: {"ended_at": None} | said for name, said in folded.items()}
    yield from _unlike("redrive", rows, ended)


def _tokens(reader: Reader, history: Iterable[Recorded]) -> Iterator[str]:
    """Who may do what, in order; what a token is never enters the log."""
    folded: dict[str, list[list[object]]] = {}
    for one in history:
        name = str(one.event.data.get("name", ""))
        if one.event.type == "token.made":
            folded.setdefault(name, []).append([one.event.data["role"], True])
        elif one.event.type == "token.revoked":
            folded[name][-1][1] = False
    rows: dict[str, list[list[object]]] = {}
    for row in reader.rows("tokens.list"):
        rows.setdefault(row["name"], []).append([row["role"], row["revoked_at"] is None])
    yield from _unlike("token", rows, folded)
