"""The lines of a session's first window: a bounded file per agent, followed by a reader."""

import threading
from contextlib import suppress
from pathlib import Path

from claude_agent.agents.terminal import sanitise

_ROTATE_AT = 65_536
_KEEP_LINES = 100


class Notices:
    """Appends notices to `<folder>/<agent>.log`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def path(self, agent: str) -> Path:
        """Return the agent's file, made now unless the disk is full (the reader waits for it)."""
        path = self._folder / f"{agent}.log"
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        return path

    def add(self, agent: str, text: str) -> None:
        """Append one sanitised line; an old file is cut to its newest lines.

        A notice that cannot be written is dropped: it must never be what stops a run.
        """
        line = sanitise(text).encode() + b"\n"
        with self._lock, suppress(OSError):
            path = self.path(agent)
            if path.stat().st_size > _ROTATE_AT:
                self._rotate(path)
            with path.open("ab") as file:
                file.write(line)

    def _rotate(self, path: Path) -> None:
        newest = path.read_bytes().splitlines(keepends=True)[-_KEEP_LINES:]
        fresh = path.with_suffix(".new")
        fresh.write_bytes(b"".join(newest))
        fresh.replace(path)
