"""What clients are shown of attempts, and of what they used."""

from collections.abc import Sequence

from claude_agent.domain.attempt import Attempt, Used
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.storage.database import Reader

Wire = JsonObject
_NANO = 1_000_000_000


def attempts_view(attempts: Sequence[Attempt]) -> Wire:
    """Return the attempts of a task, and what they used together."""
    used = [one.used for one in attempts if one.used.told]
    return {"items": [attempt_view(one) for one in attempts], "spent": _together(used)}


def attempt_view(one: Attempt) -> Wire:
    """Return the wire form of an attempt."""
    return {
        "run": one.run,
        "attempt": one.attempt,
        "generation": one.generation,
        "agent": one.agent,
        "adapter": one.adapter,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "outcome": one.outcome,
        "error": {"kind": one.kind, "message": one.message} if one.kind else None,
        "evidence": list(one.evidence),
        "spent": _together([one.used]) if one.used.told else None,
        "late": None if one.late_at is None else {"at": one.late_at, "outcome": one.late},
    }


def spent_by(reader: Reader, execution_id: str) -> Wire | None:
    """Return what the runs of an execution used together, None where none told anything."""
    row = reader.row("attempts.spent_by_execution", execution=execution_id)
    if row is None or not row["runs"]:
        return None
    names = ("runs", "input", "output", "cache_read", "cache_write")
    return {name: int(row[name]) for name in names} | {"cost_usd": _dollars(row["cost_nano"])}


def _together(used: Sequence[Used]) -> Wire | None:
    if not used:
        return None
    names = ("input", "output", "cache_read", "cache_write")
    costs = [one.cost_nano for one in used if one.cost_nano is not None]
    return {
        "runs": len(used),
        **{name: sum(getattr(one, name) for one in used) for name in names},
        "cost_usd": _dollars(sum(costs)) if costs else None,
    }


def _dollars(nano: int | None) -> float | None:
    return None if nano is None else int(nano) / _NANO
