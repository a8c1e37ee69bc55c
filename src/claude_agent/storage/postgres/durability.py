"""Commits that hold no lock while they are synced, and answers that wait until they are.

A transaction commits without a sync: its row locks (the log's counter row) are free at once and
others see its rows. Nobody is told anything that such a commit could take back: before a result,
a refusal or the answer of a read leaves the database, the write-ahead log is on the disk up to
whatever it may have seen. The log is written in order, so one sync is a sync of all before it,
and PostgreSQL lets everybody who waits share one.
"""

from collections.abc import Callable
from contextlib import nullcontext

import psycopg

from claude_agent.storage.postgres.link import Connection

_FLUSH = "THEN pg_logical_emit_message(true, 'claude-agent', '')::text END"
"""The smallest thing whose commit is a sync: 13 has no function that only waits for one."""
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
BEGIN_SYNCED = _BEGIN
"""For migrations: an ordinary transaction with an ordinary commit."""
BEGIN_LAZY = f"{_BEGIN}; SET LOCAL synchronous_commit TO OFF"
# With standbys that a commit must reach, PostgreSQL itself keeps others from seeing it sooner, and
# how far they are is not the position on our disk: there a commit is an ordinary one.
BEGIN_WRITE = f"""{_BEGIN}; SELECT set_config('synchronous_commit', 'off', true)
 WHERE current_setting('synchronous_standby_names') = ''"""
BEGIN_READ = """BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
 SELECT CASE WHEN pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()
 THEN pg_current_wal_insert_lsn()::text END AS seen"""
"""The snapshot is taken first: what it shows was committed before the position that is read."""
SYNC = f"SELECT CASE WHEN pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn() {_FLUSH}"


def commit(connection: Connection, *, durable: bool) -> None:
    """Commit; return when that is on the disk, and all that the transaction may have seen."""
    # One message: the locks go with the commit, the answer comes after the sync.
    connection.execute(f"COMMIT; {SYNC}".encode() if durable else b"COMMIT", prepare=False)


def commit_with(connection: Connection, write: Callable[[], int], *, durable: bool) -> int:
    """Do the last writes and commit as `commit` does, with few waits for the server's answers.

    The log's counter row is held from the answer to its taking until the commit, and that is one
    message: what was gathered, the commit and what waits for the sync.
    """
    together = connection.pipeline() if psycopg.Pipeline.is_supported() else nullcontext()
    with together:
        pos = write()
        connection.execute("COMMIT", prepare=False)
        if durable:
            connection.execute(SYNC.encode())
    return pos


def refuse(connection: Connection, *, durable: bool) -> None:
    """Roll back; a refusal ("it exists already") is an answer too and waits like one."""
    connection.execute(f"ROLLBACK; {SYNC}".encode() if durable else b"ROLLBACK", prepare=False)


def seen(begun: "psycopg.Cursor[dict[str, object]]") -> str:
    """Return how far the log must be synced before a read may answer; empty: it is already."""
    begun.nextset()
    row = begun.fetchone()
    return str(row["seen"] or "") if row else ""


def end_read(connection: Connection, upto: str) -> None:
    """End a read; return when everything that it may have seen is on the disk."""
    if not upto:
        connection.execute("ROLLBACK", prepare=False)
        return
    # From PostgreSQL itself: two hexadecimal numbers and a slash.
    wait = f"ROLLBACK; SELECT CASE WHEN pg_current_wal_flush_lsn() < '{upto}' {_FLUSH}"
    connection.execute(wait.encode(), prepare=False)
