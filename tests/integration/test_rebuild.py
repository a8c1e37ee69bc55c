"""Every projection is what the log folds to; and each column of each of them takes part in that."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from claude_agent.storage import rebuild
from claude_agent.storage.database import Corrupt
from tests.integration.every_event import play
from tests.simulation.memory import Disk, MemoryDatabase
from tests.unit.core.stand import Stand
from tests.unit.storage.test_tables import REBUILT

Cells = dict[str, Any]
LABELS = {
    "tasks": "task {id}",
    "task_specs": "task {task_id}",
    "task_waits": "wait of task {task_id}",
    "attempts": "attempt {task_id}.{run}",
    "locks": "lock {name}",
    "executions": "execution {id}",
    "steps": "execution {execution_id}",
    "concurrency_slots": "place ('{key}', '{execution_id}')",
    "signals_seen": "signal ('{execution_id}', '{source}', '{message_id}')",
    "approvals": "approval {id}",
    "questions": "question {id}",
    "breakers": "breaker {name}",
    "state": "state {key}",
    "state_snapshots": "snapshot {id}",
    "state_snapshot_entries": "snapshot {snapshot_id}",
    "queues": "queue {name}",
    "redrives": "redrive {id}",
    "tokens": "token {name}",
    "schedules": "schedule {id}",
    "schedule_ticks": "schedule {schedule_id}",
    "webhooks": "webhook {workflow}",
    "webhook_deliveries": "delivery {path}",
    "event_triggers": "trigger {workflow}",
    "event_starts": "event {event_id} for {workflow}",
    "definitions": "definition {hash:.12}",
}
"""How a row of each table is named where it is not as the log says."""
BESIDE = {
    "tasks": {"effective_priority": "rises with age"},
    "executions": {
        "deadline_at": "computed anew from the definition",
        "mark": "which write made the row",
    },
    "task_waits": {"outcome": "news on its way; only that it is there is compared"},
    "concurrency_slots": {"n": "which of the places it is"},
    "breakers": {
        "failures": "counted beside the log until one opens",
        "probe": "who tries just now",
        "changed_at": "also moved by what is counted beside the log",
    },
    "queues": {"running": "counted anew at a start", "max": "of the configuration"},
    "redrives": {
        "next_at": "how far it is; counted beside the log",
        "after_at": "as next_at",
        "after_id": "as next_at",
    },
    "tokens": {
        "hash": "never enters the log",
        "created_at": "read from the clock a moment before its event",
        "created_by": "the actor of its event",
    },
    "schedule_ticks": {"at": "the time of its event"},
    "webhook_deliveries": {"at": "the time of its event; decides when it is forgotten"},
    "event_starts": {
        "definition": "how it is to be decided: of no meaning afterwards",
        "data": "as definition",
        "source": "as definition",
        "depth": "as definition",
        "at": "the time of its event; decides when it is forgotten",
    },
    "definitions": {
        "slug": "a source, pinned by its hash",
        "name": "as slug",
        "data": "as slug",
        "source": "as slug",
        "origin": "as slug",
        "created_at": "as slug",
    },
}
"""Columns that are no projections, and why."""
STATES = {
    "tasks": ("succeeded", "cancelled"),
    "executions": ("succeeded", "cancelled"),
    "steps": ("succeeded", "cancelled"),
    "approvals": ("used", "voided"),
    "questions": ("answered", "gone"),
    "breakers": ("closed", "open"),
    "schedule_ticks": ("skipped", "queued"),
    "event_starts": ("refused", "started"),
}
OTHERS = {"kind": ("run", "action"), "purpose": ("task", "step"), "role": ("viewer", "operator")}
"""Columns whose values the schema checks."""
FLAGS = {
    *("paused", "removed", "is_open", "compensate_on_cancel", "started", "waits", "ended_well"),
    *("in_force", "tried", "undo_skipped", "judged", "told"),
}
ENDED = ("succeeded", "dead", "cancelled", "rejected", "expired", "discarded")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A database in which everything that there is has happened."""
    stand = Stand(tmp_path_factory.mktemp("rebuild"))
    play(stand)
    stand.close()
    made = Disk(stand.path.read_bytes())
    yield made
    made.close()


def differing(disk: Disk) -> list[str]:
    reader = MemoryDatabase(disk)
    try:
        history = Stand.history_of(reader)
        return reader.read(lambda r: rebuild.differing(r, history))
    finally:
        reader.close()


def test_everything_is_as_the_log_says(disk: Disk) -> None:
    assert differing(disk) == []
    assert set(LABELS) == REBUILT


@pytest.mark.parametrize("table", sorted(REBUILT))
def test_each_row_and_each_column_is_compared(disk: Disk, table: str) -> None:
    rows = compared(disk, table)
    assert rows, f"the history leaves no row in {table}"
    columns = [name for name in rows[0] if name not in BESIDE.get(table, {})]
    for batch in batches(table, rows, [None, *columns]):
        disk.connection.execute("SAVEPOINT spoilt")
        for row, column in batch:
            spoil(disk, table, row, column)
        try:
            found = set(differing(disk))
        finally:
            disk.connection.execute("ROLLBACK TO spoilt")
        for row, column in batch:
            told = LABELS[table].format(**row)
            assert any(one.startswith(told) for one in found), f"{column} of {told}: {found}"


def compared(disk: Disk, table: str) -> list[Cells]:
    """Return the rows of a table of which each column is told by the log."""
    rows = disk.connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our tables
    if table == "task_waits":  # of a task that has ended they may be gone
        over = f"SELECT id FROM tasks WHERE state IN {ENDED}"  # noqa: S608 - our words
        ended = {row["id"] for row in disk.connection.execute(over)}
        rows = [row for row in rows if row["task_id"] not in ended]
    if table == "event_starts":
        rows = [row for row in rows if row["state"] in ("started", "refused")]
    if table == "breakers":
        rows = [row for row in rows if row["seq"]]
    if table == "definitions":
        used = disk.connection.execute("SELECT definition FROM executions").fetchall()
        rows = [row for row in rows if row["hash"] in {one["definition"] for one in used}]
    if table == "queues":
        rows = [row for row in rows if row["paused"] or row["person_max"]]
    return rows


def batches(
    table: str, rows: Sequence[Cells], columns: Sequence[str | None]
) -> Iterator[list[tuple[Cells, str | None]]]:
    """Share the columns out over rows with names of their own: many are spoiled at once."""
    named = list({LABELS[table].format(**row): row for row in rows}.values())
    for first in range(0, len(columns), len(named)):
        part = columns[first : first + len(named)]
        yield list(zip(named, part, strict=False))


def spoil(disk: Disk, table: str, row: Cells, column: str | None) -> None:
    """Change one column of a row, or remove the row."""
    same = " AND ".join(f"{name} IS :{name}" for name in row)
    if column is None:
        words = f"DELETE FROM {table} WHERE {same}"  # noqa: S608 - our tables
    else:
        words = f"UPDATE {table} SET {column} = :spoilt WHERE {same}"  # noqa: S608 - our tables
    spoilt = other(table, column or "", row[column] if column else None)
    assert disk.connection.execute(words, {**row, "spoilt": spoilt}).rowcount == 1


def other(table: str, column: str, value: object) -> object:
    """Return another value for a column, of its kind."""
    allowed = STATES.get(table) if column == "state" else OTHERS.get(column)
    if table == "schedule_ticks" and column == "kind":
        return "manual" if value != "manual" else "cron"
    if column in FLAGS and isinstance(value, int):
        return 1 - value
    if column == "revoked_at":
        return None if value else 1
    if column == "value":
        return '{"other": 1}'
    if allowed is not None:
        return allowed[1] if value == allowed[0] else allowed[0]
    if isinstance(value, int):
        return value + 1 if column != "priority" else (value + 1) % 5
    if value is None:
        return (
            '{"other": 1}' if column in ("outputs", "error", "verdict", "item") else nothing(column)
        )
    return changed(str(value))


def nothing(column: str) -> object:
    """Return a value for a column that is empty."""
    return '[["other"]]' if column == "plan" else 1


def changed(text: str) -> str:
    """Return another text; of JSON, another value of its kind."""
    if text[:1] not in ("{", "["):
        return f"{text}x"
    value = json.loads(text)
    if isinstance(value, list):
        return json.dumps([*value, ["other"] if value and isinstance(value[0], list) else "other"])
    names = [name for name, each in value.items() if isinstance(each, str)]
    return json.dumps(value | {names[0] if names else "other": "other"})


def test_row_that_cannot_be_read_is_damage(disk: Disk) -> None:
    disk.connection.execute("SAVEPOINT spoilt")
    disk.connection.execute("UPDATE executions SET params = '{'")
    try:
        with pytest.raises(Corrupt):
            differing(disk)
    finally:
        disk.connection.execute("ROLLBACK TO spoilt")
