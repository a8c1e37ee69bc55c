"""The port's part for shared state."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Page, Wire


class StateServices(ABC):
    """Keys with versioned values; every change is recorded under the actor's name."""

    @abstractmethod
    def states(self, pattern: str, page: Page) -> Wire:
        """Return {"items","next"}: the keys that match, in order."""

    @abstractmethod
    def state_of(self, key: str) -> Wire:
        """Return a key's newest value. Raises NotFound, Invalid."""

    @abstractmethod
    def state_history(self, key: str, *, after: int, limit: int) -> Wire:
        """Return {"items"}: the events of a key after a version."""

    @abstractmethod
    def set_state(
        self, key: str, value: object, *, version: int | None, ttl_ms: int | None, actor: str
    ) -> Wire:
        """Set a key; return its newest value. Raises VersionConflict, Invalid, TooLarge."""

    @abstractmethod
    def delete_state(self, key: str, *, version: int | None, actor: str) -> Wire:
        """Delete a key; return {"key","version"}. Raises NotFound, VersionConflict."""

    @abstractmethod
    def snapshots(self) -> Wire:
        """Return {"items"}: the newest snapshots."""

    @abstractmethod
    def take_snapshot(self, name: str, *, actor: str) -> Wire:
        """Copy the whole state; return the snapshot. Raises Invalid."""

    @abstractmethod
    def snapshot(self, name: str) -> Wire:
        """Return a snapshot (id or name) with its entries. Raises NotFound."""

    @abstractmethod
    def restore_snapshot(self, name: str, *, actor: str) -> Wire:
        """Make the state what it holds; return what changed. Raises NotFound."""
