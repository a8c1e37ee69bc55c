import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.core.log_follower import LogFollower
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from tests.unit.storage.tools import fill


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = open_sqlite(str(tmp_path / "a.db"))
    yield opened
    opened.close()


@pytest.fixture
def follower(database: SqliteDatabase) -> Iterator[LogFollower]:
    one = LogFollower(database)
    yield one
    one.close()


def test_head_begins_where_the_log_ends_and_moves_on(database: SqliteDatabase) -> None:
    fill(database, 3)
    follower = LogFollower(database)
    assert follower.head() == 3
    fill(database, 2, "bus/b")
    assert follower.head() == 5
    follower.close()
    fill(database, 1, "bus/c")
    assert follower.head() == 5


def test_wait_beyond_returns_when_the_log_is_longer(
    database: SqliteDatabase, follower: LogFollower
) -> None:
    assert not follower.wait_beyond(0, 0.0)
    fill(database, 1)
    assert follower.wait_beyond(0, 0.0)
    writer = threading.Timer(0.01, fill, args=(database, 1, "bus/b"))
    writer.start()
    assert follower.wait_beyond(1, 5.0)
    writer.join()


def test_close_wakes_who_waits(database: SqliteDatabase) -> None:
    follower = LogFollower(database)
    closer = threading.Timer(0.01, follower.close)
    closer.start()
    assert follower.wait_beyond(99, 30.0)
    closer.join()
