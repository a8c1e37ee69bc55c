"""Wait for the end of a task or an execution by long-polling the log: no polling loop."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from claude_sdk.errors import WaitTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from claude_sdk.parts import Events
    from claude_sdk.wire import Execution, Frame, Task

_POLL_MS = 10_000
_PAUSE = threading.Event()

Thing = TypeVar("Thing", "Task", "Execution")


def wait_for_end(
    events: Events,
    *,
    topic: str,
    read: Callable[[], Thing],
    timeout: float | None,
    url: Callable[[str], str],
    seen: Callable[[Thing], None] | None = None,
) -> Thing:
    """Return what `read` gives once it has ended; raise WaitTimeout, the work goes on.

    The cursor is taken before the state is read, so an end between the two is seen. `seen` gets
    every state that was read before.
    """
    deadline = None if timeout is None else monotonic() + timeout
    cursor = events.head()["cursor"]
    while True:
        thing = read()
        if thing["ended_at"] is not None:
            return thing
        if seen is not None:
            seen(thing)
        while True:
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                raise WaitTimeout(thing["ref"], seconds=timeout or 0.0, url=url(thing["url"]))
            wait_ms = _POLL_MS if left is None else max(1, min(_POLL_MS, int(left * 1000)))
            asked = monotonic()
            page = events.read(after=cursor, topic=topic, wait_ms=wait_ms)
            cursor = page["cursor"]
            if page.get("reset") or any(concerns(frame, thing["id"]) for frame in page["items"]):
                break
            if not page["items"] and monotonic() - asked < wait_ms / 2000:
                _PAUSE.wait(0.1)  # a server that does not hold the request must not be hammered
                break


def concerns(frame: Frame, identity: str) -> bool:
    """Whether an event is about the task or execution with this id."""
    return frame["id"].rpartition("/")[2] == identity or frame["execution_id"] == identity
