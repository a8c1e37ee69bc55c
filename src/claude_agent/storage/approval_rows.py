"""Approvals between rows and values: the same mapping for writing, reading and rebuilding."""

import json
from dataclasses import fields
from typing import Any

from claude_agent.domain.approval import Approval, ApprovalState, evolve, requested
from claude_agent.domain.approval_events import ApprovalRequested
from claude_agent.domain.events import decode
from claude_agent.storage.chain import canonical
from claude_agent.storage.database import Reader, Row
from claude_agent.storage.log import Recorded

_COLUMNS = ("id", "ref", "seq", "task_id", "execution_id", "step_id", "agent", "created_at")
__all__ = ["approval_of", "fold_approvals", "load", "to_row"]


def to_row(approval: Approval) -> dict[str, Any]:
    """Return every column of the approval's row."""
    data = {item.name: getattr(approval, item.name) for item in fields(approval)}
    row = {name: data[name] for name in _COLUMNS}
    rest = {name: value for name, value in data.items() if name not in row}
    return row | {
        "state": approval.state.value,
        "due_at": approval.due_at or None,
        "data": canonical(rest),
    }


def approval_of(row: Row) -> Approval:
    """Return the approval of a row."""
    data: dict[str, Any] = json.loads(row["data"])
    return Approval(
        **{name: row[name] for name in _COLUMNS},
        **data
        | {
            "state": ApprovalState(row["state"]),
            "deciders": tuple(data["deciders"]),
            "votes": tuple(data["votes"]),
        },
    )


def load(reader: Reader, approval_id: str) -> Approval | None:
    """Return the approval with this id. Its task or execution is locked before it."""
    row = reader.row("approvals.by_id", id=approval_id)
    return approval_of(row) if row is not None else None


def fold_approvals(history: list[Recorded]) -> dict[str, Approval]:
    """Fold every approval out of the log, for rebuilding and comparing."""
    found: dict[str, Approval] = {}
    for one in history:
        kind, _, approval_id = one.event.stream.partition("/")
        said = decode(one.event) if kind == "approval" else None
        if said is None:
            continue
        if isinstance(said, ApprovalRequested):
            found[approval_id] = requested(approval_id, said, one.event.at)
        else:
            found[approval_id] = evolve(found[approval_id], said, one.event.at)
    return found
