"""The contract of a cache of shared state: quick, never newer than the log, free to forget."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from claude_agent.domain.shared_state import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """What is known of a key at a version."""

    version: int
    entry: Entry | None
    """None: the key was deleted by this version."""


class StateCache(ABC):
    """Keeps the newest version of keys; bodies live in `caches/`."""

    @abstractmethod
    def get(self, key: str) -> Cached | None:
        """Return what is known of a key; None: nothing, ask the database. Never raises."""

    @abstractmethod
    def put(self, key: str, cached: Cached) -> None:
        """Remember a version unless a newer one is known. Never raises, never waits long."""

    @abstractmethod
    def clear(self) -> None:
        """Forget everything. Never raises."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""
