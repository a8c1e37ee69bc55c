"""What SQLite's errors mean for us: no room, damage, no access, somebody else's lock."""

import shutil
import sqlite3
from pathlib import Path

from claude_agent.errors import DiskFull, Unavailable
from claude_agent.storage.damage import advice
from claude_agent.storage.database import Corrupt, Duplicate

ROOM = 262_144
"""With less than this a disk counts as full."""
FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite's module raises; the latter where a message about damage holds the damage itself."""
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ", "SQLITE_FORMAT")
_SAID_OF_DAMAGE = (
    *("malformed", "not a database", "Could not decode", "no such table", "no such column"),
    *("no such index", "unsupported file format", "syntax error", "has no column named"),
)
"""Our queries are tested on our schema: where it lacks something, its page was damaged."""


def is_fatal(error: sqlite3.Error) -> bool:
    """Say whether the whole transaction is lost, not one statement of it."""
    text = str(error)
    return any(word in text for word in ("full", "disk I/O", "malformed", "readonly", "locked"))


def translated(error: Exception, path: str) -> Exception:
    """Return the error of ours that says what this one means, with what to do."""
    text = str(error)
    name = getattr(error, "sqlite_errorname", None) or ""
    if isinstance(error, UnicodeDecodeError) or name.startswith(_DAMAGED):
        return corrupt(path, text)
    if any(word in text for word in _SAID_OF_DAMAGE):
        return corrupt(path, text)
    # A full disk also fails the file that the WAL's index is mapped to: an I/O error.
    if "full" in text or ("disk I/O" in text and _no_room(path)):
        return DiskFull(
            f"There is no room left for {path}.",
            hint="Free some space; nothing accepted is lost and intake resumes by itself.",
        )
    if any(word in text for word in ("readonly", "unable to open", "disk I/O")):
        return Unavailable(
            f"The database {path} cannot be written: {text}.",
            hint="Check that the home folder and the file are yours and writable.",
        )
    if "locked" in text:
        return Unavailable(
            f"The database {path} is locked by another process.",
            hint="Only the server opens this file; end the other program.",
        )
    if isinstance(error, sqlite3.IntegrityError):
        return Duplicate(text)
    return error


def corrupt(path: str, detail: str) -> Corrupt:
    """Return the error for a damaged file, with the copy to go back to."""
    return Corrupt(
        f"The database {path} is damaged: {detail}.", hint=advice(Path(path).parent / "backups")
    )


def _no_room(path: str) -> bool:
    try:
        return shutil.disk_usage(Path(path).parent).free < ROOM
    except OSError:
        return False
