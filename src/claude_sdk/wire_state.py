"""The JSON of shared state, as types. Times are epoch milliseconds."""

from typing import TypedDict


class StateEntry(TypedDict):
    """The newest value of a key; `version` is what `set` compares."""

    key: str
    value: object
    version: int
    updated_at: int
    updated_by: str
    expires_at: int | None


class StatePage(TypedDict):
    """A page of keys, in order; `next` is the cursor of the next page."""

    items: list[StateEntry]
    next: str | None


class StateDeletion(TypedDict):
    """A key that is gone, and the version of its deletion."""

    key: str
    version: int


class Snapshot(TypedDict):
    """A copy of the whole state."""

    id: str
    name: str
    pos: int
    keys: int
    created_at: int
    created_by: str


class SnapshotEntry(TypedDict):
    """One key of a snapshot."""

    key: str
    value: object
    version: int
    expires_at: int | None


class SnapshotDetail(Snapshot):
    """A snapshot with what it holds."""

    entries: list[SnapshotEntry]


class SnapshotRestored(TypedDict):
    """How many keys a restore set and deleted."""

    id: str
    name: str
    changed: int
    deleted: int
