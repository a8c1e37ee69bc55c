"""What agent programs say about the end of a usage limit, in their streams and their words.

Nothing is searched by a pattern that could take long: each looks at a bounded piece of text.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from claude_agent.agents.adapter import AgentEvent, EventKind
from claude_agent.domain.usage_limit import Reset

_MOST = 2_000
_SOON_MS = 900
_NOON = 12
_HALF_A_YEAR = timedelta(days=180)
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_EPOCH = re.compile(r"limit reached\|(\d{10,13})\b")
_AFTER = re.compile(
    r"(?:again|retry|reset|resets|retrying) (?:in|after):? "
    r"((?:\d{1,7}(?:\.\d{1,9})? ?[a-z]{1,8},? ?){1,5})"
)
_PART = re.compile(r"(\d{1,7}(?:\.\d{1,9})?) ?(ms|s|m|h|d)")
_CLOCK = re.compile(
    r"(?:resets?|again)(?: at| on)? "
    r"(?:(?P<month>[a-z]{3})[a-z]{0,6} (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:, \d{4})?(?:,| at)? )?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))? ?(?P<half>am|pm)"
    r"(?: ?\((?P<zone>[a-z_+\-/0-9]{1,40})\))?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def reset_of(seen: Sequence[AgentEvent], message: str, now: int) -> Reset | None:
    """Return when the limit ends that stopped a run: as its stream says, else as its words do.

    `now`: when it was said, epoch milliseconds; a time of day is the next one. The last one said
    counts. In a stream: `resets_at` (epoch milliseconds) and `resets_in_ms` in the data of events
    that are no success.
    """
    for event in reversed(seen):
        if event.ok and event.kind is not EventKind.ERROR:
            continue
        at, after = event.data.get("resets_at"), event.data.get("resets_in_ms")
        if type(at) is int and at > 0:
            return Reset(at=at)
        if type(after) is int and after > 0:
            return Reset(after_ms=after)
    said = [message, *(event.text for event in reversed(seen) if event.kind is EventKind.RETRY)]
    return next((found for each in said if (found := in_words(each, now))), None)


def in_words(said: str, now: int) -> Reset | None:
    """Return when a limit ends as a sentence said at `now` says it; None where it says nothing."""
    words = " ".join(said[:_MOST].split()).replace("\u202f", " ")
    low = words.lower()
    if found := _EPOCH.search(low):
        number = int(found[1])
        return Reset(at=number if number > 10**11 else number * 1000)
    if found := _AFTER.search(low):
        parts = _PART.findall(found[1])
        length = int(sum(float(number) * _UNITS[unit] for number, unit in parts))
        return Reset(after_ms=max(_SOON_MS, length)) if parts else None
    if found := _CLOCK.search(low):
        return _clock(found, words, now)
    return None


def _clock(found: re.Match[str], words: str, now: int) -> Reset | None:
    hour, month = int(found["hour"]), (found["month"] or "")[:3]
    if not 1 <= hour <= _NOON or (month and month not in _MONTHS):
        return None
    hour = hour % _NOON + (_NOON if found["half"] == "pm" else 0)
    zone = words[found.start("zone") : found.end("zone")] if found["zone"] else ""
    try:
        begin = datetime.fromtimestamp(now / 1000, UTC).astimezone(_zone(zone))
        minute = int(found["minute"] or 0)
        named = begin.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if month:
            named = named.replace(month=_MONTHS.index(month) + 1, day=int(found["day"]))
            if named < begin - _HALF_A_YEAR:  # said in December of January
                named = named.replace(year=named.year + 1)
        elif named <= begin:
            named += timedelta(days=1)
        return Reset(at=int(named.timestamp() * 1000))
    except (OSError, OverflowError, ValueError, ZoneInfoNotFoundError):
        return None  # a day or a zone that there is not


def _zone(name: str) -> tzinfo | None:
    """Return a time zone; None: this machine's."""
    return (UTC if name == "UTC" else ZoneInfo(name)) if name else None
