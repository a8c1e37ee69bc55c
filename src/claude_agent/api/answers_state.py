"""What clients receive about shared state."""

from claude_agent.api.answers import Answer
from claude_agent.api.answers_system import Frame


class StateEntry(Answer):
    """The newest value of a key."""

    key: str
    value: object
    version: int
    updated_at: int
    updated_by: str
    expires_at: int | None


class StateList(Answer):
    """A page of keys, in order."""

    items: list[StateEntry]
    next: str | None


class StateDeletion(Answer):
    """A key that is gone, and the version of its deletion."""

    key: str
    version: int


class StateHistory(Answer):
    """The events of a key, the oldest first."""

    items: list[Frame]


class Snapshot(Answer):
    """A copy of the whole state."""

    id: str
    name: str
    pos: int
    keys: int
    created_at: int
    created_by: str


class SnapshotList(Answer):
    """The newest snapshots."""

    items: list[Snapshot]


class SnapshotEntry(Answer):
    """One key of a snapshot."""

    key: str
    value: object
    version: int
    expires_at: int | None


class SnapshotDetail(Snapshot):
    """A snapshot with what it holds."""

    entries: list[SnapshotEntry]


class SnapshotRestored(Answer):
    """How many keys a restore set and deleted."""

    id: str
    name: str
    changed: int
    deleted: int
