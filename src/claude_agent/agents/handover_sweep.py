"""Handed-over secrets that no shim took: found in memory, removed once nobody can want them.

The folder is shared by all homes of one user, so each file says whose it is. A shim takes its
file in the moment in which it begins; what is older than `UNTAKEN_MS` was left by a death.
"""

import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

from claude_agent.agents.run_files import age_ms, handovers
from claude_agent.agents.run_folder import RunFolder, Sealed

_LOG = logging.getLogger(__name__)
UNTAKEN_MS = 600_000


def left_over(now: int, runs: Path | None = None) -> Iterator[Path]:
    """Yield the files that nobody can want any more; `now` in epoch milliseconds.

    `runs`: the home's run folders. A run of it that was prepared long ago and never began is
    sealed, so that it does not begin without its secrets; those of other homes are left to them.
    """
    try:
        found = sorted(handovers().iterdir())
    except OSError:
        return
    for path in found:
        with contextlib.suppress(OSError):  # taken at this moment
            if _is_over(path, now, runs):
                yield path


def sweep(now: int, runs: Path) -> int:
    """Remove what is left over; return how much it was."""
    count = 0
    for path in left_over(now, runs):
        with contextlib.suppress(OSError):
            path.unlink()
            count += 1
    if count:
        _LOG.warning("%d handed-over secrets of runs that are over were removed", count)
    return count


def _is_over(path: Path, now: int, runs: Path | None) -> bool:
    age = age_ms(path, now)
    old = age is not None and age > UNTAKEN_MS
    folder = _folder_of(path)
    if folder is None or not folder.path.is_dir():
        return old  # half written, of an older version, of a home that was removed
    try:
        claim = folder.claim()
        ended = isinstance(claim, Sealed) or folder.verdict() is not None or folder.reaped()
    except (ValueError, KeyError, TypeError):  # not readable: only time tells
        return old
    if ended or claim is not None:
        return ended or old
    return old and runs is not None and runs in folder.path.parents and folder.seal(0)


def _folder_of(path: Path) -> RunFolder | None:
    try:
        return RunFolder(Path(json.loads(path.read_bytes())["folder"]))
    except (ValueError, KeyError, TypeError):
        return None
