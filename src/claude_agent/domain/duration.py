"""Durations as people write them: `250ms`, `5m`, `1h30m`, or a number of seconds."""

import re
from typing import Any, ClassVar

from claude_agent.errors import Invalid

MAX_MS = 366 * 24 * 3_600_000
"""The longest duration: a year."""
_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_LONGEST_TEXT = 40
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_WHOLE = re.compile("".join(rf"(?:({_NUMBER}){unit})?" for unit in _UNITS))
_SECONDS = re.compile(_NUMBER)


class DurationError(Invalid):
    """The value is no duration, or a longer one than a year."""

    code: ClassVar[str] = "duration_invalid"


def parse_duration(value: Any) -> int:
    """Return the milliseconds of a text like `1h30m` or of a number of seconds.

    Units fall from `d` over `h`, `m` and `s` to `ms`, each at most once. Raises DurationError.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _refused(value)
    milliseconds = _of_text(value) if isinstance(value, str) else value * 1_000
    # Written so that "not a number" fails too.
    if not 0 <= milliseconds <= MAX_MS:
        raise _refused(value)
    return round(milliseconds)


def format_duration(milliseconds: int) -> str:
    """Return the shortest text that `parse_duration` reads back as the same."""
    parts = []
    rest = milliseconds
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _of_text(text: str) -> float:
    bare = text.strip()
    if not bare or len(bare) > _LONGEST_TEXT:
        raise _refused(text)
    if _SECONDS.fullmatch(bare):
        return float(bare) * 1_000
    match = _WHOLE.fullmatch(bare)
    if not match:
        raise _refused(text)
    counts = zip(match.groups(), _UNITS.values(), strict=True)
    return sum(float(count) * size for count, size in counts if count is not None)


def _refused(value: Any) -> DurationError:
    shown = value if isinstance(value, str) else repr(value)
    return DurationError(
        f"'{shown:.40}' is no duration between 0 and a year",
        hint="write 250ms, 30s, 5m, 1h30m, 7d, or a number of seconds",
    )
