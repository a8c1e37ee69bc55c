"""Numbered scripts in `migrations/`: 0001_name.sql up, 0001_name.down.sql back.

Each script runs in one transaction together with the row that says so, in the table
claude_agent_migrations: a kill leaves a database before the script or after it.
"""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from claude_agent.actions import process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter, code_of
from claude_agent.actions.migration_kinds import database_text, scripts

_TABLE = "CREATE TABLE IF NOT EXISTS claude_agent_migrations (version BIGINT PRIMARY KEY)"
_ALL = "SELECT version FROM claude_agent_migrations ORDER BY version"
_ADD = "INSERT INTO claude_agent_migrations (version) VALUES ({})"
_REMOVE = "DELETE FROM claude_agent_migrations WHERE version = {}"
_BUSY_S = 30.0


class Database(Protocol):
    """Where scripts run."""

    def applied(self) -> list[int]:
        """Return the numbers applied, ascending."""

    def run(self, script: Path, record: str) -> None:
        """Run a script and `record` in one transaction."""


class SqlFolder:
    """The scripts of a checkout on one database; a version is the highest number applied."""

    name = "migrations/"

    def __init__(self, context: Context, database: Database) -> None:
        self._context = context
        self._database = database
        self._folder = context.checkout / "migrations"
        self._scripts = scripts(self._folder)

    def current(self) -> str:
        """Return the highest number applied, 0 where none is."""
        return str(max(self._database.applied(), default=0))

    def up(self) -> str:
        """Run what was not applied, in the order of the numbers."""
        applied = set(self._database.applied())
        for number, script in self._scripts.items():
            if number not in applied:
                self._context.say(f"up {script.name}")
                self._database.run(script, _ADD.format(number))
        return self.current()

    def down(self, to: str) -> str:
        """Undo every script above `to`, newest first; nothing where one has no way back."""
        if not to.isdecimal():
            raise BadParameter(name="to", problem=f"{to!r} is no number of a script")
        undone = [number for number in self._database.applied() if number > int(to)]
        ways = {number: self._way_back(number) for number in undone}
        for number in reversed(undone):
            self._context.say(f"down {ways[number].name}")
            self._database.run(ways[number], _REMOVE.format(number))
        return self.current()

    def _way_back(self, number: int) -> Path:
        script = self._scripts.get(number)
        if script is None:
            message = f"script {number} was applied, and {self._folder} has none of that number"
            raise ActionFailed(message, hint="Check out the commit that was migrated.")
        stem = re.sub(r"(\.up)?\.sql\Z", "", script.name)
        way = self._folder / f"{stem}.down.sql"
        if not way.is_file():
            message = f"{script.name} has no way back"
            raise ActionFailed(message, hint=f"Write {way}.")
        return way


class OnSqlite:
    """On a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def applied(self) -> list[int]:
        """Return the numbers in the table, which is made where it is missing."""
        try:
            with closing(sqlite3.connect(self._path, timeout=_BUSY_S)) as database:
                database.execute(_TABLE)
                return [int(row[0]) for row in database.execute(_ALL)]
        except sqlite3.Error as error:
            message = f"{self._path}: {error}"
            raise ActionFailed(message) from error

    def run(self, script: Path, record: str) -> None:
        """Run both; ActionFailed where nothing of it was kept."""
        text = script.read_text(encoding="utf-8")
        with closing(sqlite3.connect(self._path, timeout=_BUSY_S)) as database:
            try:
                # The closing bracket of a comment or a missing semicolon must not eat the record.
                database.executescript(f"BEGIN IMMEDIATE;\n{text}\n;\n{record};\nCOMMIT;")
            except sqlite3.Error as error:
                database.rollback()
                message = f"{script.name} failed, and nothing of it was kept: {error}"
                raise ActionFailed(message) from error


class OnPostgres:
    """On a server, by psql; the password never stands in a command line."""

    def __init__(self, context: Context, url: str) -> None:
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        name, _, password = user.partition(":")
        shown = f"{name}@{host}" if name else host
        self._url = urlunsplit(parts._replace(netloc=shown))
        more = {"PGPASSWORD": unquote(password)} if password else {}
        self._environment = process.environment(
            context, {"PGCONNECT_TIMEOUT": "10", "PGOPTIONS": _quiet(context), **more}
        )

    def applied(self) -> list[int]:
        """Return the numbers in the table, which is made where it is missing."""
        return [int(line) for line in self._psql("-c", _TABLE, "-c", _ALL).split() if line]

    def run(self, script: Path, record: str) -> None:
        """Run both; ActionFailed where nothing of it was kept."""
        # The record comes first: a second process that runs the same script waits for this one.
        self._psql("--single-transaction", "-c", record, "-f", str(script), of=script.name)

    def _psql(self, *words: str, of: str = "") -> str:
        argv = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self._url, *words]
        answer = process.ask(argv, cwd=Path("/"), environment=self._environment, timeout_s=3600.0)
        if answer.code:
            said = [
                line for line in answer.err.splitlines() if re.search("error:", line, re.IGNORECASE)
            ]
            why = said[0].strip() if said else answer.reason
            message = f"{of} failed, and nothing of it was kept: {why}" if of else f"psql: {why}"
            raise ActionFailed(message, code=code_of(answer.err))
        return answer.out


def of_folder(context: Context) -> SqlFolder:
    """Return the scripts on the database of `with.database` or DATABASE_URL."""
    if not scripts(context.checkout / "migrations"):
        message = f"there is no 0001_name.sql in {context.checkout / 'migrations'}"
        raise ActionFailed(message, code=2)
    given = database_text(context)
    if given.startswith(("postgresql://", "postgres://")):
        return SqlFolder(context, OnPostgres(context, given))
    if not given or ("://" in given and not given.startswith("sqlite:///")):
        problem = "name a database file, or postgresql://user@host/name"
        raise BadParameter(name="database", problem=f"{given!r}: {problem}" if given else problem)
    path = (context.checkout / given.removeprefix("sqlite:///")).resolve()
    return SqlFolder(context, OnSqlite(path))


def _quiet(context: Context) -> str:
    given = context.environment.get("PGOPTIONS", "")
    return f"{given} -c client_min_messages=warning".strip()
