"""What a history folds to, as plain JSON: the columns of every projection."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from claude_agent.storage import (
    approval_rows,
    attempt_rows,
    breaker_rows,
    execution_rows,
    queue_rows,
    schedule_rows,
    state_rows,
    task_rows,
    trigger_rows,
)
from claude_agent.storage.log import Recorded

Folded = dict[str, dict[str, Any]]


def folded(history: list[Recorded]) -> Folded:
    """Fold every projection; each thing by its name, each as {column: value}."""
    schedules, ticks = schedule_rows.fold_schedules(history)
    runs = execution_rows.fold_executions(history)
    found: Mapping[str, Mapping[Any, Any]] = {
        "tasks": {name: task_row(one) for name, one in task_rows.fold_tasks(history).items()},
        "attempts": {
            name: attempt_rows.to_row(one)
            for name, one in attempt_rows.fold_attempts(history).items()
        },
        "executions": {name: execution_rows.to_row(run) for name, run in runs.items()},
        "steps": {
            f"{run.id}/{step.id}": execution_rows.step_row(run.id, step)
            for run in runs.values()
            for step in run.steps.values()
        },
        "approvals": {
            name: opened(approval_rows.to_row(one))
            for name, one in approval_rows.fold_approvals(history).items()
        },
        "state": {name: asdict(one) for name, one in state_rows.fold_state(history).items()},
        "breakers": {n: asdict(one) for n, one in breaker_rows.fold_breakers(history).items()},
        "schedules": {name: schedule_rows.to_row(one) for name, one in schedules.items()},
        "ticks": {f"{name}/{at}": asdict(one) for (name, at), one in ticks.items()},
        "queues": queue_rows.fold_queues(history),
        "webhooks": _lines(trigger_rows.fold_webhooks(history)),
        "deliveries": _lines(trigger_rows.fold_deliveries(history)),
        "triggers": _lines(trigger_rows.fold_triggers(history)),
        "starts": _lines(trigger_rows.fold_starts(history)),
    }
    plain: Folded = json.loads(json.dumps(found, sort_keys=True))
    return plain


def task_row(task: task_rows.Task) -> dict[str, Any]:
    """Return the columns of a task and its specification."""
    return {**task_rows.to_row(task), "spec": task.spec.to_data()}


def opened(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the names inside its data as columns: a new one there is no change."""
    inside = {f"data.{name}": value for name, value in json.loads(row["data"]).items()}
    return {name: value for name, value in row.items() if name != "data"} | inside


def _lines(found: trigger_rows.Lines) -> dict[str, dict[str, Any]]:
    return {
        "/".join(map(str, key)): {str(n): value for n, value in enumerate(values)}
        for key, values in found.items()
    }


def lost(before: Folded, now: Folded, gone: Mapping[str, str]) -> list[str]:
    """Return what the fold of before said and the one of now does not; new names are no loss."""
    found = []
    for table, rows in before.items():
        have = now.get(table, {})
        found += [f"{table} {name} is new" for name in sorted(set(have) - set(rows))]
        for name, columns in rows.items():
            if name not in have:
                found.append(f"{table} {name} is gone")
                continue
            for column, value in columns.items():
                if f"{table}.{column}" in gone:
                    continue
                if column not in have[name] or not _same(value, have[name][column]):
                    is_now = have[name].get(column, "gone")
                    found.append(f"{table} {name}: {column} was {value!r} and is {is_now!r}")
    return found


def _same(before: Any, now: Any) -> bool:
    """Objects may have got new names."""
    if isinstance(before, dict) and isinstance(now, dict):
        return all(name in now and _same(value, now[name]) for name, value in before.items())
    return bool(before == now)
