"""What the tables share: times, fields, pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.text import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def now_ms() -> int:
    """Return the wall time in epoch milliseconds."""
    from claude_agent.clock import SystemClock  # noqa: PLC0415 - not every table shows times

    return SystemClock().now()


def clock_text(at: int) -> str:
    """Return `14:03:59`, local time."""
    import time  # noqa: PLC0415 - not every table shows times

    return time.strftime("%H:%M:%S", time.localtime(at / 1000))


def elapsed(started: int | None, ended: int | None, now: int) -> str:
    """Return how long something took, or takes so far; empty when it has not started."""
    if started is None:
        return ""
    return duration((ended if ended is not None else now) - started)


def as_items(items: Sequence[object]) -> Sequence[Mapping[str, object]]:
    """Return typed documents as plain mappings."""
    return cast("Sequence[Mapping[str, object]]", items)


def fields(pairs: Iterable[tuple[str, str | Cell]], look: Look) -> list[str]:
    """Return `name  value` lines, without those that have no value."""
    kept = [(name, value) for name, value in pairs if value]
    return look.table(
        ("", ""), [[Cell(text=name, family="dim"), value] for name, value in kept], elastic=1
    )


def more(cursor: str | None, look: Look) -> list[str]:
    """Say how to get the next page, if there is one."""
    return [look.paint(f"More: --cursor {cursor}", "dim")] if cursor else []


def waiting_notice(count: int) -> str:
    """Return the line of `status` and `monitor` about what waits; empty for nothing."""
    if not count:
        return ""
    verb = "waits" if count == 1 else "wait"
    return f"{counted(count, 'approval')} {verb}: claude-agent approval list"


def question_notice(count: int) -> str:
    """Return the line of `status` and `monitor` about what agents ask; empty for nothing."""
    if not count:
        return ""
    verb = "waits" if count == 1 else "wait"
    return f"{counted(count, 'question')} {verb} for an answer: claude-agent question list"
