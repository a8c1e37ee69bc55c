"""What the PostgreSQL body alone must do: run again, hear others, live through a restart."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from claude_agent.errors import Invalid, SetupError, Unavailable
from claude_agent.storage.database import Duplicate, Tx
from claude_agent.storage.databases import open_database
from claude_agent.storage.databases.postgresql import TRIES, PostgresqlDatabase, open_postgresql
from claude_agent.storage.databases.sqlite import SqliteDatabase
from claude_agent.storage.notifiers import open_notifier
from claude_agent.storage.notifiers.local import LocalNotifier
from claude_agent.storage.notifiers.postgresql import PostgresqlNotifier
from claude_agent.storage.postgres import link
from tests.servers.postgres import PostgresServer
from tests.unit.storage.tools import appended, event, fill, head, positions
from tests.waiting import wait_until


@pytest.fixture
def other(postgres_url: str) -> Iterator[PostgresqlDatabase]:
    """The same database as `pg`, as another process has it."""
    database = PostgresqlDatabase(postgres_url)
    yield database
    database.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may kill."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def put_queues(*names: str) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        for name in names:
            tx.execute("work.put_queue", name=name, max=5)

    return work


def taking(first: str, second: str, both: threading.Barrier) -> Callable[[Tx], int]:
    """Return a transaction that locks two rows, and meets the other one in between."""
    tries: list[int] = []

    def work(tx: Tx) -> int:
        tries.append(1)
        tx.execute("work.take_place", name=first)
        if len(tries) == 1:
            both.wait(10)
        tx.execute("work.take_place", name=second)
        return len(tries)

    return work


# Running again as a whole -------------------------------------------------------------------


def test_deadlocked_transaction_runs_again_as_a_whole(pg: PostgresqlDatabase) -> None:
    pg.write(put_queues("a", "b"))
    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(pg.write, taking("a", "b", both))
        two = pool.submit(pg.write, taking("b", "a", both))
        assert sorted((one.result(30), two.result(30))) == [1, 2]
    rows = pg.read(lambda r: r.rows("work.queues"))
    assert [row["running"] for row in rows] == [2, 2]
    assert pg.repeated == 1


def test_transaction_is_not_repeated_for_ever(postgres_url: str) -> None:
    database = PostgresqlDatabase(postgres_url, chance=lambda: 0.0)
    tried: list[int] = []

    def work(_: Tx) -> None:
        tried.append(1)
        raise psycopg.errors.SerializationFailure

    with pytest.raises(Unavailable, match="too busy") as caught:
        database.write(work)
    assert (len(tried), database.repeated) == (TRIES, TRIES)
    assert "Try again" in caught.value.hint
    database.close()


def test_two_that_give_a_stream_the_same_number_both_get_theirs(
    pg: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    def work(tx: Tx) -> None:
        row = tx.row("log.last_of_stream", stream="bus/a")
        tx.append([event("bus/a", (row["seq"] if row and row["seq"] else 0) + 1)])

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit((pg, other)[n % 2].write, work) for n in range(30)]
        assert all(one.exception(30) is None for one in done)
    assert positions(pg) == list(range(1, 31))


def test_real_duplicate_is_told_after_a_second_look(pg: PostgresqlDatabase) -> None:
    tried: list[int] = []

    def work(tx: Tx) -> None:
        tried.append(1)
        tx.execute("log.start", epoch="e", hash="h")

    with pytest.raises(Duplicate):
        pg.write(work)
    assert len(tried) == 2


def test_failed_statement_that_was_swallowed_does_not_pass_for_a_commit(
    pg: PostgresqlDatabase,
) -> None:
    def work(tx: Tx) -> None:
        put_queues("bad")(tx)
        with pytest.raises(Duplicate):
            tx.execute("log.start", epoch="e", hash="h")

    with pytest.raises(RuntimeError, match="a statement failed"):
        pg.write(work)
    assert pg.read(lambda r: r.rows("work.queues")) == []


def test_what_is_kept_for_the_end_runs_in_one_order(pg: PostgresqlDatabase) -> None:
    pg.write(put_queues("a", "b"))
    pg.write(lambda tx: [tx.execute("work.take_place", name=name) for name in ("a", "b")])

    def work(names: str) -> Callable[[Tx], None]:
        def ends(tx: Tx) -> None:
            for name in names:
                tx.at_end("work.give_place", name=name)

        return ends

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(pg.write, work(("ab", "ba")[n % 2])) for n in range(40)]
        assert all(one.exception(30) is None for one in done)
    assert pg.repeated == 0
    assert [row["running"] for row in pg.read(lambda r: r.rows("work.queues"))] == [0, 0]


# Other processes ----------------------------------------------------------------------------


def test_commits_of_another_process_are_heard(
    pg: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    heard: list[int] = []
    end = pg.subscribe(heard.append)
    assert pg._listener is not None
    wait_until(pg._listener.connected.is_set, what="the listener")
    fill(other, 3)
    wait_until(lambda: heard and heard[-1] == 3, what="the other's commits")
    fill(pg, 1, "bus/b")
    assert heard == sorted(set(heard))
    assert heard[-1] == 4
    end()
    fill(other, 1, "bus/c")
    assert heard[-1] == 4


def test_ring_is_heard_in_another_process(postgres_url: str) -> None:
    one, two = PostgresqlNotifier(postgres_url), PostgresqlNotifier(postgres_url)
    wait_until(lambda: one.connected() and two.connected(), what="both doorbells")
    assert two.wait(["first"], 0.0) in (True, False)  # what a connect rings
    one.ring("first")
    one.ring("second")
    assert two.wait(["first"], 10)
    assert two.wait(["second", "third"], 10)
    assert one.wait(["first"], 0.0), "and in its own"
    two.close()
    assert not two.wait(["fourth"], 10)
    one.close()


def test_doorbell_fits_the_database(postgres_url: str) -> None:
    there = open_notifier(postgres_url)
    assert isinstance(there, PostgresqlNotifier)
    there.close()
    assert isinstance(open_notifier("sqlite"), LocalNotifier)


# PostgreSQL ends and comes back ---------------------------------------------------------------


def test_restart_of_the_server_is_told_and_then_forgotten(own_server: PostgresServer) -> None:
    url = own_server.fresh()
    database, bell = PostgresqlDatabase(url), PostgresqlNotifier(url)
    heard: list[int] = []
    database.subscribe(heard.append)
    with ThreadPoolExecutor(5) as pool:  # several connections are open when the server ends
        list(pool.map(lambda n: fill(database, 2, f"bus/{n}"), range(5)))
    own_server.stop("fast")
    for call in (lambda: fill(database, 1, "bus/x"), lambda: database.read(lambda r: r)):
        with pytest.raises(Unavailable) as caught:
            call()
        assert "Start PostgreSQL" in caught.value.hint
    assert database.state()[0] is False
    assert bell.wait(["x"], 0.0) in (True, False), "the doorbell itself never fails"
    own_server.start()
    wait_until(lambda: database.state()[0], timeout=20, what="the database to answer")
    fill(database, 1, "bus/y")
    other = PostgresqlDatabase(url)
    wait_until(bell.connected, timeout=20, what="the doorbell")
    fill(other, 1, "bus/z")
    wait_until(lambda: heard[-1] == 12, timeout=20, what="the commit of another process")
    assert database.state() == (True, f"PostgreSQL at {database.place}")
    assert positions(other) == list(range(1, 13))
    for one in (other, database, bell):
        one.close()


def test_transaction_whose_connection_is_cut_is_unavailable_and_leaves_nothing(
    pg: PostgresqlDatabase, postgres: PostgresServer
) -> None:
    def work(tx: Tx) -> None:
        put_queues("bad")(tx)
        pid = tx._connection.info.backend_pid  # type: ignore[attr-defined]
        postgres.execute(f"SELECT pg_terminate_backend({pid})")
        tx.rows("work.queues")

    with pytest.raises(Unavailable):
        pg.write(work)
    assert pg.read(lambda r: r.rows("work.queues")) == []
    pg.write(put_queues("good"))


def test_check_finds_a_counter_that_is_not_at_the_end(pg: PostgresqlDatabase) -> None:
    fill(pg, 2)
    pg.check()
    pg.migrate_script("UPDATE log_head SET pos = 7;")
    with pytest.raises(Exception, match="the counter row says 7, the events end at 2") as caught:
        pg.check()
    assert type(caught.value).__name__ == "Corrupt"


# Opening ------------------------------------------------------------------------------------


def test_two_processes_open_a_new_database_together(postgres: PostgresServer) -> None:
    url = postgres.empty("together")
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_postgresql(url), range(4)))
    fill(opened[0], 1)
    assert {head(one) for one in opened} == {head(opened[0])}
    for one in opened:
        one.close()
    postgres.drop(url)


def test_address_that_cannot_be_used_is_told(postgres: PostgresServer) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        open_database(postgres.url("no_such_database"))
    with pytest.raises(Unavailable, match="does not answer"):
        open_database("postgresql://postgres@127.0.0.1:1/x")
    with pytest.raises(Invalid, match="cannot be read"):
        open_database("postgresql://h/x?nonsense=1")
    with pytest.raises(Invalid, match="There is no database for mysql"):
        open_database("mysql://h/x")


def test_database_that_cannot_hold_every_text_is_refused(postgres: PostgresServer) -> None:
    postgres.execute("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    with pytest.raises(SetupError, match="SQL_ASCII") as caught:
        open_database(postgres.url("narrow"))
    assert "--encoding=UTF8" in caught.value.hint


def test_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "claude_agent.storage.databases.postgresql", None)
    monkeypatch.delattr("claude_agent.storage.databases.postgresql", raising=False)
    with pytest.raises(SetupError) as caught:
        open_database("postgresql://h/x")
    assert "claude-agent[postgresql]" in caught.value.hint


def test_open_database_finds_sqlite_by_its_address(tmp_path: Path) -> None:
    for url in ("sqlite", f"sqlite:///{tmp_path}/b.db"):
        database = open_database(url, home=tmp_path)
        assert isinstance(database, SqliteDatabase)
        database.write(appended(event()))
        database.close()
    assert {one.name for one in tmp_path.glob("*.db")} == {"claude-agent.db", "b.db"}


def test_place_never_shows_a_password() -> None:
    url = "postgresql://me:secret@db.example:5433/work?sslmode=require"
    assert link.place(url) == "db.example:5433/work"
    assert "secret" not in link.place("postgresql:///work?host=/run/pg&password=secret")
