"""Schedules and their firings between rows and values."""

import json

from claude_agent.domain.events import decode
from claude_agent.domain.schedule import Schedule, Tick, folded, tick_after
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Reader, Row
from claude_agent.storage.log import Recorded

_PLAIN = (
    *("id", "workflow", "definition", "cron", "tz", "catchup_ms", "overlap", "next_at"),
    *("pause_reason", "seq", "created_at", "updated_at"),
)


def to_row(schedule: Schedule) -> dict[str, object]:
    """Return every column of a schedule."""
    row = {name: getattr(schedule, name) for name in _PLAIN}
    return row | {
        "inputs": json.dumps(dict(schedule.inputs)),
        "paused": int(schedule.paused),
        "removed": int(schedule.removed),
    }


def schedule_of(row: Row) -> Schedule:
    """Return the schedule of a row. Raises `Corrupt`."""
    with reading(f"schedule {row['id']}"):
        return Schedule(
            inputs=json.loads(row["inputs"]),
            paused=bool(row["paused"]),
            removed=bool(row["removed"]),
            **{name: row[name] for name in _PLAIN},
        )


def load(reader: Reader, schedule_id: str) -> Schedule | None:
    """Return a schedule, also one that was removed."""
    row = reader.row("schedules.one", id=schedule_id)
    return None if row is None else schedule_of(row)


def tick_of(row: Row) -> Tick:
    """Return what became of a firing."""
    names = ("kind", "state", "execution_id", "reason", "message")
    return Tick(**{name: row[name] for name in names})


def fold_schedules(
    history: list[Recorded],
) -> tuple[dict[str, Schedule], dict[tuple[str, int], Tick]]:
    """Fold every schedule and every firing out of the log, for rebuilding and comparing."""
    schedules: dict[str, Schedule] = {}
    ticks: dict[tuple[str, int], Tick] = {}
    for one in history:
        kind, _, name = one.event.stream.partition("/")
        said = decode(one.event) if kind == "schedule" else None
        if said is None:
            continue
        schedules[name] = folded(schedules.get(name), name, said, one.event.at)
        found = tick_after(said)
        if found is not None:
            ticks[name, found[0]] = found[1]
    return schedules, ticks


def differing(reader: Reader, history: list[Recorded]) -> list[str]:
    """Return the schedules whose rows are not what the log folds to; for rebuilding and tests."""
    schedules, ticks = fold_schedules(history)
    rows = {row["id"]: schedule_of(row) for row in reader.rows("schedules.everything")}
    fired = reader.rows("schedules.every_tick")
    kept = {(row["schedule_id"], row["tick"]): tick_of(row) for row in fired}
    wrong = {name for name in {*rows, *schedules} if rows.get(name) != schedules.get(name)}
    wrong |= {key[0] for key in {*kept, *ticks} if kept.get(key) != ticks.get(key)}
    wrong |= {row["schedule_id"] for row in reader.rows("schedules.wrongly_open")}
    return sorted(wrong)
