"""Snapshots of all shared state: take, list, restore."""

import json

from claude_agent.core.foundation import Foundation
from claude_agent.core.state_sync import StateManager
from claude_agent.core.views import Wire
from claude_agent.domain import shared_state as st
from claude_agent.domain.events import Context, Event, Payload
from claude_agent.domain.shared_state import Entry
from claude_agent.errors import Invalid, NotFound
from claude_agent.storage import state_rows
from claude_agent.storage.database import Reader, Row, Stamp, Tx

MAX_NAME = 80
_LISTED = 200


class StateSnapshots:
    """Copies of the whole state; what they hold never changes."""

    def __init__(self, foundation: Foundation, state: StateManager) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._ids = foundation.ids
        self._state = state

    def take(self, name: str = "", *, actor: str = "server") -> Wire:
        """Copy every key under a new id; return the snapshot. Raises `Invalid` for its name."""
        if len(name) > MAX_NAME or not name.isprintable():
            message = f"The name of a snapshot is at most {MAX_NAME} printable characters."
            raise Invalid(message, pointer="/name")
        new = self._ids.new()

        def work(tx: Tx) -> None:
            context = Context(at=self._clock.now(), actor=actor)
            keys = tx.execute("state.take_snapshot", id=new, at=context.at)
            tx.execute("state.put_snapshot", id=new, name=name, keys=keys, at=context.at, by=actor)
            said = st.StateSnapshotTaken(name=name, keys=keys)
            stamp = Stamp("state.stamp_snapshot", id=new)
            tx.append([_event(context, new, 1, said)], stamp=stamp)

        self._database.write(work)
        return self.show(new)

    def all(self) -> list[Wire]:
        """Return the newest snapshots, without what they hold."""
        rows = self._database.read(lambda r: r.rows("state.snapshots", limit=_LISTED))
        return [dict(row) for row in rows]

    def show(self, name: str) -> Wire:
        """Return the snapshot of an id, or the newest of a name. Raises `NotFound`."""
        return dict(self._database.read(lambda r: _find(r, name)))

    def entries(self, name: str) -> list[Wire]:
        """Return what a snapshot holds: key, value, version, expires_at. Raises `NotFound`."""

        def work(reader: Reader) -> list[Wire]:
            rows = reader.rows("state.snapshot_entries", id=_find(reader, name)["id"])
            return [dict(row) | {"value": json.loads(row["value"])} for row in rows]

        return self._database.read(work)

    def restore(self, name: str, *, actor: str = "server") -> Wire:
        """Make the state what a snapshot holds, in one transaction, and return what changed.

        Every change is an event of its key, so watchers hear of it; keys that expired meanwhile
        and keys with the same value are left alone. Raises `NotFound`.
        """
        return self._database.write(lambda tx: self._restore(tx, name, actor))

    def _restore(self, tx: Tx, name: str, actor: str) -> Wire:
        row = _find(tx, name)
        context = Context(at=self._clock.now(), actor=actor)
        wanted = {
            one["key"]: one
            for one in tx.rows("state.snapshot_entries", id=row["id"])
            if one["expires_at"] is None or one["expires_at"] > context.at
        }
        changed = deleted = 0
        for key in sorted({*wanted, *(one["key"] for one in tx.rows("state.keys"))}):
            tx.lock("state.lock", key=key)
            now = state_rows.load(tx, key)
            then = wanted.get(key)
            if then is None:
                if now is not None:
                    self._state.drop(tx, now, "restored", context)
                    deleted += 1
            elif not _same(now, then):
                ttl = None if then["expires_at"] is None else then["expires_at"] - context.at
                value = json.loads(then["value"])
                self._state.put(tx, key, value, ttl_ms=ttl, context=context)
                changed += 1
        seq = tx.row("log.last_of_stream", stream=_stream(row["id"]))
        said = st.StateRestored(name=row["name"], changed=changed, deleted=deleted)
        tx.append([_event(context, row["id"], int(seq["seq"] if seq else 0) + 1, said)])
        return {"id": row["id"], "name": row["name"], "changed": changed, "deleted": deleted}


def _find(reader: Reader, name: str) -> Row:
    row = reader.row("state.snapshot", id=name) or reader.row("state.snapshot_named", name=name)
    if row is None:
        message = f"There is no snapshot {name[:80]}."
        raise NotFound(message, hint="List them: claude-agent state snapshot list")
    return row


def _same(now: Entry | None, then: Row) -> bool:
    if now is None:
        return False
    return (now.value, now.expires_at) == (json.loads(then["value"]), then["expires_at"])


def _stream(snapshot_id: str) -> str:
    return f"state-snapshot/{snapshot_id}"


def _event(context: Context, snapshot_id: str, seq: int, said: Payload) -> Event:
    return context.wrap(_stream(snapshot_id), seq, said)
