"""A real PostgreSQL for the tests: one server a test worker, a database a test.

`PostgresServer` is also for tests that kill, stop and start one: they make their own, with
`durable=True` where what survives a kill -9 matters.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from claude_agent.storage.chain import GENESIS
from claude_agent.storage.databases.postgresql import PostgresqlDatabase, open_postgresql
from tests.servers.process import free_port
from tests.waiting import wait_until

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SMALL = ("shared_buffers=16MB", "max_connections=100", "max_wal_size=256MB", "autovacuum=off")
TEMPLATE = "migrated"


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None


class PostgresServer:
    """One cluster in a folder of its own, run by the user `postgres` where we are root."""

    def __init__(self, *, durable: bool = False, settings: Sequence[str] = ()) -> None:
        found = binaries()
        if found is None:
            pytest.skip("PostgreSQL is not installed")
        self._bin = found
        self.folder = Path(tempfile.mkdtemp(prefix="ca-pg-", dir="/tmp"))
        self.folder.chmod(0o777)
        self.port = free_port()
        self._settings = (*_SMALL, *(() if durable else _FAST), *settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._used: list[str] = []
        self._tables: list[tuple[str, int]] = []
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-N",
                  "--encoding=UTF8", "--locale=C.UTF-8")  # fmt: skip

    def freeze(self, number: int = signal.SIGSTOP) -> None:
        """Let every process of it stand still; SIGCONT lets them go on."""
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in (main, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _argv(self, program: str, *arguments: str) -> list[str]:
        argv = [str(self._bin / program), *arguments]
        if os.getuid() == 0:
            argv = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *argv]
        return argv

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            self._argv(program, *arguments),
            env=self._environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [word for one in self._settings for word in ("-c", one)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._argv("postgres", "-D", str(self._data), "-p", str(self.port), "-k",
                           str(self.folder), "-h", "127.0.0.1", *options),
                env=self._environment(), cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self._answers, timeout=30, what="PostgreSQL to answer")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            return True
        return False

    def url(self, name: str) -> str:
        """Return the address of a database of this server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, name: str = "postgres") -> None:
        """Run a statement outside a transaction."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(statement.encode())

    def fresh(self) -> str:
        """Return the address of an empty, migrated database; used ones are emptied."""
        if not self._tables:
            self.empty(TEMPLATE)
            open_postgresql(self.url(TEMPLATE), draw=lambda: "epoch").close()
            self._tables = self._shape(self.url(TEMPLATE))
        while self._used:
            url = self._used.pop()
            if self._shape(url) == self._tables:
                return url
            self.drop(url)
        return self.empty(f"test{self._count}", template=TEMPLATE)

    def give_back(self, url: str) -> None:
        """Empty a database for the next test: much cheaper than making a new one."""
        name = re.sub(r".*/", "", url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid()", (name,)
            )  # fmt: skip
            tables = [table for table, _ in self._shape(url) if table not in ("", "migrations")]
            script = "".join(f"DELETE FROM {table};" for table in tables)  # noqa: S608 - our tables
            start = "INSERT INTO log_head (id, epoch, pos, hash) VALUES (1, 'epoch', 0, '"
            connection.execute(f"{script} {start}{GENESIS}')".encode())
        self._used.append(url)

    @staticmethod
    def _shape(url: str) -> list[tuple[str, int]]:
        """Return every table with how many columns it has, and the newest migration."""
        with psycopg.connect(url) as connection:
            tables = connection.execute(
                "SELECT table_name::text, count(*) FROM information_schema.columns"
                " WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1"
            ).fetchall()
            if any(name == "migrations" for name, _ in tables):
                newest = connection.execute("SELECT '', max(number) FROM migrations").fetchall()
                return [*tables, *newest]
            return tables

    def empty(self, name: str, *, template: str = "template0") -> str:
        """Make a database and return its address."""
        self._count += 1
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        name = re.sub(r".*/", "", url)
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def signal(self, number: int) -> None:
        """Send a signal to the server's first process."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill -9 every process of the server: what only its memory held is lost."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)  # or it would start new ones
        for pid in self._children(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait(10)
        self._process = None

    @staticmethod
    def _children(parent: int) -> list[int]:
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(stat.parent.name))
        return found

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server (`fast`: orderly, `immediate`: as a crash) and wait for its end."""
        if self._process is None:
            return
        with contextlib.suppress(AssertionError):
            self._run("pg_ctl", "stop", "-D", str(self._data), "-m", mode)
        self._process.wait(30)
        self._process = None

    def remove(self) -> None:
        """Stop the server and delete everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The worker's PostgreSQL; it forgets what it wrote when it is killed."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh, migrated database of this test alone."""
    url = postgres.fresh()
    yield url
    postgres.give_back(url)


@pytest.fixture
def pg(postgres_url: str) -> Iterator[PostgresqlDatabase]:
    """An open database of this test alone."""
    database = PostgresqlDatabase(postgres_url)
    yield database
    database.close()
