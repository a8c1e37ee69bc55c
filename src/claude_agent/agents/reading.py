"""Takes apart lines that others wrote: nothing is taken for granted, nothing raises."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Line: TypeAlias = Mapping[str, Any]
"""One JSON object that a program printed."""
NOTHING: Line = {}
STATUS = {
    **dict.fromkeys((401, 403), "auth"),
    402: "billing",
    **dict.fromkeys((400, 404, 405, 413, 422), "bad_request"),
    429: "rate",
    **dict.fromkeys((408, 500, 502, 503, 504, 520, 522, 524, 529), "overload"),
}
"""What an HTTP status of a model's server means."""
_WORDS = (
    ("auth", ("invalid api key", "invalid x-api-key", "incorrect api key", "api key not valid")),
    ("auth", ("unauthorized", "unauthenticated", "authentication", "not logged in", "/login")),
    ("billing", ("insufficient_quota", "credit balance", "out of credits", "usage credits")),
    ("billing", ("billing_error", "billing is", "payment required", "spend limit")),
    ("rate", ("rate limit", "rate_limit", "usage limit", "too many requests", "exhausted")),
    ("rate", ("hit your limit", "limit reached", "current quota", "request a quota")),
    ("overload", ("overloaded", "internal server error", "internal error", "unavailable")),
    ("overload", ("high demand", "at capacity")),
    ("bad_request", ("bad request", "invalid_request", "invalid request", "not found")),
    ("bad_request", ("prompt is too long", "context_length", "context window")),
    ("cut", ("stream disconnected", "connection", "econnreset", "econnrefused", "socket")),
    ("cut", ("premature close", "stream closed", "fetch failed", "terminated", "incomplete")),
    ("cut", ("stream ended", "ended without", "idle timeout", "timed out", "network")),
)


def mapping(value: object, *path: str) -> Line:
    """Return the object at a path inside a value, an empty one where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else NOTHING


def text(value: object, *path: str) -> str:
    """Return the text at a path, nothing where there is none."""
    found = mapping(value, *path[:-1]).get(path[-1]) if path else value
    return found if isinstance(found, str) else ""


def items(value: object, *path: str) -> Sequence[object]:
    """Return the list at a path, an empty one where there is none."""
    found = mapping(value, *path[:-1]).get(path[-1]) if path else value
    return found if isinstance(found, list) else ()


def count(value: object, *path: str) -> int:
    """Return the whole number from 0 on at a path, 0 where there is none."""
    found = mapping(value, *path[:-1]).get(path[-1]) if path else value
    return found if type(found) is int and found >= 0 else 0


def amount(value: object, *path: str) -> float | None:
    """Return the number from 0 on at a path, None where there is none."""
    found = mapping(value, *path[:-1]).get(path[-1]) if path else value
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return float(found) if 0 <= found < 2**53 else None


def error_kind(message: str, status: object = None) -> str:
    """Return the class of a failure: by the HTTP status where there is one, else by its words.

    `agent_error` where neither says.
    """
    if type(status) is int and status in STATUS:
        return STATUS[status]
    said = message[:4000].lower()
    for number, kind in STATUS.items():
        if any(form in said for form in (f"status {number}", f"error: {number}", f"code {number}")):
            return kind
    for kind, words in _WORDS:
        if any(word in said for word in words):
            return kind
    return "agent_error"


def one_line(said: str, most: int = 400) -> str:
    """Return a text as one line of at most so many characters."""
    return " ".join(said[: 4 * most].split())[:most]
