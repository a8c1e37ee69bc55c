"""The same workload over each carrier of tickets: order, delays, cancels, recovery, faults."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.e2e.product import Product, product
from tests.servers.process import ServerProcess
from tests.waiting import wait_until

BURST = 4
"""Tasks between two faults."""
PRIORITIES = ("LOW", "NORMAL", "HIGH", "CRITICAL")
CONFIGURATION = """
[server]
broker_url = "{broker}"
database_url = "{database}"
[agents.testing]
slots = 1
[agents.backend-api]
slots = 8
"""


@contextlib.contextmanager
def installation(
    *, broker: str = "database", database: str = "sqlite", **environ: str
) -> Iterator[Product]:
    """A product whose configuration file names a broker and a database."""
    with product(environ, up=False) as made:
        text = CONFIGURATION.format(broker=broker, database=database)
        (made.work / "claude-agent.toml").write_text(text)
        made.up()
        wait_until(lambda: broker_of(made)["ok"], timeout=20, what="the broker to answer")
        yield made


@contextlib.contextmanager
def another_host(head: Product) -> Iterator[None]:
    """A worker process with a home and a host id of its own, configured like the server."""
    home = Path(tempfile.mkdtemp(prefix="ca-w-", dir="/tmp"))
    environ = {**head.environ, "CLAUDE_AGENT_HOME": str(home), "CLAUDE_AGENT_HOST_ID": "two"}
    environ |= {"CLAUDE_AGENT_SERVER_WORKERS": "4"}
    told = home.with_name(home.name + ".log")
    with told.open("wb") as log:
        argv = [sys.executable, "-m", "claude_agent.worker_daemon", "--concurrency", "4"]
        worker = subprocess.Popen(argv, env=environ, cwd=head.work, stdout=log, stderr=log)
    try:
        wait_until(lambda: "worker ready" in told.read_text(), timeout=40, what="the worker")
        yield
    finally:
        worker.terminate()
        worker.wait(30)
        for own in home.glob("tmux*.sock"):
            words = ["tmux", "-S", str(own), "kill-server"]
            subprocess.run(words, capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)
        told.unlink()


def broker_of(product: Product) -> Any:
    """Return what `/health` says about the broker."""
    return product.ask("GET", "/health")[1]["components"]["broker"]


def epoch_of(product: Product) -> str:
    """Return the epoch of the log, by which installations on one server are kept apart."""
    cursor: str = product.ask("GET", "/events/head")[1]["cursor"]
    return cursor.partition(":")[0]


def works_as_on_sql(product: Product) -> None:
    """Run the whole workload and hold the ledger against the log."""
    _order(product)
    _delay(product)
    _cancel(product)
    _recovery(product)
    product.verify()


def _order(product: Product) -> None:
    product.submit(product.held("gate"))
    product.started("gate")
    tasks = [product.submit(product.entry(f"at-{p}"), priority=p) for p in PRIORITIES]
    product.let_go("gate")
    for task in tasks:
        product.reaches(task["id"], "succeeded")
    steps = [entry["step"] for entry in product.entries() if entry["step"].startswith("at-")]
    assert steps == [f"at-{p}" for p in reversed(PRIORITIES)]


def _delay(product: Product) -> None:
    late = product.submit(product.entry("late"), delay="1s")
    soon = product.submit(product.entry("soon"))
    assert late["state"] == "scheduled"
    product.reaches(soon["id"], "succeeded")
    ended = product.reaches(late["id"], "succeeded")
    assert ended["started_at"] >= late["created_at"] + 1000
    assert [entry["step"] for entry in product.entries()][-2:] == ["soon", "late"]


def _cancel(product: Product) -> None:
    product.submit(product.held("before"))
    product.started("before")
    waits = product.submit(product.entry("never"))
    product.system.tasks.cancel(waits["id"])
    product.let_go("before")
    after = product.submit(product.entry("after"))
    product.reaches(after["id"], "succeeded")
    assert product.task(waits["id"])["state"] == "cancelled"
    assert product.entries("never") == []


def _recovery(product: Product) -> None:
    held = product.submit(product.held("through"))
    product.started("through")
    waits = product.submit(product.entry("next"))
    product.kill_server()
    assert product.reaches(held["id"], "running")["run_number"] == 1
    product.let_go("through")
    for task in (held, waits):
        product.reaches(task["id"], "succeeded")
    assert len(product.entries("through")) == len(product.entries("next")) == 1


def loses_nothing(product: Product, server: ServerProcess, *, rounds: int) -> None:
    """Submit while the carrier fails in every way; each task runs once and ends well."""
    acts: list[Callable[[], object]] = [server.pause, server.resume, server.wipe, server.kill]
    acts += [product.kill_server, server.start]
    ids = []
    for turn in range(rounds):
        for place, act in enumerate(acts):
            ids += [_accepted(product, f"n{turn}-{place}-{n}") for n in range(BURST)]
            act()
    ids += [_accepted(product, f"last-{n}") for n in range(BURST)]
    for task_id in ids:
        product.reaches(task_id, "succeeded")
    starts = [entry["task_id"] for entry in product.entries()]
    assert sorted(starts) == sorted(ids), "each accepted task ran, and ran once"
    product.verify()
    wait_until(lambda: broker_of(product)["ok"], timeout=30, what="the broker to answer again")


def _accepted(product: Product, name: str) -> str:
    body = {"run": product.entry(name), "agent": "backend-api", "cwd": str(product.work)}
    status, task = product.ask("POST", "/tasks/submit", body)
    assert status == 201, task
    found: str = task["id"]
    return found
