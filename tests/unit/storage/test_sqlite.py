"""What the SQLite body alone must do: share commits, survive bad disks, tell damage apart."""

import contextlib
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from claude_agent.errors import DiskFull, Unavailable
from claude_agent.storage import log
from claude_agent.storage.database import Corrupt, Duplicate, Tx
from claude_agent.storage.databases import sqlite
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.turns import MAX_BATCH
from tests.unit.storage.tools import appended, event, fill, flaky, head, positions
from tests.waiting import wait_until


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = open_sqlite(str(tmp_path / "one.db"))
    yield opened
    opened.close()


def put(name: str, limit: int = 1) -> "sqlite.Callable[[Tx], int]":
    return lambda tx: tx.execute("work.put_queue", name=name, max=limit)


class Queue:
    """Threads whose transactions wait until the writer is free."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._stack = ExitStack()
        self._pool = ThreadPoolExecutor(MAX_BATCH + 40)
        self._waiting = 0

    def __enter__(self) -> "Queue":
        self._stack.enter_context(self._database._lock)
        return self

    def add(self, count: int, name: str = "q") -> list[object]:
        """Let threads wait, one with each transaction; return their futures."""
        futures: list[object] = [self._pool.submit(self._write, f"{name}{n}") for n in range(count)]
        self._waiting += count
        wait_until(
            lambda: self._database._turns.waiting == self._waiting, what="transactions that wait"
        )
        return futures

    def _write(self, name: str) -> str:
        try:
            self._database.write(put(name))
        except (Unavailable, DiskFull) as error:
            return type(error).__name__
        return "done"

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._pool.shutdown(wait=True)


def outcomes(futures: list[object]) -> list[str]:
    return [future.result() for future in futures]  # type: ignore[attr-defined]


def names(database: SqliteDatabase) -> set[str]:
    return {row["name"] for row in database.read(lambda r: r.rows("work.queues"))}


# Commits of many threads --------------------------------------------------------------------


def test_transactions_that_wait_together_are_committed_together(database: SqliteDatabase) -> None:
    counted = flaky(database, RuntimeError())
    commits: list[str] = []
    counted._real.set_trace_callback(
        lambda text: commits.append(text) if text == "COMMIT" else None
    )
    with Queue(database) as waiting:
        futures = waiting.add(30)
    assert outcomes(futures) == ["done"] * 30
    assert len(commits) == 1
    assert len(names(database)) == 30


def test_more_than_one_batch_is_committed_in_order(database: SqliteDatabase) -> None:
    with Queue(database) as waiting:
        futures = waiting.add(MAX_BATCH + 10)
    assert outcomes(futures) == ["done"] * (MAX_BATCH + 10)
    assert len(names(database)) == MAX_BATCH + 10


def test_commit_that_fails_is_told_to_everybody_in_it(database: SqliteDatabase) -> None:
    broken = flaky(database, sqlite3.OperationalError("database or disk is full"))
    with Queue(database) as waiting:
        futures = waiting.add(5)
        broken.left = 1 + 5 * 3  # BEGIN, and savepoint, insert, release of each
    assert outcomes(futures) == ["DiskFull"] * 5
    assert names(database) == set()
    database.write(put("after"))
    assert names(database) == {"after"}


def test_interrupted_thread_leaves_nobody_believing_in_its_commit(
    database: SqliteDatabase,
) -> None:
    """The thread that commits for all is interrupted: the others must not report success."""
    broken = flaky(database, KeyboardInterrupt())
    with Queue(database) as waiting:
        futures = waiting.add(4)
        broken.left = 1 + 4 * 3
    found = []
    for future in futures:
        try:
            found.append(outcomes([future])[0])
        except KeyboardInterrupt:
            found.append("interrupted")
    assert sorted(found) == ["Unavailable"] * 3 + ["interrupted"]
    assert names(database) == set()


@pytest.mark.parametrize("alone", ["alone", "together"])
def test_statement_that_fails_at_any_place_leaves_before_or_after(
    database: SqliteDatabase, alone: str
) -> None:
    broken = flaky(database, sqlite3.OperationalError("disk I/O error"))

    def work(tx: Tx) -> None:
        tx.append([event(f"bus/{n}", 1)])
        put(f"a{n}")(tx)
        tx.execute_many("work.put_slot", [{"worker": f"w{n}", "n": 1, "queue": "", "least": 0}])

    for n in range(100):
        before = (names(database), positions(database))
        broken.left = n
        try:
            if alone == "alone":
                database.write(work)
            else:
                with Queue(database) as waiting:
                    futures = waiting.add(1, f"b{n}-")
                    thread = threading.Thread(target=try_write, args=(database, work))
                    thread.start()
                    wait_until(lambda: database._turns.waiting == 2)
                outcomes(futures)
                thread.join()
        except Unavailable:
            pass
        after = (names(database), positions(database))
        if broken.left != -1:
            break
        assert after == before
    else:
        pytest.fail("it never ran through")
    assert n > 4
    assert f"a{n}" in after[0]
    assert database.read(log.verify)[2] == []


def try_write(database: SqliteDatabase, work: "sqlite.Callable[[Tx], None]") -> None:
    with contextlib.suppress(Unavailable):
        database.write(work)


def test_sync_is_full_where_it_must_last_and_less_where_it_need_not(
    database: SqliteDatabase,
) -> None:
    def level() -> int:
        return int(database._writer.execute("PRAGMA synchronous").fetchone()["synchronous"])

    database.write(put("a"))
    assert level() == 2
    database.write(put("b"), durable=False)
    assert level() == 1
    with Queue(database) as waiting:
        futures = waiting.add(1)
        thread = threading.Thread(
            target=database.write, args=(put("d"),), kwargs={"durable": False}
        )
        thread.start()
        wait_until(lambda: database._turns.waiting == 2)
    outcomes(futures)
    thread.join()
    assert level() == 2


# Bad disks ----------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_is_told_and_work_goes_on_once_there_is_room(disk: Path) -> None:
    database = open_sqlite(str(disk / "one.db"))
    filler = disk / "fill"
    with filler.open("wb") as file:
        file.write(b"x" * 2_000_000)
    accepted: list[int] = []

    def write_until_it_is_full() -> None:
        for n in range(1000):
            database.write(appended(event(f"bus/{n}", 1, text="y" * 20_000)))
            accepted.append(n)

    with pytest.raises(DiskFull, match="no room left") as caught:
        write_until_it_is_full()
    assert caught.value.status == 507
    assert len(accepted) > 2
    assert positions(database) == list(range(1, len(accepted) + 1))
    filler.unlink()
    fill(database, 1, "bus/after")
    assert positions(database) == list(range(1, len(accepted) + 2))
    assert database.read(log.verify)[2] == []
    database.check()
    database.close()
    again = open_sqlite(str(disk / "one.db"))
    assert len(positions(again)) == len(accepted) + 1
    again.close()


def test_file_that_does_not_fit_is_not_opened(disk: Path) -> None:
    with (disk / "fill").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            file.truncate(file.tell() - 8192)
    with pytest.raises(DiskFull):
        open_sqlite(str(disk / "one.db"))


def test_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    path.write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(Corrupt, match="not a database") as caught:
        open_sqlite(str(path))
    assert "restore" in caught.value.hint
    assert path.read_bytes().startswith(b"This is a letter")


def damaged(tmp_path: Path) -> Path:
    """Return a database file with flipped bytes where the log is."""
    path = tmp_path / "one.db"
    database = open_sqlite(str(path))
    for n in range(500):
        database.write(appended(event(f"bus/{n}", 1, text="x" * 500)), durable=False)
    database.close()
    raw = bytearray(path.read_bytes())
    first = len(raw) * 3 // 4 // 4096 * 4096  # the head of a page
    for place in range(first, len(raw) - 4096, 4096):
        raw[place : place + 64] = bytes(byte ^ 0xFF for byte in raw[place : place + 64])
    path.write_bytes(raw)
    return path


def test_damaged_file_is_found_by_the_check(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    database = SqliteDatabase(path)
    with pytest.raises(Corrupt, match=str(path)):
        database.check()
    database.close()


def test_damaged_file_is_told_to_who_reads_and_who_writes(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    database = SqliteDatabase(path)
    with pytest.raises(Corrupt):
        database.read(log.verify)
    database.close()
    writing = SqliteDatabase(path)
    flaky(writing, sqlite3.DatabaseError("database disk image is malformed")).left = 3
    with pytest.raises(Corrupt):
        writing.write(appended(event("bus/more", 1)))
    writing.close()


def test_folder_that_is_missing_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        open_sqlite(str(tmp_path / "none" / "one.db"))


def test_file_that_another_process_holds_is_unavailable(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database._writer.execute("PRAGMA busy_timeout=10")
    with pytest.raises(Unavailable, match="locked by another process"):
        database.write(put("a"))
    with pytest.raises(Unavailable, match="locked by another process"):
        database.migrate_script("CREATE TABLE x (y BIGINT);")
    other.execute("ROLLBACK")
    other.close()
    database.write(put("a"))
    assert names(database) == {"a"}


def test_file_that_cannot_be_written_is_unavailable(database: SqliteDatabase) -> None:
    database._writer.execute("PRAGMA query_only=ON")
    with pytest.raises(Unavailable, match="cannot be written"):
        database.write(put("a"))
    database._writer.execute("PRAGMA query_only=OFF")
    database.write(put("a"))


def test_check_of_a_disk_that_fails_says_so(database: SqliteDatabase) -> None:
    flaky(database, sqlite3.DatabaseError("database disk image is malformed")).left = 0
    with pytest.raises(Corrupt):
        database.check()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sqlite3.OperationalError("database or disk is full"), DiskFull),
        (sqlite3.DatabaseError("database disk image is malformed"), Corrupt),
        (sqlite3.OperationalError("attempt to write a readonly database"), Unavailable),
        (sqlite3.OperationalError("disk I/O error"), Unavailable),
        (sqlite3.OperationalError("database is locked"), Unavailable),
        (sqlite3.IntegrityError("UNIQUE constraint failed"), Duplicate),
        (sqlite3.OperationalError("no such table: x"), Corrupt),
        (sqlite3.OperationalError("Could not decode to UTF-8 column 'title'"), Corrupt),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), Corrupt),
        (sqlite3.OperationalError("too many SQL variables"), sqlite3.OperationalError),
    ],
)
def test_errors_of_sqlite_become_ours(
    database: SqliteDatabase, error: sqlite3.Error, kind: type[Exception]
) -> None:
    flaky(database, error).left = 1
    with pytest.raises(kind):
        database.write(put("a"))
    assert names(database) == set()
    database.write(put("b"))
    assert names(database) == {"b"}


def test_readers_are_used_again(database: SqliteDatabase) -> None:
    for _ in range(20):
        head(database)
    assert len(database._readers) == 1
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: head(database), range(64)))
    assert len(database._readers) <= sqlite.READERS


def test_reader_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        database.read(lambda r: r.rows("work.put_queue", name="a", max=1))
    assert names(database) == set()


def test_open_draws_an_epoch_of_its_own(tmp_path: Path) -> None:
    epochs = set()
    for name in "ab":
        database = open_sqlite(str(tmp_path / name))
        epochs.add(head(database).epoch)
        database.close()
    assert len(epochs) == 2


def test_fill_counts(database: SqliteDatabase) -> None:
    fill(database, 3)
    assert head(database).pos == 3
