"""What `claude-agent db` does beside a stopped server: move the database, check its log."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claude_agent import server_home
from claude_agent.clock import SystemClock
from claude_agent.errors import HomeLocked, Invalid, SetupError
from claude_agent.settings import Settings
from claude_agent.storage import log
from claude_agent.storage.databases import open_database, sqlite_look

_STOPPED = "Stop it first: claude-agent down (agents go on)"


def move(home: str | None, url: str, *, tell: Callable[[str], None]) -> dict[str, Any]:
    """Move the home's SQLite database into an empty PostgreSQL one; return what was moved.

    Raises `HomeLocked` while a server runs, `Invalid`, `SetupError`, `Conflict`, `Corrupt`,
    `Unavailable`; the source is never changed, and the target stays empty unless all is there.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        message = "The database can be moved to PostgreSQL only."
        raise Invalid(message, hint="Write --to postgresql://user@host:port/name.")
    with _alone(home) as settings:
        source = settings.server.database_url
        if not source.startswith("sqlite"):
            message = "The configured database is not SQLite."
            raise Invalid(message, hint="Only a SQLite database is moved; see server.database_url.")
        path = settings.home / "claude-agent.db"
        if source != "sqlite":
            path = Path(source.removeprefix("sqlite:///"))
        moved = _mover()(path, url, tell=tell)
        return {"source": str(path), "events": moved.events, "hash": moved.hash, "rows": moved.rows}


def verify(home: str | None) -> dict[str, Any]:
    """Check the database and the chain of its log without a server; return what was found."""
    with _alone(home) as settings:
        database = open_database(settings.server.database_url, home=settings.home)
        try:
            database.check()
            events, head, problems = database.read(log.verify)
            _, where = database.state()
        finally:
            database.close()
    return {"database": where, "events": events, "hash": head, "problems": problems}


def look(path: Path, seconds: float) -> bool:
    """Look for damage in a SQLite file, also beside a server; False: not all of it was read.

    Raises `Corrupt`, `Unavailable`; changes nothing.
    """
    return sqlite_look.look(path, seconds)


@contextlib.contextmanager
def _alone(home: str | None) -> Iterator[Settings]:
    settings = Settings.load(home)
    try:
        lock = server_home.take_lock(settings.home, pid=os.getpid(), at=SystemClock().now())
    except HomeLocked as error:
        raise HomeLocked(error.detail, hint=_STOPPED) from error
    try:
        yield settings
    finally:
        os.close(lock)


def _mover() -> Callable[..., Any]:
    try:
        from claude_agent.storage.databases.move import move as found  # noqa: PLC0415 - an extra
    except ImportError as error:
        message = f"PostgreSQL needs a package that is not installed: {error.name}."
        hint = "Install it: pip install 'claude-agent[postgresql]'"
        raise SetupError(message, hint=hint) from error
    return found
