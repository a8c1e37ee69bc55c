"""Numbered migrations, up and down: `python -m shop.migrations status|up|down [--to N]`.

Each step and the note of it are one transaction. The way down is stored in the database with
the step, so that a checkout that never knew the step can undo it. Every answer is one line of
JSON: {"current": N, "latest": M}.
"""

import argparse
import json
import re
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.database import connect
from shop.settings import from_environment

SCHEMA = Path(__file__).parent / "schema"
_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.up\.sql\Z")


class MigrationError(Exception):
    """A step that cannot be taken; nothing of it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step: SQL texts without transaction statements."""

    version: int
    name: str
    up: str
    down: str


def load(folder: Path = SCHEMA) -> list[Migration]:
    """Read the steps of a folder; they are numbered 1, 2, 3 and each has its way down."""
    steps = []
    for path in sorted(folder.glob("*.up.sql")):
        matched = _NAME.match(path.name)
        if not matched:
            raise MigrationError(f"{path.name} is not named NNNN_name.up.sql")
        down = path.with_name(path.name.replace(".up.sql", ".down.sql"))
        steps.append(
            Migration(
                version=int(matched[1]), name=matched[2], up=path.read_text(), down=down.read_text()
            )
        )
    if [step.version for step in steps] != list(range(1, len(steps) + 1)):
        raise MigrationError("the migrations are not numbered 1, 2, 3, ...")
    return steps


def version(connection: sqlite3.Connection) -> int:
    """Return the number of the last step taken, 0 for a new file."""
    known = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
    ).fetchone()
    if not known:
        return 0
    row = connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchone()
    return int(row[0])


def up(connection: sqlite3.Connection, steps: Sequence[Migration], to: int | None = None) -> int:
    """Take every missing step up to `to` (default: all) and return the version reached."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        " version INTEGER PRIMARY KEY, name TEXT NOT NULL, down TEXT NOT NULL,"
        " applied_at TEXT NOT NULL DEFAULT (datetime('now')))"
    )
    for step in steps:
        if version(connection) < step.version and (to is None or step.version <= to):
            _apply(
                connection,
                step.up,
                "INSERT INTO schema_migrations (version, name, down) VALUES (?, ?, ?)",
                (step.version, step.name, step.down),
            )
    return version(connection)


def down(connection: sqlite3.Connection, to: int) -> int:
    """Undo the steps above `to`, the newest first, and return the version reached."""
    while (current := version(connection)) > to:
        row = connection.execute(
            "SELECT down FROM schema_migrations WHERE version = ?", (current,)
        ).fetchone()
        _apply(
            connection, row["down"], "DELETE FROM schema_migrations WHERE version = ?", (current,)
        )
    return version(connection)


def _apply(
    connection: sqlite3.Connection, script: str, note: str, values: tuple[object, ...]
) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(note, values)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise MigrationError(f"a migration failed and was undone: {error}") from error


def _statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a statement (triggers hold inner ones)."""
    statements, pending = [], ""
    for part in re.split(r"(?<=;)", script):
        pending += part
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    if pending.strip():
        raise MigrationError("a migration ends in the middle of a statement")
    return statements


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0, or 1 with the reason."""
    parser = argparse.ArgumentParser(prog="python -m shop.migrations")
    parser.add_argument("command", choices=["status", "up", "down"])
    parser.add_argument("--to", type=int)
    given = parser.parse_args(arguments)
    if given.command == "down" and given.to is None:
        parser.error("down needs --to")
    try:
        steps = load()
        with connect(from_environment().database) as connection:
            if given.command == "up":
                up(connection, steps, given.to)
            elif given.command == "down":
                down(connection, given.to)
            current = version(connection)
    except (MigrationError, OSError, sqlite3.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"current": current, "latest": len(steps)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
