"""Shared state: keys with versioned values, as events and as what they fold to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache
from typing import Any, ClassVar

from claude_agent.domain.events import Event, Payload, decode, payload

KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,199}")
"""Keys are plain words, so that they fit into addresses, shells and patterns."""
RESERVED = frozenset({"snapshots"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The newest value of a key."""

    key: str
    value: Any
    """Any JSON."""
    version: int
    """Number of the change within the key's stream; never used twice, also after a deletion."""
    updated_at: int
    """Epoch milliseconds."""
    updated_by: str
    expires_at: int | None = None
    """From this moment on the key is not there; None: it stays."""

    def gone(self, now: int) -> bool:
        """Say whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Payload):
    """A key has a new value."""

    TYPE: ClassVar[str] = "state.changed"
    key: str
    value: object
    version: int
    expires_at: int | None = None


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StateDeleted(Payload):
    """A key is gone: somebody deleted it, its time was over, or a snapshot had none."""

    TYPE: ClassVar[str] = "state.deleted"
    key: str
    version: int
    why: str
    """`deleted`, `expired` or `restored`."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StateMoved(Payload):
    """The wall clock jumped: the key expires after the same time as before."""

    TYPE: ClassVar[str] = "state.moved"
    key: str
    version: int
    expires_at: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StateSnapshotTaken(Payload):
    """All of the state was copied under a name."""

    TYPE: ClassVar[str] = "state.snapshot_taken"
    name: str
    keys: int


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class StateRestored(Payload):
    """The state is again as a snapshot had it; each change is an event of its key."""

    TYPE: ClassVar[str] = "state.restored"
    name: str
    changed: int
    deleted: int


CHANGES = (StateChanged.TYPE, StateDeleted.TYPE)
"""The types of which somebody who watches a key wants to hear."""


def decode_change(event: Event) -> StateChanged | StateDeleted | None:
    """Return the change that an event says; None: it says none."""
    said = decode(event)
    return said if isinstance(said, StateChanged | StateDeleted) else None


def stream_of(key: str) -> str:
    """Return the stream of a key."""
    return f"state/{key}"


def changed(said: StateChanged, at: int, actor: str) -> Entry:
    """Return the entry that a change makes."""
    return Entry(
        key=said.key,
        value=said.value,
        version=said.version,
        updated_at=at,
        updated_by=actor,
        expires_at=said.expires_at,
    )


def moved(entry: Entry, said: StateMoved) -> Entry:
    """Return the entry with its other time of expiry."""
    return replace(entry, version=said.version, expires_at=said.expires_at)


def evolve(entry: Entry | None, said: Payload, at: int, actor: str) -> Entry | None:
    """Fold one event of a key; None: the key is not there."""
    match said:
        case StateChanged():
            return changed(said, at, actor)
        case StateDeleted():
            return None
        case StateMoved() if entry is not None:
            return moved(entry, said)
        case _:
            return entry


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def matches(pattern: str, key: str) -> bool:
    """Say whether a key is meant: `*` is any text, `?` one character, `[ab]` one of some."""
    return _compiled(pattern).match(key) is not None


def change(
    said: Mapping[str, object], type_: str, *, pos: int, at: int, actor: str
) -> dict[str, object]:
    """Return what a watcher is told of an event."""
    deleted = type_ == StateDeleted.TYPE
    return {
        "key": said["key"],
        "value": None if deleted else said["value"],
        "version": said["version"],
        "deleted": deleted,
        "why": said.get("why", ""),
        "expires_at": said.get("expires_at"),
        "pos": pos,
        "at": at,
        "actor": actor,
    }
