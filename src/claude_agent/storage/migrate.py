"""Brings a database to the newest schema: numbered scripts, each in one transaction, once."""

from collections.abc import Callable

from claude_agent.errors import Unavailable
from claude_agent.storage.chain import GENESIS
from claude_agent.storage.database import Database, Tx
from claude_agent.storage.queries import migrations


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
        if number not in done:
            database.migrate_script(
                f"{script}\nINSERT INTO migrations (number, name) VALUES ({number}, '{name}');"
            )
            ran.append(name)
    database.write(lambda tx: _start(tx, draw()))
    return ran


def _applied(database: Database) -> list[int]:
    return [row["number"] for row in database.read(lambda r: r.rows("schema.applied"))]


def _start(tx: Tx, epoch: str) -> None:
    if tx.row("log.head") is None:
        tx.execute("log.start", epoch=epoch, hash=GENESIS)
