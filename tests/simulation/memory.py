"""A third body of the storage contract, for simulations: one database in memory, and its faults.

The same `.sql` files and the same gathering of events as in the product, on a SQLite database in
memory: a body of dictionaries would be quicker, and would prove other queries than ours. Several
servers (`MemoryDatabase`) may stand on one `Disk`; what a kill leaves is what the disk holds.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import override

from claude_agent.errors import Unavailable
from claude_agent.storage.database import Database, Reader, Tx
from claude_agent.storage.databases.sqlite import _SqliteReader, _SqliteTx
from claude_agent.storage.databases.sqlite_errors import FAILURES, translated
from claude_agent.storage.duty import Duty

T = TypeVar("T")


class Died(BaseException):
    """The process was killed here."""


class Fault:
    """What goes wrong in one of the next transactions.

    `at`: "statement" (number `n` of it), "commit" (before it), "committed" (after it, before
    anybody hears of it); `kills`: the process dies, else the call fails as on a broken disk.
    """

    def __init__(self, at: str, n: int = 0, *, kills: bool = True) -> None:
        self.at, self.n, self.kills = at, n, kills


class Disk:
    """The one thing that outlives every process."""

    def __init__(self, image: bytes) -> None:
        self.connection = _SPARE.pop(image, None) or _connected(image)
        self._image = image
        self.connection.execute("BEGIN")  # all of this disk; its transactions are savepoints
        self.fault: Fault | None = None
        self.twice: Callable[[], bool] = lambda: False
        """Whether the next transaction is done, rolled back and done again (as after 40001)."""
        self.writing = False
        self.databases: list[MemoryDatabase] = []
        self.leaders: dict[Duty, MemoryDatabase] = {}

    def execute(self, sql: str, *params: Any) -> sqlite3.Cursor:
        self._count()
        return self.connection.execute(sql, *params)

    def executemany(self, sql: str, *params: Any) -> sqlite3.Cursor:
        self._count()
        return self.connection.executemany(sql, *params)

    def _count(self) -> None:
        fault = self.fault
        if fault is None or not self.writing or fault.at != "statement":
            return
        fault.n -= 1
        if fault.n < 0:
            self.hit("statement")

    def hit(self, at: str) -> None:
        """Let the fault strike if it is the one of this moment."""
        fault = self.fault
        if fault is None or fault.at != at:
            return
        self.fault = None
        if fault.kills:
            raise Died
        msg = "disk I/O error"
        raise sqlite3.OperationalError(msg)

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Return the rows of every table."""
        find = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        found = {}
        for row in self.connection.execute(find).fetchall():
            cursor = self.connection.execute(f"SELECT * FROM {row['name']}")  # noqa: S608
            cursor.row_factory = None
            found[row["name"]] = cursor.fetchall()
        return found

    def close(self) -> None:
        """Leave the connection for the next disk of this image: its statements are prepared."""
        self.connection.execute("ROLLBACK")
        _SPARE[self._image] = self.connection


_SPARE: dict[bytes, sqlite3.Connection] = {}


def _connected(image: bytes) -> sqlite3.Connection:
    plain = image[:18] + b"\x01\x01" + image[20:]  # in memory there is no WAL
    made = sqlite3.connect(
        ":memory:", isolation_level=None, cached_statements=1024, check_same_thread=False
    )
    made.deserialize(plain)
    made.row_factory = _as_dict
    made.execute("PRAGMA foreign_keys=ON")
    return made


class MemoryDatabase(Database):
    """One process's view of a disk. Its transactions are atomic and of one thread."""

    def __init__(self, disk: Disk, *, shared: bool = False) -> None:
        self.disk = disk
        self.shared = shared
        self._callbacks: list[Callable[[int], None]] = []
        self._closed = False
        disk.databases.append(self)

    @override
    def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        disk = self.disk
        if disk.writing:
            message = "a transaction was opened inside a transaction"
            raise RuntimeError(message)
        if self._closed:
            message = "the database is closed"
            raise Unavailable(message)
        if disk.twice():
            self._once(work, keep=False)
        tx, result, pos = self._once(work, keep=True)
        disk.hit("committed")
        if pos:
            for each in disk.databases:
                for callback in each._callbacks:
                    callback(pos)
        for call in tx.after:
            call()
        return result

    def _once(self, work: Callable[[Tx], T], *, keep: bool) -> tuple[_SqliteTx, T, int]:
        disk = self.disk
        disk.connection.execute("SAVEPOINT one")
        disk.writing, kept = True, False
        try:
            tx = _SqliteTx(disk)
            result = work(tx)
            pos = tx.finish()
            if keep:
                disk.hit("commit")
                disk.connection.execute("RELEASE one")
                kept = True
        except FAILURES as error:
            raise translated(error, "memory") from error
        finally:
            disk.writing = False
            if not kept:
                disk.connection.execute("ROLLBACK TO one")
                disk.connection.execute("RELEASE one")
        return tx, result, pos

    @override
    def read(self, work: Callable[[Reader], T]) -> T:
        if self.disk.writing:
            message = "another connection is read inside a transaction"
            raise RuntimeError(message)
        return work(_SqliteReader(self.disk.connection))

    @override
    def leads(self, duty: Duty) -> bool:
        leader = self.disk.leaders.get(duty)
        if leader is None or leader._closed:
            leader = self.disk.leaders[duty] = self
        return leader is self

    @override
    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback) if callback in self._callbacks else None

    @override
    def state(self) -> tuple[bool, str]:
        return not self._closed, "in memory"

    @override
    def check(self) -> None:
        """Nothing can be damaged."""

    @override
    def migrate_script(self, script: str) -> None:
        self.disk.connection.executescript(f"BEGIN;\n{script}\nCOMMIT;")

    @override
    def close(self) -> None:
        self._closed = True
        if self in self.disk.databases:
            self.disk.databases.remove(self)


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
