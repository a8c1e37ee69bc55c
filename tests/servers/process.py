"""A server of the tests as a process of ours: started, killed, paused, wiped, started again."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from tests.waiting import wait_until

PORTS = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections."""


def free_port() -> int:
    """Return a port that nobody listens on now, and that no connection is given by chance.

    A server that is killed comes back to its port: outgoing connections take theirs from above.
    """
    for port in random.SystemRandom().sample(PORTS, k=len(PORTS)):
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    message = f"no port of {PORTS} is free"
    raise AssertionError(message)


class ServerProcess(ABC):
    """One server in a folder of its own; a session of its own, so that all of it gets signals."""

    name = "server"
    url = ""
    patience_s = 20.0

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"ca-{self.name}-", dir="/tmp"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _argv(self) -> list[str]:
        """Return the command of the server."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether it answers now."""

    @abstractmethod
    def wipe(self) -> None:
        """Make it forget everything while it runs."""

    def _environ(self) -> Mapping[str, str]:
        return os.environ

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._argv(),
                env=dict(self._environ()),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._up, timeout=self.patience_s, what=f"{self.name} to answer", every=0.05)

    def _up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
        return self.answers()

    def signal(self, number: int) -> None:
        """Signal every process of the server."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                self.signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        """Kill it and start it again on the same port and folder."""
        self.kill()
        self.start()

    def heal(self) -> None:
        """Make it run, whatever the last test did to it."""
        if self._process is None:
            self.start()
        else:
            self.resume()
            wait_until(self._up, timeout=self.patience_s, what=f"{self.name} to answer again")

    def close(self) -> None:
        """Kill it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
