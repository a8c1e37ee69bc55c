"""Rows that cannot be what we wrote: a disk or another program changed them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claude_agent.storage.database import Corrupt

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a damaged row ends in: text that is no JSON, a state that does not exist."""


def advice(backups: Path | None = None) -> str:
    """Return what to do about damage, with the newest copy in that folder by name."""
    found = sorted(backups.glob("*.db"), key=lambda one: one.stat().st_mtime) if backups else []
    copy = str(found[-1]) if found else "the newest copy from backups/"
    return f"Stop the server, keep the file, and restore {copy}."


def damaged(what: str, error: Exception) -> Corrupt:
    """Return the error for a row whose content cannot be read; `what` names the row."""
    said = str(error)[:120] or type(error).__name__
    return Corrupt(f"The database is damaged: {what} cannot be read ({said}).", hint=advice())


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what reading a damaged row ends in into `Corrupt`."""
    try:
        yield
    except UNREADABLE as error:
        raise damaged(what, error) from error
