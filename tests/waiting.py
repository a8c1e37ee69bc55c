"""Wait for a condition with a deadline instead of sleeping for a guess."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    probe: Callable[[], T | None],
    *,
    timeout: float = 5.0,
    what: str = "the condition",
    every: float = 0.01,
) -> T:
    """Return the first truthy value of `probe`; fail the test after `timeout` seconds."""
    deadline = monotonic() + timeout
    pause = threading.Event()
    while True:
        value = probe()
        if value:
            return value
        if monotonic() > deadline:
            message = f"waited {timeout} s for {what}; last value: {value!r}"
            raise AssertionError(message)
        pause.wait(every)
