"""Shared state between agents, workflows and people: `system.state`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator

    from claude_sdk.wire import Frame, Json
    from claude_sdk.wire_state import (
        Snapshot,
        SnapshotDetail,
        SnapshotRestored,
        StateDeletion,
        StateEntry,
        StatePage,
    )


class State(Part):
    """Keys with versioned JSON values. Iterate over it for all of them."""

    def __iter__(self) -> Iterator[StateEntry]:
        cursor: str | None = None
        while True:
            page = self.list(cursor=cursor, limit=500)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def list(self, pattern: str = "*", *, cursor: str | None = None, limit: int = 50) -> StatePage:
        """Return a page of the keys that match (`deploy.*`), in order."""
        query = {"pattern": pattern, "cursor": cursor, "limit": limit}
        return cast("StatePage", self._get("state", query=query))

    def get(self, key: str) -> StateEntry:
        """Return a key's newest value with its version. Raises NotFound."""
        return cast("StateEntry", self._get("state", key))

    def set(
        self, key: str, value: object, *, version: int | None = None, ttl: str | int | None = None
    ) -> StateEntry:
        """Set a key; `version` is the one that was read, 0: it must not exist.

        After `ttl` (`10m`, or seconds) the key is gone. Raises VersionConflict.
        """
        body: Json = {"value": value}
        body |= {} if version is None else {"version": version}
        body |= {} if ttl is None else {"ttl": ttl}
        return cast("StateEntry", self._post("state", key, body=body))

    def delete(self, key: str, *, version: int | None = None) -> StateDeletion:
        """Delete a key; its history stays. Raises NotFound, VersionConflict."""
        body = {} if version is None else {"version": version}
        return cast("StateDeletion", self._post("state", key, "delete", body=body))

    def history(self, key: str, *, after: int = 0, limit: int = 100) -> builtins.list[Frame]:
        """Return the events of a key after a version, the oldest first."""
        query = {"after": after, "limit": limit}
        found = self._get("state", key, "history", query=query)
        return cast("dict[str, list[Frame]]", found)["items"]

    def snapshots(self) -> builtins.list[Snapshot]:
        """Return the newest snapshots."""
        return cast("dict[str, list[Snapshot]]", self._get("state", "snapshots"))["items"]

    def take_snapshot(self, name: str = "") -> Snapshot:
        """Copy the whole state under a new id."""
        return cast("Snapshot", self._post("state", "snapshots", body={"name": name}))

    def snapshot(self, name: str) -> SnapshotDetail:
        """Return a snapshot, by its id or the newest of a name, with what it holds."""
        return cast("SnapshotDetail", self._get("state", "snapshots", name))

    def restore(self, name: str) -> SnapshotRestored:
        """Make the state what a snapshot holds, in one transaction."""
        return cast("SnapshotRestored", self._post("state", "snapshots", name, "restore", body={}))
