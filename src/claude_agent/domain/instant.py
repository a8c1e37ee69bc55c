"""Moments as people write them (RFC 3339 with a zone), as epoch milliseconds. Plain arithmetic."""

import re
from typing import ClassVar

from claude_agent.errors import Invalid

_SHAPE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CLOCK = (24, 60, 60)
_FEBRUARY = 2


class InstantError(Invalid):
    """The text is no moment, or has no zone."""

    code: ClassVar[str] = "instant_invalid"


def parse_instant(text: str) -> int:
    """Return the epoch milliseconds of a text like `2026-05-01T06:00:00+02:00`.

    Raises InstantError.
    """
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        message = f"'{text:.40}' is no time"
        raise InstantError(message, hint="write 2026-05-01T06:00:00Z")
    if match[8] is None:
        message = f"'{text:.40}' has no time zone"
        raise InstantError(message, hint="end it with Z or +02:00")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    clock = all(part < most for part, most in zip((hour, minute, second), _CLOCK, strict=True))
    if not (clock and _exists(year, month, day)):
        message = f"'{text:.40}' is no time that there is"
        raise InstantError(message, hint="write 2026-05-01T06:00:00Z")
    seconds = _days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    fraction = int((match[7] or "0").ljust(3, "0")[:3])
    return (seconds - _offset(match[8])) * 1_000 + fraction


def _offset(zone: str) -> int:
    if zone in "Zz":
        return 0
    seconds = int(zone[1:3]) * 3_600 + int(zone[4:6]) * 60
    return -seconds if zone[0] == "-" else seconds


def _exists(year: int, month: int, day: int) -> bool:
    if not 1 <= month <= len(_DAYS):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _DAYS[month - 1] + (leap and month == _FEBRUARY)


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01; a year is counted from March, so a leap day comes last."""
    year -= month <= _FEBRUARY
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
