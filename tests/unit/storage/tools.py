"""Events and writes for the tests of storage."""

import sqlite3
from collections.abc import Callable
from typing import Any

from claude_agent.domain.events import Event
from claude_agent.storage import log
from claude_agent.storage.database import Database, Tx
from claude_agent.storage.databases.sqlite import SqliteDatabase

AT = 1_700_000_000_000


def event(stream: str = "bus/a", seq: int = 1, **data: Any) -> Event:
    """Return an event without a meaning."""
    return Event(stream=stream, seq=seq, type="bus.test", v=1, at=AT, actor="me", data=data)


def appended(*events: Event) -> Callable[[Tx], None]:
    """Return a transaction that appends events."""
    return lambda tx: tx.append(events)


def fill(database: Database, count: int, stream: str = "bus/a") -> None:
    """Append events, each in a transaction of its own."""
    for seq in range(1, count + 1):
        database.write(appended(event(stream, seq, n=seq)))


def positions(database: Database) -> list[int]:
    """Return every position of the log in order."""
    return [one.pos for one in database.read(lambda r: list(log.everything(r)))]


def head(database: Database) -> log.Head:
    """Return the end of the log."""
    return database.read(log.head)


class Flaky:
    """A connection whose n-th statement fails, as a disk does; every later one works."""

    def __init__(self, real: sqlite3.Connection, error: BaseException) -> None:
        self._real = real
        self._error = error
        self.left = -1
        """Statements that still work; -1: all of them."""
        self.done = 0

    def _count(self, sql: str) -> None:
        if sql.startswith("ROLLBACK"):
            return
        self.done += 1
        if self.left == 0:
            self.left = -1
            raise self._error
        if self.left > 0:
            self.left -= 1

    def execute(self, sql: str, *params: Any) -> sqlite3.Cursor:
        self._count(sql)
        return self._real.execute(sql, *params)

    def executemany(self, sql: str, *params: Any) -> sqlite3.Cursor:
        self._count(sql)
        return self._real.executemany(sql, *params)

    def executescript(self, sql: str) -> sqlite3.Cursor:
        return self._real.executescript(sql)

    def close(self) -> None:
        self._real.close()


def flaky(database: SqliteDatabase, error: BaseException) -> Flaky:
    """Let statements of the database's writer fail when told."""
    found = Flaky(database._writer, error)
    database._writer = found
    return found
