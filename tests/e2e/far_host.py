"""Hosts of one machine: each in pid and network namespaces of its own, with its own home.

A namespace has an init of its own, so that a worker may die and its agents live on; it reaches
PostgreSQL, and what carries its tickets, only through pipes that the test can cut.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.product import commands, lives, shim_folder
from tests.waiting import wait_until


class Pipe:
    """A unix socket that leads to a port of the machine until it is cut."""

    def __init__(self, path: Path, port: int) -> None:
        self.path = path
        self._port = port
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.join()

    def join(self) -> None:
        """Let connections through (again)."""
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Drop every connection and refuse new ones."""
        assert self._listener is not None
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def ports(self) -> set[int]:
        """Return the ports from which the server sees the connections come."""
        with self._lock:
            return {x.getsockname()[1] for x in self._open if x.family == socket.AF_INET}

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            with self._lock:
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            if sink not in self._open:  # the other direction has ended already
                source.close()
                sink.close()
            self._open -= {source, sink}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What a host reaches: ports of this machine."""

    postgres: int
    database: str
    carrier: int = 0
    """0: the database carries the tickets."""


class FarHost:
    """One host: namespaces, a home, and the worker processes that a test starts in it."""

    def __init__(self, name: str, ways: Ways, environ: Mapping[str, str]) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"ca-{name}-", dir="/tmp"))
        self.home = self.folder / "h"
        self.pipe = Pipe(self.folder / f".s.PGSQL.{ways.postgres}", ways.postgres)
        self._pipes = [self.pipe]
        where = f"?host={self.folder}&port={ways.postgres}"
        self.environ = {
            **environ,
            "CLAUDE_AGENT_HOME": str(self.home),
            "CLAUDE_AGENT_HOST_ID": name,
            "CLAUDE_AGENT_SERVER_DATABASE_URL": f"postgresql://postgres@/{ways.database}{where}",
        }
        self._workers: list[subprocess.Popen[bytes]] = []
        argv = ["unshare", "--pid", "--net", "--fork", "--mount-proc", "--kill-child"]
        self._space = subprocess.Popen([*argv, "sleep", "infinity"])
        self._init = wait_until(lambda: _child(self._space.pid), what="the namespace's init")
        if ways.carrier:
            self._relay(ways.carrier)

    def _relay(self, port: int) -> None:
        """Let what carries tickets be reached at its own address, through a pipe."""
        pipe = Pipe(self.folder / "carrier.sock", port)
        self._pipes.append(pipe)
        argv = ["nsenter", "-t", str(self._init), "-p", "-n", "-m", sys.executable]
        argv += [str(Path(__file__).with_name("relay.py")), str(port), str(pipe.path)]
        relay = subprocess.Popen(argv, stdout=subprocess.PIPE)
        self._workers.append(relay)
        assert relay.stdout is not None
        assert relay.stdout.readline() == b"relay\n"
        relay.stdout.close()

    def cut(self) -> None:
        """Cut the host off from everything."""
        for pipe in self._pipes:
            pipe.cut()

    def join(self) -> None:
        """Let it reach everything again."""
        for pipe in self._pipes:
            pipe.join()

    def worker(self, *words: str, concurrency: int = 4) -> int:
        """Start a worker process, wait until it works, and return its pid as we see it."""
        argv = ["nsenter", "-t", str(self._init), "-p", "-n", "-m", sys.executable]
        argv += ["-m", "claude_agent.worker_daemon", "--concurrency", str(concurrency), *words]
        told = len(list(self.folder.glob("worker-*.log"))) + 1
        with (self.folder / f"worker-{told}.log").open("wb") as log:
            process = subprocess.Popen(
                argv, env=self.environ, stdout=log, stderr=log, cwd=self.folder
            )
        self._workers.append(process)

        def ready() -> bool:
            said = self.story()
            assert process.poll() is None, said
            return said.count("worker ready") >= told

        wait_until(ready, timeout=40, what=f"the worker of {self.name}")
        return wait_until(lambda: _child(process.pid), what="the worker's pid")

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Signal a worker; SIGKILL and SIGTERM wait for its end."""
        os.kill(pid, number)
        if number == signal.SIGCONT:  # `nsenter` stopped with its worker
            for process in self._workers:
                if process.poll() is None:
                    process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            wait_until(lambda: not lives(pid), timeout=30, what=f"the end of worker {pid}")

    def shim(self, run_id: str) -> int:
        """Wait for the shim of a run of this host and return its pid as we see it."""
        folder = f"{self.home}/runs/{run_id.replace('.', '/')}"
        return wait_until(
            lambda: next((pid for pid, words in commands() if shim_folder(words) == folder), None),
            what=f"the shim of {run_id}",
        )

    def story(self) -> str:
        """Return what the workers said."""
        return "\n".join(x.read_text(errors="replace") for x in self.folder.glob("worker-*.log"))

    def switch_off(self) -> None:
        """End every process of the host at once, as a power cut does."""
        self._space.kill()
        self._space.wait(10)
        for process in self._workers:
            process.kill()  # `nsenter` stands still when its worker does
            process.wait(60)

    def close(self) -> None:
        """End everything and remove it."""
        if self._space.poll() is None:
            self.switch_off()
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.cut()
        if not os.environ.get("KEEP_E2E"):
            shutil.rmtree(self.folder, ignore_errors=True)


def _child(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(found[0]) if found else None
    return None


@contextlib.contextmanager
def far_hosts(
    names: tuple[str, ...], ways: Ways, environ: Mapping[str, str]
) -> Iterator[list[FarHost]]:
    """Some hosts on one database; skipped where namespaces may not be made."""
    argv = ["unshare", "--pid", "--net", "--fork", "--mount-proc", "true"]
    if subprocess.run(argv, check=False, capture_output=True).returncode:
        pytest.skip("namespaces may not be made here")
    with contextlib.ExitStack() as stack:
        made = []
        for name in names:
            one = FarHost(name, ways, environ)
            stack.callback(one.close)
            made.append(one)
        yield made
