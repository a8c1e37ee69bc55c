"""What happened to an application, and when: one line per event, on disk before anyone hears."""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def now_ms() -> int:
    """Return epoch milliseconds."""
    return time.time_ns() // 1_000_000


class History:
    """Appends to history.jsonl; one process writes, anyone reads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, event: str, **fields: object) -> None:
        """Add one event and see it on the disk; a full disk is told to stderr alone."""
        line = json.dumps({"at": now_ms(), "event": event, **fields}, ensure_ascii=False)
        try:
            self._write(line)
        except OSError as error:
            # A full disk must not end the process that keeps the application answering.
            sys.stderr.write(f"not in the history ({error}): {line}\n")

    def _write(self, line: str) -> None:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, f"{chr(10) if torn else ''}{line}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def read(path: Path) -> Iterator[dict[str, object]]:
    """Return the events in their order; a line cut off by a crash is passed over."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event
