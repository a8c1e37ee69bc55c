"""Looks for damage in a SQLite file that somebody else may have open; changes nothing."""

import sqlite3
from pathlib import Path
from time import monotonic

from claude_agent.storage.databases.sqlite_errors import FAILURES, corrupt, translated

_STEPS = 20_000
"""SQLite's own steps between two looks at the clock."""


def look(path: Path, seconds: float) -> bool:
    """Read the pages and the texts of a database; False: there was no time for all of it.

    Raises `Corrupt`, `Unavailable`.
    """
    # Without a log beside it nobody has the file open, and none is to be made by looking.
    how = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    until = monotonic() + seconds
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
    except FAILURES as error:
        raise translated(error, str(path)) from error
    try:
        connection.set_progress_handler(lambda: monotonic() > until, _STEPS)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise corrupt(str(path), str(verdict))
        # Damage within a text is seen by nobody but who reads it.
        for _ in connection.iterdump():
            pass
    except FAILURES as error:
        if "interrupted" in str(error):
            return False
        raise translated(error, str(path)) from error
    finally:
        connection.close()
    return True
