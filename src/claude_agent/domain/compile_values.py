"""Compile the values that many places share: durations, retry, timeouts, environments."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from claude_agent.domain.compile_reader import Cursor, read_each
from claude_agent.domain.compile_references import FAILURE_NAMES, Uses
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.duration import DurationError, parse_duration
from claude_agent.domain.retry import RetryPolicy

RETRY_KEYS = (
    *("max_attempts", "delay", "factor", "max_delay", "jitter", "deadline"),
    *("on", "not_on", "exit_codes"),
)
RETRY_OF_STEPS = ("if", "prompt", "agent")
"""Keys that only the steps of a workflow know."""
TIMEOUT_KEYS = ("start", "run", "total", "idle", "heartbeat")
MAX_ATTEMPTS = 100
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KIND = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")
_OURS = "CLAUDE_AGENT_"
SECRET = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
"""What secrets may be called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScope:
    """What the retry policy of a step may name."""

    uses: Uses
    """Collects what its expressions read."""
    agents: Collection[str]
    """The agents there are."""
    step: str
    """The step; empty: every step takes it as its default."""


def duration(cursor: Cursor, *, least_ms: int = 0) -> int | None:
    """Read a duration in milliseconds."""
    try:
        found = parse_duration(
            cursor.node.value if cursor.node.kind == "scalar" else cursor.shown()
        )
    except DurationError as error:
        cursor.fail(f"'{cursor.path}': {error.detail}", error.hint)
        return None
    if found < least_ms:
        cursor.fail(f"'{cursor.path}' must be longer than nothing")
        return None
    return found


def retry(cursor: Cursor | None, base: RetryPolicy, scope: RetryScope | None = None) -> RetryPolicy:
    """Read a retry policy; what it leaves out is taken from `base`; no scope: no step's."""
    known = RETRY_KEYS if scope is None else (*RETRY_KEYS, *RETRY_OF_STEPS)
    fields = cursor.fields(known, RETRY_OF_STEPS) if cursor is not None else None
    if not fields:
        return base
    changes: dict[str, Any] = {}
    for key, field in fields.items():
        match key:
            case "max_attempts":
                changes[key] = field.integer(1, MAX_ATTEMPTS)
            case "delay" | "max_delay" | "deadline":
                changes[f"{key}_ms"] = duration(field)
            case "factor":
                changes[key] = field.number(1, 100)
            case "jitter":
                changes[key] = field.number(0, 1)
            case "exit_codes":
                changes[key] = _exit_codes(field)
            case "on" | "not_on":
                changes[key] = _kinds(field)
            case _:
                changes["if_" if key == "if" else key] = _of_step(key, field, scope)
    return replace(base, **{key: value for key, value in changes.items() if value is not None})


def retry_of_task(cursor: Cursor, agents: Collection[str]) -> RetryPolicy:
    """Read the retry policy of a task of its own: its expressions read `failure` alone."""
    uses = Uses()
    found = retry(cursor, RetryPolicy(), RetryScope(uses=uses, agents=agents, step=""))
    for use in uses.found:
        root, *rest = use.path.parts
        if root != "failure":
            use.fail("a task of its own knows only `failure`", "like failure.kind")
        elif rest and rest[0] not in FAILURE_NAMES:
            use.fail(f"failure holds {', '.join(FAILURE_NAMES)}")
    return found


def _of_step(key: str, field: Cursor, scope: RetryScope | None) -> str | None:
    if scope is None:
        return None
    if key == "agent":
        return field.name_of("agent", scope.agents)
    if key == "if":
        return scope.uses.condition(field, "failure", scope.step)
    scope.uses.template(field, "failure", scope.step)
    return field.text()


def _exit_codes(cursor: Cursor) -> tuple[int, ...]:
    read = (each.integer(0, 255) for each in cursor.sequence() or ())
    return tuple(code for code in read if code is not None)


def _kinds(cursor: Cursor) -> tuple[str, ...]:
    found = []
    for each in cursor.sequence() or ():
        kind = each.text()
        if kind is not None and _KIND.fullmatch(kind):
            found.append(kind)
        elif kind is not None:
            each.fail(
                f"'{kind:.60}' is no kind of failure",
                "write names like timeout, timeout.run, crash or exit",
            )
    return tuple(found)


def timeouts(cursor: Cursor | None, base: Timeouts) -> Timeouts:
    """Read the limits of a step: a mapping, or one duration for `run`; the rest is of `base`."""
    if cursor is None:
        return base
    if cursor.node.kind == "scalar":
        return replace(base, run_ms=duration(cursor, least_ms=1))
    fields = cursor.fields(TIMEOUT_KEYS) or {}
    found = read_each(fields, lambda field: duration(field, least_ms=1))
    return replace(base, **{f"{key}_ms": value for key, value in found.items()})


def own_timeouts(cursor: Cursor, who: str) -> Timeouts:
    """Read the limits of what no task does: only `run` and `total` mean something for it."""
    for entry in cursor.node.entries:
        if entry.key in ("start", "idle", "heartbeat"):
            cursor.fail(f"'timeout.{entry.key}' means nothing for {who}", "write run or total")
    return timeouts(cursor, Timeouts())


def environment(cursor: Cursor | None) -> dict[str, str]:
    """Read names and values of an environment; numbers and booleans become text."""
    cursors = (cursor.mapping() if cursor is not None else None) or {}
    for name, each in cursors.items():
        if not _NAME.fullmatch(name):
            each.fail(f"'{name:.60}' cannot be the name of an environment variable")
        elif name.startswith(_OURS):
            each.fail(f"names that begin with {_OURS} are set by the system")
    return read_each(cursors, Cursor.scalar_text)


def labels(cursor: Cursor | None) -> dict[str, str]:
    """Read a mapping of short texts."""
    cursors = (cursor.mapping() if cursor is not None else None) or {}
    return read_each(cursors, Cursor.scalar_text)
