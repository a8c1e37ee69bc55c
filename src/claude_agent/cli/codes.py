"""Exit codes, and which error has which."""

from claude_sdk.errors import ClaudeError, Problem

OK = 0
FAILED = 1
USAGE = 2
CANCELLED = 3
NOT_ALLOWED = 4
NOT_FOUND = 5
CONFLICT = 6
UNREACHABLE = 7
WAITED_FOR_FAILED = 8
WAIT_TIMED_OUT = 9
INTERRUPTED = 130

MEANINGS = {
    OK: "ok",
    FAILED: "failed (also: no tmux, unusable home, doctor findings)",
    USAGE: "wrong usage or input",
    CANCELLED: "cancelled or rejected",
    NOT_ALLOWED: "not allowed",
    NOT_FOUND: "not found",
    CONFLICT: "conflict (also: a second server, a port in use)",
    UNREACHABLE: "server unreachable, busy or out of room",
    WAITED_FOR_FAILED: "what was waited for failed",
    WAIT_TIMED_OUT: "the wait timed out; the work goes on",
    INTERRUPTED: "interrupted; the work goes on",
}

_BY_STATUS = {
    400: USAGE,
    401: NOT_ALLOWED,
    403: NOT_ALLOWED,
    404: NOT_FOUND,
    409: CONFLICT,
    412: CONFLICT,
    413: USAGE,
    415: USAGE,
    422: USAGE,
    429: UNREACHABLE,
    503: UNREACHABLE,
    507: UNREACHABLE,
}
_BY_CODE = {
    "setup": FAILED,
    "unreachable": UNREACHABLE,
    "wait_timeout": WAIT_TIMED_OUT,
    "usage": USAGE,
}

_ENDS = {
    "succeeded": OK,
    "cancelled": CANCELLED,
    "rejected": CANCELLED,
}


def for_problem(code: str, status: int) -> int:
    """Return the exit code for a problem's code and HTTP status (0: no answer had one)."""
    return _BY_CODE.get(code, _BY_STATUS.get(status, FAILED))


def for_error(error: ClaudeError) -> int:
    """Return the exit code for an error of the SDK."""
    if isinstance(error, Problem):
        return for_problem(error.document.code, error.status)
    return for_problem(error.code, 0)


def for_end(state: str) -> int:
    """Return the exit code for the terminal state of what was waited for."""
    return _ENDS.get(state, WAITED_FOR_FAILED)
