"""Executions and their steps between rows and values."""

import json
from operator import attrgetter
from typing import Any

from claude_agent.domain.events import decode
from claude_agent.domain.execution import Execution, StepRun, fold, submitted
from claude_agent.domain.execution_events import ExecutionSubmitted
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.storage.chain import canonical
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Reader, Row, Tx
from claude_agent.storage.log import Recorded
from claude_agent.storage.task_rows import dump, parse

_FIXED = (
    *("ref", "workflow", "name", "definition", "cwd", "workspace", "created_at", "parent_id"),
    *("parent_step", "depth", "concurrency_key", "concurrency_limit", "forked_from"),
)
"""What never changes after the first event; so do the parameters."""
_CHANGING = (
    *("id", "seq", "generation", "started_at", "ended_at", "cancel_requested", "failed_step"),
    *("reason", "message", "chosen", "feedback"),
)
_PLAIN = (*_FIXED, *_CHANGING)
_STEP_PLAIN = (
    *(
        "id",
        "n",
        "parent",
        "generation",
        "due_at",
        "instances",
        "task_id",
        "task_ref",
        "k",
        "attempt",
        "reason",
        "message",
        "started_at",
    ),
    *("ended_at", "end_seq", "effect_seq", "undo_task_id", "undo_task_ref", "undo_started_at"),
    *("undo_ended_at", "child_id", "child_ref", "undo_child", "awaits"),
)
_STEP_FLAGS = ("started", "waits", "ended_well", "in_force", "tried", "undo_skipped")
_changing_of = attrgetter(*_CHANGING)
_step_plain = attrgetter(*_STEP_PLAIN)
_step_flags = attrgetter(*_STEP_FLAGS)


def to_row(run: Execution) -> dict[str, Any]:
    """Return every column of the execution's row but `deadline_at`."""
    fixed = {name: getattr(run, name) for name in _FIXED}
    return (
        fixed
        | {"params": dump(run.params), "pins": dump(run.pins), "started_by": dump(run.started_by)}
        | _changing(run)
    )


def _changing(run: Execution) -> dict[str, Any]:
    return dict(zip(_CHANGING, _changing_of(run), strict=True)) | {
        "state": run.state.value,
        "compensate_on_cancel": int(run.compensate_on_cancel),
        "undo_overdue": int(run.undo_overdue),
        "plan": None if run.plan is None else json.dumps([list(group) for group in run.plan]),
        "not_undone": json.dumps(list(run.not_undone)) if run.not_undone else "[]",
        "signals": json.dumps(list(run.signals)) if run.signals else "[]",
        "outputs": dump(run.outputs),
    }


def step_row(execution_id: str, step: StepRun) -> dict[str, Any]:
    """Return the columns of a step's row."""
    row = dict(zip(_STEP_PLAIN, _step_plain(step), strict=True))
    row.update(zip(_STEP_FLAGS, map(int, _step_flags(step)), strict=True))
    row["execution_id"], row["state"] = execution_id, step.state.value
    row["item"] = None if step.item is None else json.dumps(step.item)
    row["outputs"] = None if step.outputs is None else canonical(step.outputs)
    row["earlier_children"] = " ".join(step.earlier_children)
    return row


def step_of(row: Row) -> StepRun:
    """Return the step of a row."""
    return StepRun(
        state=StepState(row["state"]),
        outputs=parse(row["outputs"]),
        item=parse(row["item"]),
        started=bool(row["started"]),
        waits=bool(row["waits"]),
        ended_well=bool(row["ended_well"]),
        in_force=bool(row["in_force"]),
        tried=bool(row["tried"]),
        undo_skipped=bool(row["undo_skipped"]),
        earlier_children=tuple(row["earlier_children"].split()),
        **{name: row[name] for name in _STEP_PLAIN},
    )


def execution_of(row: Row, steps: list[Row]) -> Execution:
    """Return the execution of a row and the rows of its steps. Raises `Corrupt`."""
    with reading(f"execution {row['id']}"):
        return _execution_of(row, steps)


def _execution_of(row: Row, steps: list[Row]) -> Execution:
    plan = parse(row["plan"])
    return Execution(
        state=ExecutionState(row["state"]),
        params=parse(row["params"]),
        pins=parse(row["pins"]),
        started_by=parse(row["started_by"]),
        compensate_on_cancel=bool(row["compensate_on_cancel"]),
        undo_overdue=bool(row["undo_overdue"]),
        plan=None if plan is None else tuple(tuple(group) for group in plan),
        not_undone=tuple(json.loads(row["not_undone"])),
        signals=tuple(json.loads(row["signals"])),
        outputs=parse(row["outputs"]),
        steps={step["id"]: step_of(step) for step in steps},
        **{name: row[name] for name in _PLAIN},
    )


def load(reader: Reader, execution_id: str) -> Execution | None:
    """Return the execution with this id."""
    row = reader.row("executions.by_id", id=execution_id)
    if row is None:
        return None
    return execution_of(row, reader.rows("executions.steps", ids=[execution_id]))


def save(tx: Tx, before: Execution, after: Execution, mark: str) -> bool:
    """Write what changed; False when somebody else was first.

    `mark` names this very write: whoever kept `after` in memory knows by it that it is the row's.
    """
    changed = tx.execute("executions.update", was_seq=before.seq, mark=mark, **_changing(after))
    if after.params is not before.params:
        tx.execute("executions.set_params", id=after.id, params=dump(after.params))
    if after.drafted_at == before.seq:
        steps = [after.steps[name] for name in after.changed]
    else:
        steps = [one for name, one in after.steps.items() if before.steps.get(name) != one]
    rows = [step_row(after.id, one) for one in steps]
    if rows:
        tx.execute_many("executions.put_step", rows)
    return changed == 1


def insert(tx: Tx, run: Execution, *, deadline_at: int | None) -> None:
    """Write a new execution with its steps."""
    tx.execute("executions.insert", deadline_at=deadline_at, **to_row(run))
    tx.execute_many("executions.put_step", [step_row(run.id, one) for one in run.steps.values()])


def fold_executions(history: list[Recorded]) -> dict[str, Execution]:
    """Fold every execution out of the log, for rebuilding and comparing."""
    runs: dict[str, Execution] = {}
    for one in history:
        kind, _, execution_id = one.event.stream.partition("/")
        said = decode(one.event) if kind == "execution" else None
        if said is None:
            continue
        if isinstance(said, ExecutionSubmitted):
            runs[execution_id] = submitted(execution_id, said, one.event.at)
        else:
            fold(runs[execution_id], said, one.event.at)
    return runs
