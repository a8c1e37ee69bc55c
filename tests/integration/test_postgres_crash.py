"""PostgreSQL killed (kill -9, every process): no answer that anybody got is taken back.

Commits are visible before they are synced, so the tests look for answers that rest on one that is
not: of the writer, of a reader, of a write that found nothing to do, of one that was refused. The
server leaves unsynced what nobody asks it to sync, so what a missing sync loses is really lost.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import psycopg
import pytest

from claude_agent.errors import Unavailable
from claude_agent.storage import log
from claude_agent.storage.database import Database, Duplicate, Tx
from claude_agent.storage.databases.postgresql import PostgresqlDatabase, open_postgresql
from tests.servers.postgres import PostgresServer
from tests.unit.storage.tools import appended, event, fill, head, positions
from tests.waiting import wait_until

NEVER_BY_ITSELF = ("wal_writer_delay=10s", "wal_writer_flush_after=1GB")
WRITERS = 6
"""Threads of each of two processes' databases."""
ROUNDS = 1
ENOUGH = 150
"""Acknowledged writes before the kill."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    made = PostgresServer(durable=True, settings=NEVER_BY_ITSELF)
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def url(server: PostgresServer, request: pytest.FixtureRequest) -> str:
    found = server.empty(f"crash{abs(hash(request.node.name))}")
    open_postgresql(found).close()
    return found


def reads(database: Database) -> None:
    assert positions(database) == [1, 2]


def changes_nothing(database: Database) -> None:
    assert database.write(lambda tx: log.head(tx).pos) == 2


def is_refused(database: Database) -> None:
    with pytest.raises(Duplicate):
        database.write(appended(event("bus/lazy")))


def refuses_by_itself(database: Database) -> None:
    def work(tx: Tx) -> None:
        raise KeyError(log.head(tx).pos)

    with pytest.raises(KeyError, match="2"):
        database.write(work)


def writes(database: Database) -> None:
    database.write(appended(event("bus/other")))


def asks_nothing(database: Database) -> None:
    """Who is told nothing can lose it."""


@pytest.mark.parametrize(
    ("answer", "left"),
    [(asks_nothing, [1]), (reads, [1, 2]), (changes_nothing, [1, 2]), (is_refused, [1, 2]),
     (refuses_by_itself, [1, 2]), (writes, [1, 2, 3])],
)  # fmt: skip
def test_an_answer_makes_durable_what_it_rests_on(
    server: PostgresServer, url: str, answer: Callable[[Database], None], left: list[int]
) -> None:
    one, two = PostgresqlDatabase(url), PostgresqlDatabase(url)
    fill(one, 1)
    # This commit asks for no sync, as one of another process whose sync is still under way.
    one.write(appended(event("bus/lazy")), durable=False)
    answer(two)
    server.kill()
    server.start()
    one.close()
    two.close()
    after = open_postgresql(url)
    assert positions(after) == left
    after.close()


def test_a_role_without_rights_of_its_own_syncs_too(server: PostgresServer, url: str) -> None:
    name = url.rpartition("/")[2]
    with contextlib.suppress(psycopg.errors.DuplicateObject):
        server.execute("CREATE ROLE plain LOGIN")
    for what in ("TABLES", "SEQUENCES"):
        server.execute(f"GRANT ALL ON ALL {what} IN SCHEMA public TO plain", name)
    database = PostgresqlDatabase(url.replace("postgres@", "plain@"))
    fill(database, 2)
    server.kill()
    server.start()
    database.close()
    after = open_postgresql(url)
    assert positions(after) == [1, 2]
    after.close()


@dataclass
class Told:
    """What anybody was told before the kill."""

    streams: list[str] = field(default_factory=list)
    """Of writes that returned."""
    after: list[str] = field(default_factory=list)
    """Of writes whose `after_commit` ran."""
    heads: list[log.Head] = field(default_factory=list)
    """What reads answered, and what refused writes gave as their reason."""
    news: list[int] = field(default_factory=list)


def writer(database: Database, told: Told, name: str, killed: threading.Event) -> None:
    """Append until the server is gone."""
    for number in range(100_000):
        stream = f"bus/{name}-{number}"

        def work(tx: Tx, stream: str = stream) -> None:
            tx.append([event(stream, text="x" * 100)])
            tx.after_commit(lambda: told.after.append(stream))

        try:
            database.write(work)
            told.streams.append(stream)
        except Unavailable:
            return
        if killed.is_set():
            return


def reader(database: Database, told: Told, killed: threading.Event) -> None:
    """Ask where the log ends, by a read and by a write that is refused."""

    class Refused(Exception):
        pass

    def refused(tx: Tx) -> None:
        raise Refused(log.head(tx))

    while not killed.is_set():
        try:
            told.heads.append(head(database))
            database.write(refused)
        except Refused as error:
            told.heads.append(error.args[0])
        except Unavailable:
            return


def test_everything_acknowledged_under_load_outlives_a_kill(
    server: PostgresServer, url: str, prove_scale: int
) -> None:
    told = Told()
    for number in range(ROUNDS * prove_scale):
        before = len(told.streams)
        one, two = PostgresqlDatabase(url), PostgresqlDatabase(url)
        two.subscribe(told.news.append)
        killed = threading.Event()
        with ThreadPoolExecutor(2 * WRITERS + 1) as pool:
            for n in range(2 * WRITERS):
                pool.submit(writer, (one, two)[n % 2], told, f"{number}-{n}", killed)
            pool.submit(reader, two, told, killed)
            enough = before + ENOUGH
            wait_until(partial(_is_long, told.streams, enough), timeout=60, what="writes")
            server.kill()
            killed.set()
        server.start()
        one.close()
        two.close()
        _compare(url, told)
    assert told.heads
    assert told.news


def _is_long(found: list[str], enough: int) -> bool:
    return len(found) >= enough


def _compare(url: str, told: Told) -> None:
    after = open_postgresql(url)
    events = after.read(lambda r: list(log.everything(r)))
    hashes = {row["pos"]: row["hash"] for row in after.read(
        lambda r: r.rows("log.after", after=0, limit=1_000_000))}  # fmt: skip
    there = {one.event.stream for one in events}
    assert set(told.streams) - there == set(), "a write was acknowledged and is lost"
    assert set(told.after) - there == set(), "after_commit ran for a write that is lost"
    seen = [one for one in told.heads if one.pos]
    assert [one for one in seen if hashes.get(one.pos) != one.hash] == [], "a lost event was seen"
    assert max(told.news, default=0) <= max(hashes, default=0), "news of a lost event"
    assert after.read(log.verify)[2] == []
    after.close()
