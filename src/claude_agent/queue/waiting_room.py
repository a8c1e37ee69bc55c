"""Threads that wait for rows: one of them listens to the doorbell, for all of them."""

import threading
from collections.abc import Callable
from typing import TypeVar

from claude_agent.clock import Clock
from claude_agent.storage.notifier import Notifier

T = TypeVar("T")
FLOOR_S = 0.5
"""A ring may be lost: so long, at most, between two looks."""


class WaitingRoom:
    """Waits until a look at the database finds something."""

    def __init__(self, notifier: Notifier, clock: Clock, topic: str) -> None:
        self._notifier = notifier
        self._clock = clock
        self._topic = topic
        self._condition = threading.Condition()
        self._rings = 0
        self._listening = False

    def ring(self) -> None:
        """Make everybody look, in every process."""
        self._notifier.ring(self._topic)

    def wait(self, look: Callable[[], T | None], timeout: float | None) -> T | None:
        """Return what `look` found, or None after `timeout` seconds (None: no limit)."""
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        while True:
            with self._condition:
                heard = self._rings
            found = look()
            if found is not None:
                return found
            pause = FLOOR_S
            if deadline is not None:
                pause = min(pause, deadline - self._clock.monotonic())
                if pause <= 0:
                    return None
            self._wait_for_ring(heard, pause)

    def _wait_for_ring(self, heard: int, pause: float) -> None:
        with self._condition:
            if self._listening or self._rings != heard:
                # A topic wakes one waiter alone: that one wakes the others.
                self._condition.wait_for(lambda: self._rings != heard, pause)
                return
            self._listening = True
        try:
            self._notifier.wait((self._topic,), pause)
        finally:
            with self._condition:
                self._listening = False
                self._rings += 1
                self._condition.notify_all()
