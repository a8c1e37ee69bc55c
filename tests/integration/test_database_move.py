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
from tests.integration.every_event import NOT_YET, known_types, play
from tests.servers.postgres import PostgresServer
from tests.unit.core.stand import NO, Stand, compare_with_the_log
from tests.unit.core.test_execution_desk import UNDO, step, workflow

MUST_HOLD = {"events", "tasks", "task_specs", "queues", "workers", "slots", "runs", "run_commands"}
MUST_HOLD |= {"definitions", "executions", "steps", "idempotency_keys", "redrives", "hosts"}
MUST_HOLD |= {"messages", "message_keys", "message_results", "rate_limits", "actor_manifest"}
MUST_HOLD |= {"task_waits", "state", "state_snapshots", "state_snapshot_entries", "log_head"}
"""Tables in which the history leaves rows; all others are compared too."""

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
        ("UPDATE queues SET paused = 1 WHERE name = 'testing'", "its log says: queue testing"),
        ("UPDATE queues SET person_max = 9 WHERE name = 'master'", "its log says: queue master"),
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


def rows_of_all(connection: sqlite3.Connection | psycopg.Connection) -> dict[str, list[str]]:
    """Return every table but those of the schema, each row as text, in one order."""
    if isinstance(connection, sqlite3.Connection):
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    else:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    tables = {row[0] for row in connection.execute(names)} - {"migrations"}
    found = {}
    for table in sorted(tables):
        cursor = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - from the schema
        columns = [one[0] for one in cursor.description or ()]
        order = sorted(range(len(columns)), key=columns.__getitem__)
        rows = [repr([(columns[n], row[n]) for n in order]) for row in cursor]
        # PostgreSQL keeps no NUL: it becomes a question mark (inside JSON it is spelled out).
        found[table] = sorted(row.replace("\\x00", "?") for row in rows)
    return found


def test_every_type_of_event_and_every_table_moves_row_by_row(
    tmp_path: Path, postgres_url: str
) -> None:
    stand = Stand(tmp_path)
    play(stand)
    said = {one.event.type for one in stand.history()}
    assert known_types() - said == NOT_YET, "play() must let each type of event happen"
    stand.close()
    move(stand.path, postgres_url, tell=quiet)
    with sqlite3.connect(stand.path) as old, psycopg.connect(postgres_url) as new:
        before, after = rows_of_all(old), rows_of_all(new)
    assert before.keys() == after.keys()
    for table, rows in before.items():
        assert after[table] == rows, table
    assert {table for table, rows in before.items() if rows} >= MUST_HOLD
    target = Stand(tmp_path, url=postgres_url, worker="later-")
    assert [row["name"] for row in target.rows("work.queues") if row["paused"]] == ["testing"]
    target.close()
