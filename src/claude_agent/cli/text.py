"""Text for terminals: made harmless, aligned, and durations as people write them."""

import re
from functools import cache

_KEPT = frozenset("\n\t")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def harmless(text: str) -> str:
    """Return text that cannot steer a terminal: sequences gone, other controls shown as codes."""
    if text.isascii() and text.isprintable():
        return text
    import unicodedata  # noqa: PLC0415 - most text is plain

    plain = _escapes().sub("", text).replace("\r\n", "\n")
    return "".join(
        char if char in _KEPT or unicodedata.category(char) not in _HIDDEN else _code(char)
        for char in plain
    )


@cache
def _escapes() -> re.Pattern[str]:
    """Return the pattern of CSI, OSC and the other sequences that a program can print."""
    return re.compile(
        r"\x1b\[[0-?]*[ -/]*[@-~]"
        r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
        r"|\x1b[ -/]*[0-~]?"
    )


def one_line(text: str) -> str:
    """Return harmless text on one line."""
    return " ".join(harmless(text).split())


def _code(char: str) -> str:
    return char.encode("unicode_escape").decode()


def width(text: str) -> int:
    """Return how many columns a harmless text takes."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415 - most text is plain

    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def fit(text: str, columns: int, *, more: str = "…") -> str:
    """Return the text cut to so many columns, with a mark where it was cut."""
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > columns - len(more):
            break
        kept += char
    return (kept + more)[: max(0, columns)]


def duration(milliseconds: int) -> str:
    """Return `350 ms`, `3s`, `3m 42s`, `2h 05m`, `3d 4h`."""
    seconds, rest = divmod(max(0, milliseconds), 1000)
    if seconds == 0:
        return f"{rest} ms"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {seconds:02}s" if minutes else f"{seconds}s"


def seconds_of(text: str) -> float:
    """Read `250ms`, `10s`, `5m`, `1h30m`, or plain seconds; raise ValueError otherwise."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        message = f"{text!r} is not a duration: write 250ms, 10s, 5m, 1h30m or seconds"
        raise ValueError(message)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def counted(number: int, noun: str) -> str:
    """Return `1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
