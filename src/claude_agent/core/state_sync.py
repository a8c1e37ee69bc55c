"""Shared state: keys with versioned values for agents, workflows and people; every change logged.

The log is the truth, the table its newest values, the caches copies that only newer versions
replace. Readers in the process that wrote see their own writes at once; on a shared database
another process's write arrives with the doorbell, milliseconds later. Whoever must not act on an
old value says which version he means: then a change by somebody else is a `VersionConflict`.
"""

import json
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import override

from claude_agent.core.foundation import Foundation
from claude_agent.core.intake import check_text
from claude_agent.core.subscriptions import Subscriptions
from claude_agent.core.timed import Timed
from claude_agent.core.views import Wire
from claude_agent.domain import shared_state as st
from claude_agent.domain.events import Context
from claude_agent.domain.shared_state import Entry
from claude_agent.errors import Invalid, NotFound, TooLarge, VersionConflict
from claude_agent.storage import log, state_rows
from claude_agent.storage.caches import MemoryCache
from claude_agent.storage.database import Duplicate, Reader, Tx
from claude_agent.storage.log import Recorded
from claude_agent.storage.state_cache import Cached, StateCache

MAX_VALUE = 1_048_576
MAX_TTL_MS = 10 * 365 * 86_400_000
_TRIES = 8
_BATCH = 200
_PAGE = 500
T = TypeVar("T")


class StateManager(Timed):
    """Reads, writes and watches shared state; every method may be called from any thread."""

    def __init__(
        self,
        foundation: Foundation,
        subscriptions: Subscriptions,
        *,
        far: StateCache | None = None,
    ) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._subscriptions = subscriptions
        self._near = MemoryCache()
        self._far = far
        self._changes = 0
        self._counting = threading.Lock()
        self._end: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to hear what other processes write; what a shared cache holds is asked anew."""
        if self._far is not None:
            self._far.clear()
        if self._database.shared:
            types = (*st.CHANGES, st.StateMoved.TYPE)
            self._end = self._subscriptions.follow(types, self._heard)

    def stop(self) -> None:
        """Stop hearing."""
        self._end()
        if self._far is not None:
            self._far.close()

    # Reading --------------------------------------------------------------------------------

    def get_state(self, key: str) -> Any:
        """Return the value of a key. Raises `NotFound`, `Invalid` for what cannot be a key."""
        return self.entry(key).value

    def entry(self, key: str) -> Entry:
        """Return a key with its version and who changed it. Raises `NotFound`, `Invalid`."""
        check_key(key)
        found = self._cached(key)
        if found is None or found.gone(self._clock.now()):
            message = f"There is no state under {key}."
            raise NotFound(message, hint="List the keys: claude-agent state list")
        return found

    def _cached(self, key: str) -> Entry | None:
        known = self._near.get(key)
        if known is not None:
            return known.entry
        with self._counting:
            before = self._changes
        known = self._far.get(key) if self._far is not None else None
        if known is None:
            entry = self._database.read(lambda r: state_rows.load(r, key))
            if entry is None:
                return None
            known = Cached(version=entry.version, entry=entry)
            if self._far is not None:
                self._far.put(key, known)
        with self._counting:
            if before == self._changes:  # else it may be old already: it is read again next time
                self._near.put(key, known)
        return known.entry

    def entries(self, pattern: str = "*", *, after: str = "", limit: int = 100) -> list[Entry]:
        """Return keys that match, in order, at most `limit`, those after the key `after`."""
        now = self._clock.now()

        def work(reader: Reader) -> list[Entry]:
            found: list[Entry] = []
            last = after
            while len(found) < limit:
                rows = reader.rows("state.page", after=last, limit=_PAGE)
                read = [state_rows.entry_of(row) for row in rows]
                found += [e for e in read if st.matches(pattern, e.key) and not e.gone(now)]
                if len(rows) < _PAGE:
                    break
                last = read[-1].key
            return found[:limit]

        return self._database.read(work)

    def history(self, key: str, *, after: int = 0, limit: int = 100) -> list[Recorded]:
        """Return the events of a key after a version, the oldest first."""
        check_key(key)
        return self._database.read(
            lambda r: log.of_stream(r, st.stream_of(key), after=after, limit=limit)
        )

    # Writing --------------------------------------------------------------------------------

    def update_state(
        self,
        key: str,
        value: object,
        *,
        version: int | None = None,
        ttl_ms: int | None = None,
        actor: str = "server",
    ) -> int:
        """Set a key and return its new version.

        `version` is the one that was read, 0: the key must not exist; None: whatever is there.
        After `ttl_ms` the key is gone. Raises `VersionConflict`, `Invalid`, `TooLarge`.
        """
        return self.set_entry(key, value, version=version, ttl_ms=ttl_ms, actor=actor).version

    def set_entry(
        self,
        key: str,
        value: object,
        *,
        version: int | None = None,
        ttl_ms: int | None = None,
        actor: str = "server",
    ) -> Entry:
        """Do what `update_state` does; return the whole entry."""
        return self._tried(
            lambda tx: self.put(
                tx, key, value, version=version, ttl_ms=ttl_ms, context=self._context(actor)
            ),
            blind=version is None,
        )

    def put(
        self,
        tx: Tx,
        key: str,
        value: object,
        *,
        version: int | None = None,
        ttl_ms: int | None = None,
        context: Context,
    ) -> Entry:
        """Set a key in the caller's transaction. Raises as `update_state`."""
        check_key(key)
        check_value(value, key)
        if ttl_ms is not None and not 0 < ttl_ms <= MAX_TTL_MS:
            message = "A time to live is more than nothing and at most ten years."
            raise Invalid(message, hint="Write it like 30s, 10m, 2d.", pointer="/ttl")
        was = self._current(tx, key, version, context.at)
        said = st.StateChanged(
            key=key,
            value=value,
            version=state_rows.next_version(tx, was, st.stream_of(key)),
            expires_at=None if ttl_ms is None else context.at + ttl_ms,
        )
        after = st.changed(said, context.at, context.actor)
        self._write(tx, was, after, said, context)
        return after

    def delete_state(self, key: str, *, version: int | None = None, actor: str = "server") -> int:
        """Delete a key; return the version of the deletion. Raises NotFound, VersionConflict."""

        def work(tx: Tx) -> Entry:
            context = self._context(actor)
            was = self._current(tx, key, version, context.at)
            if was is None or was.gone(context.at):
                message = f"There is no state under {key}."
                raise NotFound(message, hint="List the keys: claude-agent state list")
            self.drop(tx, was, "deleted", context)
            return was

        check_key(key)
        return self._tried(work, blind=version is None).version + 1

    def drop(self, tx: Tx, was: Entry, why: str, context: Context) -> None:
        """Delete a key in the caller's transaction, in which it was read."""
        said = st.StateDeleted(key=was.key, version=was.version + 1, why=why)
        self._write(tx, was, None, said, context)

    @override
    def tick(self, now: int) -> int:
        rows = self._database.read(lambda r: r.rows("state.expired", now=now, limit=_BATCH))
        context = Context(at=now, actor="scheduler")
        return sum(self._expire(row["key"], context) for row in rows)

    def _expire(self, key: str, context: Context) -> bool:
        def work(tx: Tx) -> bool:
            was = self._locked(tx, key)
            if was is None or not was.gone(context.at):
                return False
            self.drop(tx, was, "expired", context)
            return True

        return self._tried(work, blind=True)

    @override
    def next_due(self, reader: Reader) -> int | None:
        row = reader.row("state.next_due")
        return None if row is None else row["at"]

    @override
    def move(self, tx: Tx, jump: int, context: Context) -> int:
        rows = tx.rows("state.expiring")
        for row in rows:
            was = self._locked(tx, row["key"])
            if was is None or was.expires_at is None:
                continue
            said = st.StateMoved(
                key=was.key, version=was.version + 1, expires_at=was.expires_at + jump
            )
            self._write(tx, was, st.moved(was, said), said, context)
        return len(rows)

    def _tried(self, work: Callable[[Tx], T], *, blind: bool) -> T:
        """Write; who does not say which version he means tries again when he came second."""
        for _ in range(_TRIES if blind else 1):
            try:
                return self._database.write(work)
            except Duplicate:
                continue
            except VersionConflict:
                if not blind:
                    raise
        message = "Too many write this key at once."
        raise VersionConflict(message, hint="Try again in a moment.")

    def _context(self, actor: str) -> Context:
        return Context(at=self._clock.now(), actor=actor)

    def _locked(self, tx: Tx, key: str) -> Entry | None:
        tx.lock("state.lock", key=key)
        return state_rows.load(tx, key)

    def _current(self, tx: Tx, key: str, version: int | None, at: int) -> Entry | None:
        was = self._locked(tx, key)
        there = 0 if was is None or was.gone(at) else was.version
        if version is not None and version != there:
            said = f"is at version {there}" if there else "does not exist"
            message = f"{key} {said}, not at version {version}."
            raise VersionConflict(
                message, hint=f"Read it again: claude-agent state get {key}", pointer="/version"
            )
        return was

    def _write(
        self,
        tx: Tx,
        was: Entry | None,
        after: Entry | None,
        said: st.StateChanged | st.StateDeleted | st.StateMoved,
        context: Context,
    ) -> None:
        key = said.key
        if _write_row(tx, was, after, key) != 1:
            message = f"{key} was changed by somebody else just now."
            raise VersionConflict(message, hint="Read it again, then decide.")
        tx.append([context.wrap(st.stream_of(key), said.version, said)])
        tx.after_commit(lambda: self._remember(key, Cached(version=said.version, entry=after)))

    def _remember(self, key: str, cached: Cached) -> None:
        with self._counting:
            self._changes += 1
            self._near.put(key, cached)
        if self._far is not None:
            self._far.put(key, cached)

    def _heard(self, one: Recorded) -> None:
        """Take what any process wrote into the caches."""
        said = st.decode_change(one.event)
        if said is not None:
            entry = st.evolve(None, said, one.event.at, one.event.actor)
            self._remember(said.key, Cached(version=said.version, entry=entry))
            return
        key = one.event.stream.removeprefix("state/")  # moved: its value stands in the table
        moved = self._database.read(lambda r: state_rows.load(r, key))
        if moved is not None:
            self._remember(key, Cached(version=moved.version, entry=moved))

    # Watching -------------------------------------------------------------------------------

    def subscribe_changes(
        self,
        pattern: str,
        callback: Callable[[Wire], None],
        *,
        name: str = "",
        after: int | None = None,
    ) -> Callable[[], None]:
        """Call back with `{key, value, version, deleted, why, expires_at, pos, at, actor}`.

        For each change of a key that matches (`deploy.*`), in the order of the log; nothing is
        missed. `after`, `name`: see `Subscriptions`. Returns what ends it.
        """

        def hand_over(one: Recorded) -> None:
            event = one.event
            if st.matches(pattern, event.data["key"]):
                told = st.change(
                    event.data, event.type, pos=one.pos, at=event.at, actor=event.actor
                )
                callback(told)

        return self._subscriptions.follow(st.CHANGES, hand_over, name=name, after=after)


def _write_row(tx: Tx, was: Entry | None, after: Entry | None, key: str) -> int:
    if after is None:
        return tx.execute("state.delete", key=key, was=was.version if was else 0)
    values = {"key": key, "version": after.version, "expires_at": after.expires_at}
    whole = values | {
        "value": json.dumps(after.value, allow_nan=False),
        "at": after.updated_at,
        "by": after.updated_by,
    }
    if was is None:
        return tx.execute("state.insert", **whole)
    return tx.execute("state.update", was=was.version, **whole)


def check_key(key: str) -> None:
    """Refuse what cannot be a key. Raises `Invalid`."""
    if not st.KEY.fullmatch(key) or key in st.RESERVED:
        message = f"{key[:80]!r} cannot be a key."
        hint = "A key has letters, digits, _ . : and -, begins with a letter, digit or _, and is "
        raise Invalid(message, hint=hint + "at most 200 characters long.", pointer="/key")


def check_value(value: object, key: str) -> None:
    """Refuse what is no JSON or too large. Raises `Invalid`, `TooLarge`."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"The value of {key} is not JSON: {error}."
        raise Invalid(
            message, hint="Use texts, numbers, lists, mappings.", pointer="/value"
        ) from None
    if len(text) > MAX_VALUE:
        message = f"The value of {key} is over 1 MiB."
        raise TooLarge(message, hint="Put it into a file and keep its path.", pointer="/value")
    check_text(value, "/value")
