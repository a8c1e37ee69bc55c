"""Cron expressions in time zones: which times they mean. Times are epoch milliseconds.

Five fields follow Debian's cron where the clocks change: a fixed hour that does not exist fires
right after the gap, one that exists twice fires once; with `*` or a step in the minute or hour it
fires by the time that really passes. Six fields (seconds first) always do the latter.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from claude_agent.domain.schedule import NEVER

_LATEST = 253_000_000_000_000
"""Later than this (the year 9987) no calendar computes."""
_WIDER_MS = (3_600_000, 86_400_000, 32 * 86_400_000, 5 * 366 * 86_400_000)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _times(cron: str, tz: str, after: int) -> Iterator[int]:
    """Yield the times after a moment, in order. Raises `ValueError` for what is no cron."""
    start = datetime.fromtimestamp(min(max(after, 0), _LATEST) // 1000, _zone(tz))
    try:
        found = CronSim(cron, start)
    except CronSimError as error:
        raise ValueError(str(error)) from None
    last = after
    while True:
        try:
            at = int(next(found).timestamp()) * 1000
        except (StopIteration, OverflowError, ValueError):
            return
        if at > last:  # a time that the clock shows twice is told once, and never the past
            last = at
            yield at


def next_after(cron: str, tz: str, after: int) -> int:
    """Return the first time after a moment; `NEVER` where there is none in fifty years."""
    return next(_times(cron, tz, after), NEVER)


def upcoming(cron: str, tz: str, after: int, count: int) -> list[int]:
    """Return the next times after a moment, at most so many."""
    return [at for _, at in zip(range(count), _times(cron, tz, after), strict=False)]


def between(cron: str, tz: str, first: int, last: int, limit: int) -> list[int]:
    """Return the times from `first` to `last`, both inclusive, the earliest `limit` of them."""
    found: list[int] = []
    for at in _times(cron, tz, first - 1):
        if at > last or len(found) >= limit:
            break
        found.append(at)
    return found


def newest(cron: str, tz: str, first: int, last: int) -> int | None:
    """Return the latest time from `first` to `last`; None: there is none."""
    for width in _WIDER_MS:
        start = max(first, last - width)
        found = None
        for at in _times(cron, tz, start - 1):
            if at > last:
                break
            found = at
        if found is not None or start == first:
            return found
    return None


def problem(cron: str, tz: str, now: int) -> str:
    """Return what is wrong with an expression, in a few words; nothing where it will fire."""
    try:
        at = next_after(cron, tz, now)
    except ZoneInfoNotFoundError:
        return ""  # told already, of the zone
    except ValueError as error:
        return f"is no cron expression: {str(error).lower()}"
    return "never fires" if at >= NEVER else ""
