"""The bodies of the database, and the one function that chooses between them."""

from pathlib import Path

from claude_agent.errors import Invalid, SetupError
from claude_agent.storage.database import Database
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.postgres import ADDRESSES

_SQLITE = "sqlite:///"


def open_database(url: str, *, home: Path | None = None, shared: bool = False) -> Database:
    """Open and migrate the database at an address.

    `sqlite` (in the home), `sqlite:///path` or `postgresql://user@host:port/name`. `shared`
    lets several processes use one SQLite file (the broker alone). Raises `Invalid` for another
    address, `SetupError` without psycopg, `Unavailable`, `Corrupt`, `DiskFull`.
    """
    if url == "sqlite" and home is not None:
        return open_sqlite(str(home / "claude-agent.db"), shared=shared)
    if url.startswith(_SQLITE):
        return open_sqlite(url.removeprefix(_SQLITE), shared=shared)
    if url.startswith(ADDRESSES):
        return _open_postgresql(url)
    message = f"There is no database for {url.partition(':')[0][:40]}."
    raise Invalid(message, hint="Use sqlite, sqlite:///path or postgresql://user@host/name.")


def _open_postgresql(url: str) -> Database:
    try:
        from claude_agent.storage.databases import postgresql  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        message = f"PostgreSQL needs a package that is not installed: {error.name}."
        hint = "Install it: pip install 'claude-agent[postgresql]'"
        raise SetupError(message, hint=hint) from error
    return postgresql.open_postgresql(url)
