"""PostgreSQL, Redis and RabbitMQ of our own: free ports, folders that go, durable settings."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path

from typing_extensions import override

from queue_peers.process import PeerFailed

START_S = 60.0


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, *patterns: str) -> str:
    """Find a program by name or by the places where packages put it. Raises `PeerFailed`."""
    found = [str(one) for pattern in patterns for one in sorted(Path("/").glob(pattern))]
    if found or (plain := shutil.which(name)):
        return found[-1] if found else str(plain)
    message = f"{name} is not installed"
    raise PeerFailed(message)


class Server(ABC):
    """A server process in a folder of its own."""

    account = ""
    """Which user it runs as when we are root; empty: root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True)
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises `PeerFailed`."""
        if self._user:
            shutil.chown(self.folder, self._user, self._user)
        argv, env = self.command()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                argv,
                stdout=log,
                stderr=log,
                env={**os.environ, **env},
                user=self._user,
                cwd=self.folder,
                start_new_session=True,
            )
        pause, end = threading.Event(), time.monotonic() + START_S
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                message = f"{type(self).__name__} did not start"
                raise PeerFailed(message)
            pause.wait(0.05)

    @property
    def _user(self) -> str | None:
        return self.account if self.account and getpass.getuser() == "root" else None

    def run(self, *argv: str) -> None:
        """Run one of the server's own tools. Raises `PeerFailed`."""
        done = subprocess.run(
            argv, capture_output=True, text=True, user=self._user, cwd=self.folder, check=False
        )
        if done.returncode:
            message = f"{Path(argv[0]).name}: {done.stderr.strip()[-200:]}"
            raise PeerFailed(message)

    @abstractmethod
    def command(self) -> tuple[list[str], dict[str, str]]:
        """Return what to start and its environment."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether it serves already."""

    @abstractmethod
    def space(self, name: str) -> str:
        """Return the address of an empty place in it."""

    def stop(self) -> None:
        """End it and all its processes."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(5)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def pids(self) -> list[int]:
        """Every process of its session, and its children (each of PostgreSQL's has its own)."""
        if self._process is None:
            return []
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if str(self._process.pid) in (fields[1], fields[3]):
                found.append(int(stat.parent.name))
        return found

    def memory_mb(self) -> float:
        """Proportional memory of all its processes (shared pages counted once)."""
        total = 0
        for pid in self.pids():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(x.split()[1]) for x in lines if x.startswith("Pss:"))
        return total / 1024

    def cpu(self) -> float:
        """Processor seconds of all its processes."""
        total = 0.0
        for pid in self.pids():
            try:
                total += time.clock_gettime((~pid << 3) | 2)
            except OSError:
                continue
        return total

    def connects(self) -> bool:
        """Return whether its port takes connections."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Redis(Server):
    """Append-only file, synced each second."""

    @override
    def command(self) -> tuple[list[str], dict[str, str]]:
        argv = [program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1"]
        argv += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        return [*argv, "--dir", str(self.folder)], {}

    @override
    def answers(self) -> bool:
        return self.connects()

    @override
    def space(self, name: str) -> str:
        del name
        self.run(program("redis-cli"), "-p", str(self.port), "flushall")
        return f"redis://127.0.0.1:{self.port}/0"


class PostgreSQL(Server):
    """Everything as installed: fsync and synchronous_commit are on."""

    account = "postgres"
    _tools = "usr/lib/postgresql/*/bin/"

    @override
    def command(self) -> tuple[list[str], dict[str, str]]:
        data = self.folder / "data"
        initdb = program("initdb", f"{self._tools}initdb")
        self.run(initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        argv = [program("postgres", f"{self._tools}postgres"), "-D", str(data)]
        argv += ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
        return [*argv, "-k", str(self.folder), "-c", "max_connections=200"], {}

    @override
    def answers(self) -> bool:
        try:
            self._tool("pg_isready")
        except PeerFailed:
            return False
        return True

    @override
    def space(self, name: str) -> str:
        self._tool("createdb", name)
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _tool(self, name: str, *rest: str) -> None:
        found = program(name, f"{self._tools}{name}")
        self.run(found, "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", *rest)


class RabbitMQ(Server):
    """Durable queues, no plugins."""

    account = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._names = free_port()
        """The port of its own name server."""

    def _env(self) -> dict[str, str]:
        plugins = self.folder / "plugins"
        if not plugins.exists():
            plugins.write_text("[].")
        return {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"bench{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "ERL_EPMD_PORT": str(self._names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    @override
    def command(self) -> tuple[list[str], dict[str, str]]:
        places = ("usr/lib/rabbitmq/bin/rabbitmq-server",)
        return [program("rabbitmq-server", *places)], self._env()

    @override
    def answers(self) -> bool:
        return self.connects() and b"Server startup complete" in self._log.read_bytes()

    @override
    def space(self, name: str) -> str:
        """A new node each time would take seconds: runs share queues, which each run empties."""
        del name
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    @override
    def stop(self) -> None:
        super().stop()
        subprocess.run(
            [program("epmd"), "-port", str(self._names), "-kill"],
            capture_output=True,
            env={**os.environ, "ERL_EPMD_PORT": str(self._names), "ERL_EPMD_ADDRESS": "127.0.0.1"},
            check=False,
        )
