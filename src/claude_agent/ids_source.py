"""Draws ids and lots; injected, so that tests and simulations own chance."""

import random
import secrets

from claude_agent.clock import Clock
from claude_agent.domain.ids import uuid7


class IdSource:
    """Makes UUIDv7 ids and uniform numbers."""

    def __init__(self, clock: Clock, seed: int | None = None) -> None:
        self._clock = clock
        seeded = random.Random(seed)  # noqa: S311 - only with a seed, in simulations
        self._random = seeded if seed is not None else secrets.SystemRandom()

    def new(self) -> str:
        """Return a fresh UUIDv7."""
        return uuid7(self._clock.now(), self._random.randbytes(10))

    def chance(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()
