"""What one process and one task cost PostgreSQL: the numbers behind "how many hosts would it bear".

A server that takes no task, then 1 and 3 `claude-agent worker` beside it, each a host of its own,
idle: what each one more costs a second. Then short tasks: what each costs. Transactions and rows
are counted by PostgreSQL itself, its processor time by the kernel, so a busy machine does not
change them much.

    python bench/footprint.py [--small]
"""

import argparse
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path

import psycopg
from product import AGENTS, until
from queue_peers import report
from queue_peers.fleet import ended, server, worker
from queue_peers.servers import Server
from queue_peers.systems import Site, System

from claude_sdk import ClaudeSystem

PRODUCT = System(
    name="claude-agent, PostgreSQL", body="", place="postgresql", ours=True, prepares=True
)
SETTLE_S = 6.0
"""Until a new process has registered, and a settled one has sent what it counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What PostgreSQL did; the difference of two is what it did between them."""

    transactions: float
    rows_written: float
    wal_kib: float
    cpu_ms: float
    connections: float

    def per(self, before: "Load", by: float) -> "Load":
        """Return the difference, divided."""
        names = [field.name for field in fields(self)]
        return Load(**{n: (getattr(self, n) - getattr(before, n)) / by for n in names})


class Meter:
    """Reads what one database's server did, over a connection to another database."""

    def __init__(self, url: str, server: Server) -> None:
        place, _, self._name = url.rpartition("/")
        self._connection = psycopg.connect(f"{place}/postgres", autocommit=True)
        self._server = server

    def read(self) -> Load:
        """Return what was done so far."""
        row = self._connection.execute(
            "SELECT xact_commit + xact_rollback, tup_inserted + tup_updated + tup_deleted,"
            " (pg_current_wal_insert_lsn() - '0/0') / 1024, numbackends"
            " FROM pg_stat_database WHERE datname = %s",
            (self._name,),
        ).fetchone()
        if row is None:
            raise ValueError(self._name)
        transactions, rows, wal, connections = (float(one) for one in row)
        return Load(
            transactions=transactions, rows_written=rows, wal_kib=wal,
            cpu_ms=self._server.cpu() * 1000, connections=connections,
        )  # fmt: skip


def tell(what: str, load: Load, unit: str) -> None:
    """Print a line for each number."""
    for field in fields(load):
        value = round(getattr(load, field.name), 3)
        report.line(f"footprint.{what}.{field.name}", value, unit, of=PRODUCT.name)
        sys.stderr.write(f"{what:<12} {field.name:<14} {value:>10,.2f} {unit}\n")


def idle(meter: Meter, seconds: float) -> Load:
    """Return what an idle fleet costs a second, and its connections."""
    pause = threading.Event()
    pause.wait(SETTLE_S)
    before = meter.read()
    pause.wait(seconds)
    after = meter.read()
    per_second = after.per(before, seconds)
    return Load(**{
        field.name: getattr(per_second, field.name) for field in fields(Load)
        if field.name != "connections"
    }, connections=after.connections)  # fmt: skip


def of_tasks(meter: Meter, system: ClaudeSystem, count: int) -> Load:
    """Return what each of so many short tasks costs."""
    before = meter.read()
    for n in range(count):
        system.submit_task(run="true", agent=AGENTS[n % len(AGENTS)])
    until(lambda: ended(system, count), timeout=300, look=0.5)
    threading.Event().wait(2)  # every backend has reported by then
    return meter.read().per(before, count)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="shorter")
    small = parser.parse_args().small
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="ca-footprint-"))
    folder.chmod(0o755)  # the server runs as a user of its own
    seconds, count = (10.0, 40) if small else (30.0, 300)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        site = Site(folder)
        stack.callback(site.close)
        url = site.space(PRODUCT)
        found = site.server(PRODUCT)
        if found is None:
            raise ValueError(PRODUCT.place)
        meter = Meter(url, found)
        system = stack.enter_context(server(url, 3))
        stack.enter_context(worker(url))
        one = idle(meter, seconds)
        for _ in range(2):
            stack.enter_context(worker(url))
        three = idle(meter, seconds)
        tell("idle_worker", three.per(one, 2), "a second and worker")
        tell("idle_server", one.per(three.per(one, 2), 1), "a second")
        tell("task", of_tasks(meter, system, count), "a task")
    sys.stderr.write(report.machine() + "\n")


if __name__ == "__main__":
    main()
