"""Attempts, their evidence and what they used, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.views.common import elapsed, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.cli.look import Cell, Look
    from claude_sdk.wire import Spent, Task
    from claude_sdk.wire_tasks import Attempt

MEANS = {
    "E1": "process ended",
    "E2": "hook: turn ended",
    "E3": "protocol result",
    "E4": "agent's own result",
    "E5": "gates passed",
}
"""Short words; docs/explanation/done.md has the long ones."""


def evidence_text(evidence: Sequence[object]) -> str:
    """Return levels with their meaning: plain codes, or objects with a `level`."""
    codes = [str(one.get("level", "")) if isinstance(one, dict) else str(one) for one in evidence]
    return ", ".join(f"{code} {MEANS[code]}" if code in MEANS else code for code in codes)


def resting_on(task: Task) -> str:
    """Return what the newest attempt rests on, and that nobody checked it where nobody did."""
    text = evidence_text(task["evidence"])
    return f"{text}; no gate checked it" if task["verified"] is False else text


def spent_text(spent: Spent | None) -> str:
    """Return tokens and cost in words."""
    if spent is None:
        return ""
    read = spent["input"] + spent["cache_read"] + spent["cache_write"]
    text = f"{read:,} tokens in ({spent['cache_read']:,} from cache), {spent['output']:,} out"
    cost = spent["cost_usd"]
    return text if cost is None else f"{text}, ${cost:.4f}"


def attempt_lines(attempts: Sequence[Attempt], look: Look) -> list[str]:
    """Return a table of attempts; nothing where there was one that told nothing special."""
    if not attempts:
        return []
    head = ("run", "outcome", "evidence", "elapsed", "spent", "why")
    return ["", *look.table(head, [_row(one) for one in attempts], elastic=5)]


def _row(one: Attempt) -> list[str | Cell]:
    error, late = one["error"], one["late"]
    why = f"{error['kind']}: {error['message']}" if error else ""
    if late is not None:
        why = f"{why}; reported late: {late['outcome']}"
    return [
        str(one["run"]),
        one["outcome"],
        " ".join(one["evidence"]),
        elapsed(one["started_at"], one["ended_at"], now_ms()),
        spent_text(one["spent"]),
        why,
    ]
