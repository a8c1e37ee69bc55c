"""Brings a database to the newest schema: numbered scripts, each in one transaction, once."""

import contextlib
from collections.abc import Callable

from claude_agent.errors import Unavailable
from claude_agent.storage.chain import GENESIS
from claude_agent.storage.database import Database, Duplicate, Tx
from claude_agent.storage.queries import migrations

_MARK = "INSERT INTO migrations (number, name) VALUES"


def upgrade(database: Database, draw: Callable[[], str]) -> list[str]:
    """Run the migrations that are missing; return their names."""
    database.migrate_script(
        "CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL);"
    )
    done = set(_applied(database))
    known = migrations()
    newest = max(number for number, _, _ in known)
    if done and max(done) > newest:
        message = (
            f"The database is at schema {max(done)}; this version of claude-agent knows {newest}."
        )
        raise Unavailable(message, hint="Install the newer version again.")
    ran = []
    for number, name, script in known:
        if number in done:
            continue
        # Its row first: of two processes that begin together the second one sees it is done.
        row = f"{_MARK} ({number}, '{name}');"
        with contextlib.suppress(Duplicate):
            database.migrate_script(f"{row}\n{script}")
            ran.append(name)
    database.write(lambda tx: _start(tx, draw()))
    return ran


def _applied(database: Database) -> list[int]:
    return [row["number"] for row in database.read(lambda r: r.rows("schema.applied"))]


def _start(tx: Tx, epoch: str) -> None:
    if tx.row("log.head") is None:
        tx.execute("log.start", epoch=epoch, hash=GENESIS)
