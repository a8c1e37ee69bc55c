"""Shared state between rows and values."""

import json

from claude_agent.domain.events import decode
from claude_agent.domain.shared_state import Entry, evolve
from claude_agent.storage.database import Reader, Row
from claude_agent.storage.log import Recorded


def entry_of(row: Row) -> Entry:
    """Return the entry of a row."""
    return Entry(
        key=row["key"],
        value=json.loads(row["value"]),
        version=row["version"],
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
        expires_at=row["expires_at"],
    )


def load(reader: Reader, key: str) -> Entry | None:
    """Return the newest value of a key, also one whose time is over; None: it is not there."""
    row = reader.row("state.one", key=key)
    return None if row is None else entry_of(row)


def next_version(reader: Reader, entry: Entry | None, stream: str) -> int:
    """Return the number of the next change; it goes on after a deletion."""
    if entry is not None:
        return entry.version + 1
    row = reader.row("log.last_of_stream", stream=stream)
    return int((row["seq"] if row is not None else None) or 0) + 1


def fold_state(history: list[Recorded]) -> dict[str, Entry]:
    """Fold every key out of the log, for rebuilding and comparing."""
    found: dict[str, Entry] = {}
    for one in history:
        kind, _, key = one.event.stream.partition("/")
        said = decode(one.event) if kind == "state" else None
        if said is None:
            continue
        entry = evolve(found.pop(key, None), said, one.event.at, one.event.actor)
        if entry is not None:
            found[key] = entry
    return found
