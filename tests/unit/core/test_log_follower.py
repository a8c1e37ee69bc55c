import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.core import log_follower
from claude_agent.core.log_follower import LogFollower
from claude_agent.errors import Unavailable
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.log import Recorded
from tests.unit.storage.tools import appended, event, fill
from tests.waiting import wait_until


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


def test_subscriber_gets_later_events_of_its_types_in_order(
    database: SqliteDatabase, follower: LogFollower
) -> None:
    fill(database, 2, "bus/before")
    seen: list[int] = []
    follower.subscribe(lambda one: seen.append(one.pos), ["bus.test"])
    follower.subscribe(lambda one: seen.append(-one.pos), ["bus.other"])
    fill(database, 3)
    wait_until(lambda: len(seen) == 3, what="the events")
    assert seen == [3, 4, 5]


def test_subscriber_gets_more_than_one_chunk(
    database: SqliteDatabase, follower: LogFollower
) -> None:
    seen: list[int] = []
    follower.subscribe(lambda one: seen.append(one.pos), ["bus.test"])
    count = log_follower._CHUNK * 2 + 5
    database.write(appended(*(event("bus/a", n + 1) for n in range(count))))
    wait_until(lambda: len(seen) == count, what="the events")
    assert seen == list(range(1, count + 1))


def test_subscriber_that_fails_stops_nobody(
    database: SqliteDatabase, follower: LogFollower
) -> None:
    seen: list[int] = []

    def bad(one: Recorded) -> None:
        raise RuntimeError(one.pos)

    follower.subscribe(bad, ["bus.test"])
    follower.subscribe(lambda one: seen.append(one.pos), ["bus.test"])
    fill(database, 2)
    wait_until(lambda: len(seen) == 2, what="the events")


def test_ended_subscription_gets_nothing_more(
    database: SqliteDatabase, follower: LogFollower
) -> None:
    seen: list[int] = []
    kept: list[int] = []
    end = follower.subscribe(lambda one: seen.append(one.pos), ["bus.test"])
    follower.subscribe(lambda one: kept.append(one.pos), ["bus.test"])
    fill(database, 1)
    wait_until(lambda: kept, what="the first event")
    end()
    fill(database, 1, "bus/b")
    wait_until(lambda: len(kept) == 2, what="the second event")
    assert seen == [1]


def test_follower_goes_on_after_a_database_that_did_not_answer(
    database: SqliteDatabase, follower: LogFollower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_follower, "_PAUSE_S", 0.01)
    real, errors, seen = database.read, [1, 2, 3], list[int]()

    def read(work: object) -> object:
        if errors:
            errors.pop()
            raise Unavailable("not now")  # noqa: EM101
        return real(work)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "read", read)
    follower.subscribe(lambda one: seen.append(one.pos), ["bus.test"])
    fill(database, 1)
    wait_until(lambda: seen, what="the event")
    assert errors == []


def test_close_wakes_who_waits_and_may_be_called_by_a_subscriber(
    database: SqliteDatabase,
) -> None:
    follower = LogFollower(database)
    closed = threading.Event()

    def close(_: Recorded) -> None:
        follower.close()
        closed.set()

    follower.subscribe(close, ["bus.test"])
    fill(database, 1)
    assert closed.wait(5.0)
    assert follower.wait_beyond(99, 30.0)


def test_close_ends_a_follower_that_waits(follower: LogFollower) -> None:
    follower.subscribe(lambda _: None, ["bus.test"])
    follower.close()
    assert follower._thread is not None
    assert not follower._thread.is_alive()
