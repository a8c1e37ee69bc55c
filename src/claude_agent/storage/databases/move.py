"""Moves everything from a SQLite file into an empty PostgreSQL database, in one transaction.

The log is replayed: every event's place in the hash chain is computed anew and must agree, and
every projection must be what the log folds to. Whatever fails or is killed leaves the target empty
and the source as it was.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from typing_extensions import override

from claude_agent.errors import Conflict, Unavailable
from claude_agent.storage import log, rebuild
from claude_agent.storage.chain import GENESIS, data_hash, link
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Corrupt, Reader, Row
from claude_agent.storage.databases.postgresql import open_postgresql
from claude_agent.storage.postgres import link as postgres
from claude_agent.storage.postgres.text import arrays, statement
from claude_agent.storage.queries import find, migrations

_CHUNK = 1000
_NOT_COPIED = frozenset({"migrations", "log_head"})
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
# To replay a long log takes longer than a transaction may otherwise be idle.
_KEEP_OUT = (
    "LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE; "
    "SET LOCAL idle_in_transaction_session_timeout = 0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was moved."""

    events: int
    hash: str
    """Head of the chain, the same in both databases."""
    rows: dict[str, int]
    """Rows of each table."""


def move(source: Path, url: str, *, tell: Callable[[str], None]) -> Moved:
    """Copy all of `source` into the empty database at `url`; the source is only read.

    Raises `Conflict` (the target is not empty, the source has another schema), `Corrupt` (the
    log or the rows disagree), `Unavailable`.
    """
    open_postgresql(url).close()  # the schema; a database that has it already is left alone
    with _reading(source) as old, postgres.connect(url) as new:
        try:
            _refuse_other_schema(old, source)
            with new.transaction():
                new.execute(_KEEP_OUT)
                tables = _tables(old)
                _refuse_full(new, tables, postgres.place(url))
                return _copy_all(old, new, tables, tell)
        except psycopg.Error as error:
            raise postgres.translated(error, postgres.place(url)) from error
        except sqlite3.Error as error:
            message = f"The database {source} cannot be read: {error}."
            raise Corrupt(message, hint="Restore the newest copy from backups/.") from error


@contextlib.contextmanager
def _reading(source: Path) -> Iterator[sqlite3.Connection]:
    if not source.is_file():
        message = f"There is no database {source}."
        raise Unavailable(message, hint="Give the home that has it: --home PATH.")
    connection = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.close()


def _refuse_other_schema(old: sqlite3.Connection, source: Path) -> None:
    done = {row["number"] for row in old.execute(find("schema.applied").sql)}
    if done != {number for number, _, _ in migrations()}:
        message = f"The database {source} has the schema of another version."
        raise Conflict(message, hint="Start and stop the server of this version once, then move.")


def _tables(old: sqlite3.Connection) -> list[str]:
    names = {row["name"] for row in old.execute(_TABLES)}
    return sorted(names - _NOT_COPIED - {"events"})


def _refuse_full(new: postgres.Connection, tables: Sequence[str], where: str) -> None:
    for table in ("events", *tables):
        some = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))
        if new.execute(some).fetchone() is not None:
            message = f"The database at {where} is not empty: it has {table}."
            raise Conflict(message, hint="Make a new one with createdb, and name that.")


def _copy_all(
    old: sqlite3.Connection,
    new: postgres.Connection,
    tables: Sequence[str],
    tell: Callable[[str], None],
) -> Moved:
    head = old.execute(find("log.head").sql).fetchone()
    if head is None:
        message = "The source has no log."
        raise Conflict(message, hint="There is nothing to move.")
    rows = {"events": _copy(new, "events", _verified(old, head))}
    tell(f"{rows['events']} events replayed, the chain holds")
    for table in tables:
        every = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)).as_string(None)
        rows[table] = _copy(new, table, iter(old.execute(every)))
    new.execute("DELETE FROM log_head")
    _copy(new, "log_head", iter(old.execute("SELECT * FROM log_head")))
    _verify_counts(old, new, rows)
    _verify_replay(new)
    tell(f"{sum(rows.values())} rows in {len(rows)} tables, as the log says")
    return Moved(events=rows["events"], hash=head["hash"], rows=rows)


def _verified(old: sqlite3.Connection, head: sqlite3.Row) -> Iterator[sqlite3.Row]:
    """Yield every event whose place in the chain is right; refuse the first that is not."""
    pos, chain = 0, GENESIS
    for found in old.execute("SELECT * FROM events ORDER BY pos"):
        pos += 1
        row = dict(found)
        with reading(f"event {pos} of the source"):
            expected = link(chain, pos, log.envelope(row), row["data_hash"])
            whole = row["pos"] == pos and data_hash(row["data"]) == row["data_hash"]
        if not whole or expected != row["hash"]:
            message = f"The log of the source is damaged at event {pos}."
            raise Corrupt(message, hint="See all of it: claude-agent event verify")
        chain = expected
        yield found
    if (pos, chain) != (head["pos"], head["hash"]):
        message = f"The log of the source ends at {pos}, its head says {head['pos']}."
        raise Corrupt(message, hint="Restore the newest copy from backups/.")


def _copy(new: postgres.Connection, table: str, rows: Iterator[sqlite3.Row]) -> int:
    first = next(rows, None)
    if first is None:
        return 0
    names = sql.SQL(", ").join(map(sql.Identifier, first.keys()))
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    count = 1
    with new.cursor() as cursor, cursor.copy(into) as copy:
        copy.write_row(tuple(first))
        for row in rows:
            copy.write_row(tuple(row))
            count += 1
    return count


def _verify_counts(old: sqlite3.Connection, new: postgres.Connection, rows: dict[str, int]) -> None:
    for table, copied in rows.items():
        count = sql.SQL("SELECT COUNT(*) AS count FROM {}").format(sql.Identifier(table))
        here = new.execute(count).fetchone()
        there = old.execute(count.as_string(None)).fetchone()
        if here is None or not here["count"] == there["count"] == copied:
            message = f"The table {table} was not copied whole."
            raise Corrupt(message, hint="Try again; the target is empty as before.")


def _verify_replay(new: postgres.Connection) -> None:
    """Replay the log of the target: it ends at its head, and the rows are what it says."""
    reader = _Rows(new)
    _, _, problems = log.verify(reader, chunk=_CHUNK)
    problems += rebuild.differing(reader, list(log.everything(reader, chunk=_CHUNK)))
    if problems:
        message = f"The rows of the source are not what its log says: {', '.join(problems[:5])}."
        raise Corrupt(message, hint="Restore the newest copy from backups/.")


class _Rows(Reader):
    """Named queries on the connection of the move."""

    def __init__(self, connection: postgres.Connection) -> None:
        self._connection = connection

    @override
    def rows(self, query: str, **params: object) -> list[Row]:
        text = statement(query, locking=False).encode()
        return list(self._connection.execute(text, arrays(params)).fetchall())
