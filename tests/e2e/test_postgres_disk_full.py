"""PostgreSQL without room, for its tables and for its log: refused, whole, and going on afterwards.

Each place is a small file system of its own, filled by a file that is removed again.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.product import Product, product
from tests.e2e.test_postgresql import submit_status
from tests.servers.postgres import PostgresServer
from tests.waiting import wait_until

NAME = "small"
MOST = 3000
"""More submits than fit into what is left free."""


@contextlib.contextmanager
def small(folder: Path, size: str) -> Iterator[Path]:
    """Mount a small file system that belongs to PostgreSQL's user."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        shutil.chown(folder, "postgres", "postgres")
        folder.chmod(0o700)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def take_all(folder: Path, *, but: int) -> Path:
    """Fill a file system but for some bytes; return the file that does it."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - but)
    return filler


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    made = PostgresServer(durable=True)
    try:
        yield made
    finally:
        made.remove()


def until_refused(one: Product, status: int) -> tuple[list[Any], str]:
    """Submit until that is refused; return what was accepted and the problem's code."""
    accepted: list[Any] = []
    for number in range(MOST):
        body = {"run": "true", "agent": "testing", "title": f"full-{number}", "delay": "1h"}
        found, told = one.ask("POST", "/tasks/submit", body)
        if found != 201:
            assert found == status, told
            return accepted, str(told["code"])
        accepted.append(told["id"])
    message = f"{MOST} submits fitted"
    raise AssertionError(message)


def stored(one: Product) -> set[str]:
    """Return the id of every task that waits for its time."""
    found: set[str] = set()
    cursor = ""
    while True:
        status, page = one.ask("GET", f"/tasks?state=scheduled&limit=500{cursor}")
        assert status == 200, page
        found |= {task["id"] for task in page["items"]}
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def goes_on(one: Product, running: str) -> None:
    """The product works as before, and the run that went on meanwhile is settled once."""
    wait_until(lambda: submit_status(one)[0] == 201, timeout=40, what="a task to be accepted")
    assert one.reaches(running, "succeeded")["run_number"] == 1
    one.reaches(one.submit("true")["id"], "succeeded")
    assert one.verify()["problems"] == []


def test_tables_without_room_refuse_a_submit_whole_and_take_the_next_one_later(
    server: PostgresServer,
) -> None:
    with small(server.folder / "tables", "64m") as disk:
        server.start()
        server.execute(f"CREATE TABLESPACE {NAME} LOCATION '{disk}'")
        server.execute(f"CREATE DATABASE {NAME} TEMPLATE template0 TABLESPACE {NAME}")
        with product({"CLAUDE_AGENT_SERVER_DATABASE_URL": server.url(NAME)}) as one:
            running = one.submit(one.held("room"))["id"]
            one.started("room")
            filler = take_all(disk, but=100_000)
            accepted, code = until_refused(one, 507)
            assert code == "disk_full"
            assert one.ask("GET", "/health")[0] in (200, 503)
            old = one.server
            one.let_go("room")
            filler.unlink()
            goes_on(one, running)
            assert stored(one) == set(accepted)
            assert one.server == old, "the server lives through it"
        server.stop()


def test_log_without_room_stops_postgresql_and_loses_nothing(server: PostgresServer) -> None:
    data = server.folder / "data"
    with small(server.folder / "wal", "96m") as disk:
        for one_file in (data / "pg_wal").iterdir():
            shutil.move(one_file, disk / one_file.name)
        (data / "pg_wal").rmdir()
        (data / "pg_wal").symlink_to(disk)
        subprocess.run(["chown", "-R", "postgres:postgres", str(disk)], check=True)
        server.start()
        server.empty(NAME)
        with product({"CLAUDE_AGENT_SERVER_DATABASE_URL": server.url(NAME)}) as one:
            running = one.submit(one.held("log"))["id"]
            one.started("log")
            # Room is taken until the log cannot have its next file.
            server.execute("SELECT pg_switch_wal()")
            filler = take_all(disk, but=100_000)
            with contextlib.suppress(psycopg.OperationalError):  # the product may be first
                server.execute("SELECT pg_logical_emit_message(false, 'test', 'x')")
            accepted, code = until_refused(one, 503)
            assert code == "unavailable"
            old = one.server
            one.let_go("log")
            filler.unlink()
            server.stop()
            server.start()
            goes_on(one, running)
            there = stored(one)
            assert set(accepted) <= there
            # PostgreSQL was gone before it could say what became of the last one.
            assert len(there) <= len(accepted) + 1
            assert one.server == old, "the server lives through it"
        server.stop()
