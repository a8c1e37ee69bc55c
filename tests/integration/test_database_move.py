"""A SQLite database with a history moves to PostgreSQL: whole, or not at all."""

import hashlib
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from claude_agent.errors import Conflict, Unavailable
from claude_agent.storage import log
from claude_agent.storage.database import Corrupt
from claude_agent.storage.databases.move import move
from claude_agent.storage.databases.sqlite import open_sqlite
from tests.servers.postgres import PostgresServer
from tests.unit.core.stand import NO, Stand, compare_with_the_log
from tests.unit.core.test_execution_desk import UNDO, step, workflow

KILLED = """
import os, signal, sys
from pathlib import Path
from claude_agent.storage.databases.move import move

move(Path(sys.argv[1]), sys.argv[2], tell=lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


def quiet(_: str) -> None:
    """Tell nobody."""


@pytest.fixture
def source(tmp_path: Path) -> Stand:
    """A closed home with tasks and executions in many states."""
    stand = Stand(tmp_path)
    done = stand.engine.execute(workflow(step("a", compensate=UNDO), step("b", "a")))
    stand.do(done, "a", text="half \ud800 character", nul="\0")
    stand.do(done, "b", NO)
    stand.engine.execute(workflow(step("c"), step("d", "c")))
    stand.submit("testing", title="waits")
    stand.running("database", title="runs")
    stand.orders.cancel(stand.submit("master", delay="1h").id, reason="no", actor="me")
    stand.bus.broadcast_event("hello", {"n": 1})
    stand.close()
    return stand


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM events").fetchone()
    assert found is not None
    return int(found[0])


def test_everything_is_there_and_work_goes_on(
    source: Stand, tmp_path: Path, postgres_url: str
) -> None:
    before = digest(source.path)
    moved = move(source.path, postgres_url, tell=quiet)
    assert digest(source.path) == before
    old = open_sqlite(str(source.path))
    there = old.read(log.head)
    old.close()
    target = Stand(tmp_path, url=postgres_url, worker="later-")
    assert target.database.read(log.head) == there
    assert (moved.events, moved.hash) == (there.pos, there.hash)
    assert moved.rows["tasks"] >= 5
    assert moved.rows["definitions"] == 2
    compare_with_the_log(target)
    fresh = target.submit("master")
    assert fresh.id in [task.id for task in target.claims.claim()]
    compare_with_the_log(target)
    target.close()


def test_target_that_is_not_empty_is_refused(source: Stand, postgres_url: str) -> None:
    first = move(source.path, postgres_url, tell=quiet)
    with pytest.raises(Conflict, match="is not empty: it has events"):
        move(source.path, postgres_url, tell=quiet)
    assert rows_of(postgres_url) == first.events


def test_killed_move_leaves_the_target_empty_and_the_next_one_does_it(
    source: Stand, postgres: PostgresServer
) -> None:
    url = postgres.empty("killed")
    command = [sys.executable, "-c", KILLED, str(source.path), url]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert rows_of(url) == 0
    assert move(source.path, url, tell=quiet).events == rows_of(url) > 0
    postgres.drop(url)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE events SET data = '{}' WHERE pos = 3", "damaged at event 3"),
        ("DELETE FROM events WHERE pos = 4", "damaged at event 4"),
        ("UPDATE events SET actor = 'other' WHERE pos = 5", "damaged at event 5"),
        ("UPDATE log_head SET hash = 'x'", "its head says"),
        ("UPDATE tasks SET state = 'ready' WHERE state = 'cancelled'", "not what its log says"),
        ("DELETE FROM steps WHERE id = 'a'", "not what its log says"),
    ],
)
def test_damaged_source_is_not_moved(
    source: Stand, postgres_url: str, damage: str, said: str
) -> None:
    connection = sqlite3.connect(source.path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    with pytest.raises(Corrupt, match=said):
        move(source.path, postgres_url, tell=quiet)
    assert rows_of(postgres_url) == 0


def test_source_of_another_version_or_none_at_all_is_refused(
    source: Stand, tmp_path: Path, postgres_url: str
) -> None:
    with pytest.raises(Unavailable, match="There is no database"):
        move(tmp_path / "none.db", postgres_url, tell=quiet)
    connection = sqlite3.connect(source.path)
    connection.execute("DELETE FROM migrations WHERE number = 3")
    connection.commit()
    connection.close()
    with pytest.raises(Conflict, match="schema of another version"):
        move(source.path, postgres_url, tell=quiet)
