"""The events of one execution, from its first to its last, whatever the connection does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_sdk.live import RESET, LiveEvents
from claude_sdk.waiting import concerns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_sdk.parts import Executions
    from claude_sdk.wire import Frame

_ENDS = frozenset(
    f"execution.{state}"
    for state in ("ended", "succeeded", "failed", "cancelled", "compensated", "compensation_failed")
)
_LOOK = 30.0


def events_of(executions: Executions, live: LiveEvents, ref: str) -> Iterator[Frame]:
    """Yield the history, then what happens, each event once, until the execution has ended."""
    identity = executions.get(ref)["id"]
    page = executions.events(identity)
    live.cursor = page["cursor"]
    epoch, last = _epoch(page["cursor"]), 0
    frames = page["items"]
    while True:
        for frame in frames:
            if frame["pos"] <= last:
                continue
            last = frame["pos"]
            yield frame
            if frame["type"] in _ENDS and concerns(frame, identity):
                return
        found = live.next(timeout=_LOOK)
        frames = []
        if found is not None and found["type"] == RESET:
            page = executions.events(identity)
            if _epoch(page["cursor"]) != epoch:
                epoch, last = _epoch(page["cursor"]), 0  # a restored log counts anew
            frames = page["items"]
        elif found is not None and concerns(found, identity):
            frames = [found]


def _epoch(cursor: str) -> str:
    return cursor.rpartition(":")[0]
