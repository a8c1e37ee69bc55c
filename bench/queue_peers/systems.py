"""Which queues are measured, on which server, in which Python."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from queue_peers.process import PeerFailed
from queue_peers.servers import PostgreSQL, RabbitMQ, Redis, Server

BENCH = Path(__file__).parent.parent
VENV = BENCH / ".peers"
LIST = BENCH / "requirements-peers.txt"
STRICT, BALANCED = "DatabaseBroker, SQLite FULL", "DatabaseBroker, SQLite NORMAL"
ON_POSTGRESQL = "DatabaseBroker, PostgreSQL"
REDIS, RABBITMQ = "dramatiq + Redis everysec", "dramatiq + RabbitMQ confirms"
HUEY, PROCRASTINATE = "Huey SQLite", "Procrastinate, PostgreSQL"
DBOS_SQLITE, DBOS_POSTGRESQL = "DBOS queue, SQLite", "DBOS queue, PostgreSQL"
IN_MEMORY = "limit: Dramatiq's worker, in-memory StubBroker"
RAW_FULL, RAW_NORMAL = "limit: SQLite FULL inserts", "limit: SQLite NORMAL inserts"
SERVERS: dict[str, type[Server]] = {
    "redis": Redis,
    "postgresql": PostgreSQL,
    "rabbitmq": RabbitMQ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A queue that is measured."""

    name: str
    body: str
    """Module and class of its adapter."""
    place: str
    """`file`, or a server."""
    url: str = "{}"
    """Its address, around that of the place."""
    ours: bool = False
    """Whether it runs in the project's Python; else in that of the peers."""
    slow: int = 1
    """So much fewer jobs are enough for a rate."""
    what: frozenset[str] = frozenset({"enqueue", "bulk", "drain", "latency", "both", "kill"})
    quick: bool = False
    """Whether `--quick` measures it too."""
    prepares: bool = False
    """Whether its place must be made ready by a process of its own."""
    alone: bool = False
    """Producer and worker are one process: it is a limit."""


ALL = (
    System(name=STRICT, body="ours:Ours", place="file", ours=True, quick=True),
    System(
        name=BALANCED,
        body="ours:Ours",
        place="file",
        url="balanced:{}",
        ours=True,
        quick=True,
        what=frozenset({"enqueue", "drain", "both"}),
    ),
    System(name=ON_POSTGRESQL, body="ours:Ours", place="postgresql", ours=True, slow=2),
    System(name=REDIS, body="stock:Redis", place="redis", quick=True),
    System(name=RABBITMQ, body="stock:RabbitMQ", prepares=True, place="rabbitmq", slow=2),
    System(name=HUEY, body="huey_sqlite:HueySqlite", place="file", quick=True),
    System(
        name=PROCRASTINATE,
        body="procrastinate_pg:Procrastinate",
        prepares=True,
        place="postgresql",
        slow=5,
    ),
    System(
        name=DBOS_SQLITE,
        body="dbos_queue:Dbos",
        prepares=True,
        place="file",
        url="sqlite:///{}",
        slow=10,
    ),
    System(name=DBOS_POSTGRESQL, body="dbos_queue:Dbos", prepares=True, place="postgresql", slow=5),
    System(
        name=IN_MEMORY,
        body="stock:Stub",
        place="file",
        ours=True,
        quick=True,
        alone=True,
        what=frozenset({"enqueue", "drain"}),
    ),
    System(
        name=RAW_FULL,
        body="raw_sqlite:RawSqlite",
        place="file",
        url="{}?synchronous=FULL",
        ours=True,
        quick=True,
        alone=True,
        what=frozenset({"enqueue"}),
    ),
    System(
        name=RAW_NORMAL,
        body="raw_sqlite:RawSqlite",
        place="file",
        url="{}?synchronous=NORMAL",
        ours=True,
        quick=True,
        alone=True,
        what=frozenset({"enqueue"}),
    ),
)


@dataclass(slots=True)
class Site:
    """The folder, the servers and the Pythons of one run. Close it at the end."""

    folder: Path
    _servers: dict[str, Server] = field(default_factory=dict)
    _failed: dict[str, str] = field(default_factory=dict)
    _spaces: int = 0

    def python(self, system: System) -> str:
        """Return the interpreter of a queue, with what it needs installed. Raises `PeerFailed`."""
        return sys.executable if system.ours else self._once("peers", _install_peers)

    def server(self, system: System) -> Server | None:
        """Return the queue's server, started; None for a file. Raises `PeerFailed`."""
        if system.place == "file":
            return None
        self._once(system.place, lambda: self._start(system.place))
        return self._servers[system.place]

    def space(self, system: System) -> str:
        """Return the address of a new, empty place for this queue. Raises `PeerFailed`."""
        self._spaces += 1
        name = f"bench{self._spaces}"
        server = self.server(system)
        return system.url.format(server.space(name) if server else self.folder / f"{name}.db")

    def file(self, name: str) -> Path:
        """Return a new path in the run's folder."""
        self._spaces += 1
        return self.folder / f"{name}{self._spaces}"

    def close(self) -> None:
        """Stop every server."""
        for server in self._servers.values():
            server.stop()

    def _start(self, place: str) -> str:
        server = SERVERS[place](self.folder / place)
        server.start()
        self._servers[place] = server
        return place

    def _once(self, name: str, make: Callable[[], str]) -> str:
        # What failed once fails for the whole run, with the same reason, without another wait.
        if name in self._failed:
            raise PeerFailed(self._failed[name])
        if name in self._servers:
            return name
        try:
            return make()
        except (PeerFailed, OSError, subprocess.SubprocessError) as error:
            self._failed[name] = f"{error}"
            raise PeerFailed(self._failed[name]) from error


def _install_peers() -> str:
    """Return the Python that has the peers; make it when it is missing or out of date."""
    stamp, wanted = VENV / "stamp", hashlib.sha256(LIST.read_bytes()).hexdigest()
    python = str(VENV / "bin" / "python")
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    sys.stderr.write("bench: installing the peers into bench/.peers\n")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = [python, "-m", "pip", "install", "-qq", "--require-hashes", "-r", str(LIST)]
    subprocess.run(pip, check=True, timeout=600)
    stamp.write_text(wanted)
    return python
