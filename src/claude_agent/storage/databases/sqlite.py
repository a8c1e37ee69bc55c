"""SQLite in WAL mode: one writer at a time, transactions of many threads in one commit.

Writers take turns (`storage.turns`): one fsync for all that wait, no thread switch for a lone one.
"""

import contextlib
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from typing_extensions import override

from claude_agent.errors import Unavailable
from claude_agent.storage.chain import writable
from claude_agent.storage.database import Database, Duplicate, Reader, Row, Tx
from claude_agent.storage.databases.sqlite_errors import (
    FAILURES,
    corrupt,
    is_fatal,
    translated,
)
from claude_agent.storage.databases.sqlite_text import statement
from claude_agent.storage.gathering import GatheringTx
from claude_agent.storage.migrate import upgrade
from claude_agent.storage.queries import find
from claude_agent.storage.turns import Request, Turns

T = TypeVar("T")
_Values = Mapping[str, object] | tuple[object, ...]
READERS = 4
_PATIENCE_S = 30.0
"""So long for the writer of another process."""
_TURN_S, _LONG_TURN_S = 0.00002, 0.0005
"""Between two looks whether it has ended: SQLite's own waits begin at a millisecond and grow."""
_WRITER_KIB, _READER_KIB = 2048, 256
"""Page caches: what is not in them is in the kernel's, which all connections share."""


def open_sqlite(
    path: str, *, shared: bool = False, draw: Callable[[], str] = lambda: secrets.token_hex(4)
) -> "SqliteDatabase":
    """Open a SQLite file and migrate it; the one way to get a usable database.

    Raises `Corrupt`, `DiskFull`, `Unavailable` (also: the file was made by a newer version).
    """
    database = SqliteDatabase(path, shared=shared)
    try:
        upgrade(database, draw)
    except BaseException:
        database.close()
        raise
    return database


class SqliteDatabase(Database):
    """One SQLite file. `shared=True` lets several processes use it (the broker alone)."""

    def __init__(self, path: Path | str, *, shared: bool = False, durable: bool = True) -> None:
        self._path = str(path)
        self._shared = shared
        self._sync = "FULL" if durable else "NORMAL"
        self._lock = threading.Lock()
        self._turns = Turns(self._commit, self._lock)
        self._local = threading.local()
        self._readers: deque[sqlite3.Connection] = deque()
        self._free = threading.Semaphore(READERS)
        self._callbacks: tuple[Callable[[int], None], ...] = ()
        self._closed = False
        self._pause = threading.Event()
        self._writer = self._connect(_WRITER_KIB)
        if shared:
            self._wait_in_sqlite(yes=False)
        self._synchronous = ""
        try:
            self._set_sync(self._sync)
        except FAILURES as error:
            self._writer.close()
            raise translated(error, self._path) from error

    def _connect(self, cache_kib: int) -> sqlite3.Connection:
        connection = None
        try:
            connection = sqlite3.connect(
                self._path,
                timeout=_PATIENCE_S,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            connection.row_factory = _as_dict
            for pragma in (
                "journal_mode=WAL",
                "foreign_keys=ON",
                f"cache_size=-{cache_kib}",
                "journal_size_limit=67108864",
                "secure_delete=FAST",
                "temp_store=MEMORY",
            ):
                connection.execute(f"PRAGMA {pragma}")
        except FAILURES as error:
            if connection is not None:
                connection.close()
            raise translated(error, self._path) from error
        return connection

    def _set_sync(self, level: str) -> None:
        if level != self._synchronous:
            self._writer.execute(f"PRAGMA synchronous={level}")
            self._synchronous = level

    def _wait_in_sqlite(self, *, yes: bool) -> None:
        self._writer.execute(f"PRAGMA busy_timeout={round(_PATIENCE_S * 1000) if yes else 0}")

    def _begin(self) -> None:
        """Begin once no other process writes; wait for it no longer than needed."""
        waited, pause = 0.0, _TURN_S
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not self._shared or waited >= _PATIENCE_S or "locked" not in str(error):
                    raise
            else:
                return
            self._pause.wait(pause)
            waited += pause
            pause = min(pause * 1.2, _LONG_TURN_S)

    @property
    def path(self) -> str:
        """Where the file is."""
        return self._path

    @override
    def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        if getattr(self._local, "writing", False):
            message = "a transaction was opened inside a transaction"
            raise RuntimeError(message)
        request = Request(work, durable=durable)
        self._turns.run(request)
        # The callbacks run in the thread that asked, after the lock is free again.
        for call in request.callbacks:
            call()
        if request.error is not None:
            raise request.error
        result: T = request.result  # type: ignore[assignment]
        return result

    def _commit(self, batch: Sequence[Request]) -> None:
        self._local.writing = True
        heads: list[int] = []
        try:
            self._refuse_when_closed()
            self._set_sync(self._sync if any(r.durable for r in batch) else "NORMAL")
            self._begin()
            try:
                for request in batch:
                    heads += self._run(request, alone=len(batch) == 1)
                self._writer.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise
        except FAILURES as error:
            self._fail(batch, translated(error, self._path))
        except _AloneFailed:
            pass
        except Unavailable as error:
            self._fail(batch, error)
        except BaseException:
            # This thread was interrupted: the others must not take it for a commit.
            message = "The transaction was interrupted before it was committed."
            self._fail(batch, Unavailable(message, hint="Try again."))
            raise
        else:
            for request in batch:
                request.callbacks = tuple(request.after) if request.error is None else ()
            self._tell(max(heads, default=0))
        finally:
            self._local.writing = False
            for request in batch:
                request.done = True

    def _refuse_when_closed(self) -> None:
        if self._closed:
            message = "the database is closed"
            raise Unavailable(message)

    def _run(self, request: Request, *, alone: bool) -> list[int]:
        tx = _SqliteTx(self._writer)
        try:
            if not alone:
                self._writer.execute("SAVEPOINT one")
            request.result = request.work(tx)
            pos = tx.finish()
        except BaseException as error:  # the owner of the request raises it again, in its thread
            if isinstance(error, sqlite3.OperationalError) and is_fatal(error):
                raise
            request.error = translated(error, self._path) if isinstance(error, FAILURES) else error
            if alone:
                raise _AloneFailed from error
            self._writer.execute("ROLLBACK TO one")
            self._writer.execute("RELEASE one")
            return []
        request.after = tx.after
        if not alone:
            self._writer.execute("RELEASE one")
        return [pos] if pos else []

    @staticmethod
    def _fail(batch: Sequence[Request], error: Exception) -> None:
        for request in batch:
            if request.error is None:
                request.error = error

    def _tell(self, pos: int) -> None:
        if pos:
            for callback in self._callbacks:
                callback(pos)

    @override
    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def end() -> None:
            with self._lock:
                self._callbacks = tuple(one for one in self._callbacks if one is not callback)

        return end

    @override
    def read(self, work: Callable[[Reader], T]) -> T:
        with self._reader() as connection:
            try:
                connection.execute("BEGIN")
                return work(_SqliteReader(connection))
            except FAILURES as error:
                raise translated(error, self._path) from error
            finally:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have done it by itself
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        with self._free:
            self._refuse_when_closed()
            try:
                connection = self._readers.pop()
            except IndexError:
                connection = self._connect(_READER_KIB)
                connection.execute("PRAGMA query_only=ON")
            try:
                yield connection
            finally:
                if self._closed:
                    connection.close()
                else:
                    self._readers.append(connection)

    @override
    def state(self) -> tuple[bool, str]:
        return not self._closed, f"SQLite at {self._path}"

    @override
    def check(self) -> None:
        with self._lock:
            try:
                verdict = self._writer.execute("PRAGMA quick_check(1)").fetchone()
            except FAILURES as error:
                raise translated(error, self._path) from error
        if "ok" not in verdict.values():
            raise corrupt(self._path, str(next(iter(verdict.values()))))

    @override
    def migrate_script(self, script: str) -> None:
        with self._lock:
            if self._shared:
                self._wait_in_sqlite(yes=True)
            try:
                self._writer.executescript(f"BEGIN IMMEDIATE;\n{script}\nCOMMIT;")
            except FAILURES as error:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise translated(error, self._path) from error
            finally:
                if self._shared:
                    self._wait_in_sqlite(yes=False)

    @override
    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            while self._readers:
                self._readers.pop().close()
            self._writer.close()


class _AloneFailed(Exception):
    """The only request of a batch failed: roll the transaction back."""


class _SqliteReader(Reader):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @override
    def rows(self, query: str, **params: object) -> list[Row]:
        known = statement(query)
        if known is None:
            cursor = self._connection.execute(*find(query).with_lists(params))
        else:
            cursor = self._connection.execute(known[0], known[1](params))
        cursor.row_factory = None  # the names of the columns are looked at once, not for each row
        found = cursor.fetchall()
        if not found:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in found]


class _SqliteTx(_SqliteReader, GatheringTx):
    def __init__(self, connection: sqlite3.Connection) -> None:
        _SqliteReader.__init__(self, connection)
        GatheringTx.__init__(self)

    @override
    def execute(self, query: str, **params: object) -> int:
        known = statement(query)
        if known is None:
            sql, flat = find(query).with_lists(params)
            return self._run(sql, flat)
        sql, pick = known
        return self._run(sql, pick(params))

    @override
    def execute_many(self, query: str, params: Sequence[Mapping[str, object]]) -> None:
        known = statement(query)
        for one in params:
            if known is None:
                self.execute(query, **one)
            else:
                self._run(known[0], known[1](one))

    def _run(self, sql: str, values: _Values) -> int:
        try:
            return self._connection.execute(sql, values).rowcount
        except UnicodeEncodeError:  # what an agent said may hold half a character
            return self._connection.execute(sql, _writable(values)).rowcount
        except sqlite3.IntegrityError as error:
            raise Duplicate(str(error)) from error


def _writable(values: _Values) -> _Values:
    if isinstance(values, Mapping):
        return {name: _whole(value) for name, value in values.items()}
    return tuple(map(_whole, values))


def _whole(value: object) -> object:
    return writable(value) if isinstance(value, str) else value


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
