"""One file, several writers: each gets its turn soon, none waits for ever."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from claude_agent.errors import Unavailable
from claude_agent.storage.database import Tx
from claude_agent.storage.databases import sqlite
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[list[SqliteDatabase]]:
    both = [open_sqlite(str(tmp_path / "one.db"), shared=True) for _ in range(2)]
    yield both
    for one in both:
        one.close()


def test_writers_of_two_connections_all_get_through(pair: list[SqliteDatabase]) -> None:
    def write(number: int) -> None:
        def work(tx: Tx) -> int:
            return tx.execute("work.put_queue", name=f"q{number}", max=1)

        pair[number % 2].write(work, durable=number % 3 == 0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(200)))
    with closing(sqlite3.connect(pair[0].path)) as look:
        count = "SELECT count(*) FROM queues WHERE name GLOB 'q[0-9]*'"
        assert look.execute(count).fetchone() == (200,)


def test_writer_that_never_ends_is_told_after_a_while(
    pair: list[SqliteDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE_S", 0.05)

    def work(tx: Tx) -> int:
        return tx.execute("work.put_queue", name="q", max=1)

    with closing(sqlite3.connect(pair[0].path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked by another"):
            pair[0].write(work)
        other.execute("ROLLBACK")
        assert pair[0].write(work) == 1
