"""The only reader of time in the server; everything else is handed a `Clock`."""

import time
from abc import ABC, abstractmethod

from typing_extensions import override


class Clock(ABC):
    """Tells the time; injected, so that tests and simulations own it."""

    @abstractmethod
    def now(self) -> int:
        """Return the wall time in epoch milliseconds."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""


class SystemClock(Clock):
    """The machine's own clocks."""

    @override
    def now(self) -> int:
        return time.time_ns() // 1_000_000

    @override
    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock(Clock):
    """A clock that moves only when told: for tests and simulation."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self._now = now
        self._monotonic = 0.0

    @override
    def now(self) -> int:
        return self._now

    @override
    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, milliseconds: int) -> None:
        """Move both clocks forward together."""
        self._now += milliseconds
        self._monotonic += milliseconds / 1000

    def jump(self, milliseconds: int) -> None:
        """Move the wall clock alone, as a person or NTP does."""
        self._now += milliseconds
