"""Starts `program.py` in the Python of a queue and talks to it."""

import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ANSWER_S = 120.0


class PeerFailed(Exception):
    """A queue could not be measured; the message says why, in a few words."""


class Process:
    """A producer or a worker. Use with `with`: it is killed at the end."""

    def __init__(
        self, python: str, config: dict[str, Any], *, log: Path, env: dict[str, str] | None = None
    ) -> None:
        self._log = log
        self._errors = log.open("ab")
        source = [str(HERE.parent)]
        self._process = subprocess.Popen(
            [python, "-m", "queue_peers.program", json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(source), **(env or {})},
            start_new_session=True,
        )
        self._read()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Have it do something; return its answer. Raises `PeerFailed`."""
        if self._process.stdin is None:
            message = "it has no input"
            raise PeerFailed(message)
        try:
            self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise PeerFailed(self._last_words()) from error
        return self._read()

    def _read(self) -> dict[str, Any]:
        out = self._process.stdout
        if out is None or not select.select([out], [], [], ANSWER_S)[0]:
            message = f"no answer in {ANSWER_S:.0f} s"
            raise PeerFailed(message)
        line = out.readline()
        if not line:
            raise PeerFailed(self._last_words())
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise PeerFailed(found["error"])
        return found

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "it ended without a word"

    def cpu(self) -> float:
        """Processor seconds used up to now, all its threads."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def rss_mb(self) -> float:
        """Resident memory."""
        return memory_mb(self.pid, "VmRSS")

    def kill(self) -> None:
        """End it and what it started with `kill -9`."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()


def memory_mb(pid: int, field: str) -> float:
    """Return a field of /proc/PID/status in MB, 0 when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(x.split()[1]) / 1024 for x in lines if x.startswith(field)), 0.0)
