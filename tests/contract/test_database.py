"""What every database promises; one suite for every body.

A second body joins `BODIES` with a function that opens a fresh, migrated database.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_agent.errors import Unavailable
from claude_agent.storage import log, task_rows
from claude_agent.storage.database import Database, Duplicate, Reader, Stamp, Tx
from claude_agent.storage.databases import open_database
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.migrate import upgrade
from tests.unit.domain.making import submitted
from tests.unit.storage.tools import appended, event, fill, head, positions

BODIES: dict[str, Callable[[pytest.FixtureRequest, Path], Database]] = {
    "sqlite": lambda _, folder: open_sqlite(str(folder / "one.db")),
    "sqlite-shared": lambda _, folder: open_sqlite(str(folder / "shared.db"), shared=True),
    "postgresql": lambda request, _: open_database(request.getfixturevalue("postgres_url")),
}


class Broke(Exception):
    """Raised by a transaction of a test."""


@pytest.fixture(params=BODIES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    opened = BODIES[request.param](request, tmp_path)
    yield opened
    opened.close()


def put_queue(name: str, limit: int = 1) -> Callable[[Tx], int]:
    return lambda tx: tx.execute("work.put_queue", name=name, max=limit)


def queues(reader: Reader) -> dict[str, int]:
    return {row["name"]: row["max"] for row in reader.rows("work.queues")}


def failing(tx: Tx) -> None:
    put_queue("bad")(tx)
    tx.append([event("bus/bad")])
    raise Broke


# One transaction ----------------------------------------------------------------------------


def test_write_returns_what_its_work_returned_once_it_is_there_for_all(database: Database) -> None:
    assert database.write(put_queue("a", 3)) == 1
    assert database.read(queues) == {"a": 3}


def test_write_sees_its_own_changes_and_others_do_not_before_the_commit(
    database: Database,
) -> None:
    def work(tx: Tx) -> tuple[dict[str, int], dict[str, int]]:
        put_queue("a")(tx)
        return queues(tx), database.read(queues)

    assert database.write(work) == ({"a": 1}, {})


def test_failing_write_leaves_nothing_and_raises_its_own_error(database: Database) -> None:
    fill(database, 1)
    before = head(database)
    with pytest.raises(Broke):
        database.write(failing)
    assert (database.read(queues), head(database)) == ({}, before)
    fill(database, 1, "bus/b")
    assert positions(database) == [1, 2]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_even_an_interrupt_leaves_nothing(database: Database, error: type[BaseException]) -> None:
    def work(tx: Tx) -> None:
        put_queue("bad")(tx)
        raise error

    with pytest.raises(error):
        database.write(work)
    assert database.read(queues) == {}


def test_write_inside_a_write_is_refused_and_the_outer_one_is_rolled_back(
    database: Database,
) -> None:
    def work(tx: Tx) -> None:
        put_queue("bad")(tx)
        database.write(put_queue("worse"))

    with pytest.raises(RuntimeError, match="inside a transaction"):
        database.write(work)
    assert database.read(queues) == {}
    database.write(put_queue("good"))
    assert database.read(queues) == {"good": 1}


def test_write_that_need_not_be_durable_is_there_all_the_same(database: Database) -> None:
    database.write(put_queue("a"), durable=False)
    assert database.read(queues) == {"a": 1}
    database.write(put_queue("b"))
    assert set(database.read(queues)) == {"a", "b"}


def test_execute_says_how_many_rows_it_changed(database: Database) -> None:
    database.write(put_queue("a", 2))
    taken = [database.write(lambda tx: tx.execute("work.take_place", name="a")) for _ in range(3)]
    assert taken == [1, 1, 0]


def test_second_row_of_a_key_is_a_duplicate(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.execute("log.start", epoch="e", hash="h")

    with pytest.raises(Duplicate):
        database.write(work)


def test_execute_many_runs_for_each_set_and_knows_duplicates(database: Database) -> None:
    slots = [{"worker": "w", "n": n, "queue": "", "least": 0} for n in (1, 2)]
    database.write(lambda tx: tx.execute_many("work.put_slot", slots))
    assert [row["n"] for row in database.read(lambda r: r.rows("work.slots"))] == [1, 2]
    with pytest.raises(Duplicate):
        database.write(lambda tx: tx.execute_many("work.put_slot", slots))


def test_half_characters_are_replaced_in_columns(database: Database) -> None:
    database.write(put_queue("a\ud800b"))
    assert database.read(queues) == {"a?b": 1}


def test_unknown_query_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(LookupError, match="no query named"):
        database.read(lambda r: r.rows("work.nothing"))


def test_list_is_expanded_and_an_empty_one_finds_nothing(database: Database) -> None:
    slots = [{"worker": "w", "n": n, "queue": "", "least": 0} for n in (1, 2)]
    database.write(lambda tx: tx.execute_many("work.put_slot", slots))
    fill(database, 2, "bus/a")
    find = "log.of_type"
    assert (
        len(database.read(lambda r: r.rows(find, types=["x", "bus.test"], after=0, limit=9))) == 2
    )
    assert database.read(lambda r: r.rows(find, types=[], after=0, limit=9)) == []


def test_row_is_the_first_or_nothing(database: Database) -> None:
    assert database.read(lambda r: r.row("work.queues")) is None
    database.write(put_queue("b"))
    database.write(put_queue("a"))
    row = database.read(lambda r: r.row("work.queues"))
    assert row is not None
    assert (row["name"], row["running"]) == ("a", 0)


# After the commit ---------------------------------------------------------------------------


def test_after_commit_is_called_once_when_others_can_see_it(database: Database) -> None:
    seen: list[dict[str, int]] = []

    def work(tx: Tx) -> None:
        put_queue("a")(tx)
        tx.after_commit(lambda: seen.append(database.read(queues)))
        assert seen == []

    database.write(work)
    assert seen == [{"a": 1}]


def test_after_commit_may_write(database: Database) -> None:
    def work(tx: Tx) -> None:
        put_queue("a")(tx)
        tx.after_commit(lambda: database.write(put_queue("b")) and None)

    database.write(work)
    assert set(database.read(queues)) == {"a", "b"}


def test_after_commit_is_never_called_after_a_rollback(database: Database) -> None:
    called: list[str] = []

    def work(tx: Tx) -> None:
        tx.after_commit(lambda: called.append("bad"))
        raise Broke

    with pytest.raises(Broke):
        database.write(work)
    assert called == []


def test_subscriber_hears_the_new_head_of_each_commit_that_appended(database: Database) -> None:
    heads: list[int] = []
    end = database.subscribe(heads.append)
    fill(database, 2)
    database.write(put_queue("a"))
    with pytest.raises(Broke):
        database.write(failing)
    database.write(appended(event("bus/b", 1), event("bus/b", 2)))
    end()
    fill(database, 1, "bus/c")
    assert heads == [1, 2, 4]


# The log ------------------------------------------------------------------------------------


def test_events_get_positions_without_gaps_in_their_order(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.append([event("bus/a", 1, n=1), event("bus/b", 1, n=2)])
        tx.append([event("bus/a", 2, n=3)])
        tx.append([])

    database.write(work)
    database.write(appended(event("bus/a", 3, n=4)))
    found = database.read(lambda r: list(log.everything(r)))
    assert [(one.pos, one.event.data["n"]) for one in found] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert database.read(log.verify) == (4, head(database).hash, [])


def test_same_number_of_a_stream_is_refused_and_all_of_its_transaction(
    database: Database,
) -> None:
    fill(database, 1)

    def work(tx: Tx) -> None:
        put_queue("bad")(tx)
        tx.append([event("bus/b", 1), event("bus/a", 1)])

    with pytest.raises(Duplicate):
        database.write(work)
    assert (positions(database), database.read(queues)) == ([1], {})
    assert database.read(log.verify)[2] == []


def test_stamp_gets_the_position_of_the_last_event_of_its_append(database: Database) -> None:
    one = submitted()

    def work(tx: Tx) -> None:
        tx.execute("tasks.insert", **task_rows.to_row(one))
        tx.append([event("bus/a", 1)])
        tx.append([event("bus/a", 2), event("bus/a", 3)], stamp=Stamp("tasks.stamp", id=one.id))
        tx.append([event("bus/a", 4)])

    database.write(work)
    rows = database.read(lambda r: r.rows("tasks.executions_of", ids=[one.id]))
    assert [row["id"] for row in rows] == [one.id]
    found = database.read(lambda r: r.rows("log.after", after=2, limit=1))
    assert found[0]["seq"] == 3


# Many at once -------------------------------------------------------------------------------


def test_many_threads_write_and_each_finds_its_own_there(database: Database) -> None:
    def one(n: int) -> bool:
        def work(tx: Tx) -> int:
            tx.append([event(f"bus/{n}", 1, n=n)])
            return put_queue(f"q{n}")(tx)

        database.write(work)
        return f"q{n}" in database.read(queues)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(160)))
    assert positions(database) == list(range(1, 161))
    assert database.read(log.verify)[2] == []


def test_failing_transaction_hurts_none_that_is_committed_with_it(database: Database) -> None:
    called: list[int] = []

    def one(n: int) -> str:
        def work(tx: Tx) -> None:
            tx.append([event(f"bus/{n}", 1)])
            put_queue(f"q{n}")(tx)
            tx.after_commit(lambda: called.append(n))
            if n % 3 == 0:
                raise Broke

        try:
            database.write(work)
        except Broke:
            return "broke"
        return "done"

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(one, range(120)))
    assert found == ["done" if n % 3 else "broke" for n in range(120)]
    assert set(database.read(queues)) == {f"q{n}" for n in range(120) if n % 3}
    assert sorted(called) == [n for n in range(120) if n % 3]
    assert positions(database) == list(range(1, 81))
    assert database.read(log.verify)[2] == []


def test_counter_is_never_lost_between_threads(database: Database) -> None:
    database.write(put_queue("a", 1000))

    def one(_: int) -> None:
        database.write(lambda tx: tx.execute("work.take_place", name="a"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(100)))
    row = database.read(lambda r: r.row("work.queues"))
    assert row is not None
    assert row["running"] == 100


def test_read_sees_one_state_whatever_is_committed_meanwhile(database: Database) -> None:
    fill(database, 1)

    def work(reader: Reader) -> tuple[int, int]:
        before = log.head(reader).pos
        other = threading.Thread(target=fill, args=(database, 3, "bus/b"))
        other.start()
        other.join()
        return before, log.head(reader).pos

    assert database.read(work) == (1, 1)
    assert head(database).pos == 4


def test_read_raises_what_its_work_raised_and_the_next_one_works(database: Database) -> None:
    def work(reader: Reader) -> None:
        queues(reader)
        raise Broke

    with pytest.raises(Broke):
        database.read(work)
    assert database.read(queues) == {}


# The end ------------------------------------------------------------------------------------


def test_closed_database_says_so(database: Database) -> None:
    database.close()
    database.close()
    for call in (lambda: database.read(queues), lambda: database.write(put_queue("a"))):
        with pytest.raises(Unavailable, match="closed"):
            call()


def test_reader_that_is_still_at_work_when_the_database_closes_ends_cleanly(
    database: Database,
) -> None:
    def work(reader: Reader) -> dict[str, int]:
        database.close()
        return queues(reader)

    assert database.read(work) == {}


def test_check_finds_no_damage_in_a_whole_database(database: Database) -> None:
    fill(database, 3)
    database.check()


def test_second_upgrade_does_nothing(database: Database) -> None:
    fill(database, 2)
    before = head(database)
    assert upgrade(database, lambda: "another epoch") == []
    assert head(database) == before


def test_schema_of_a_newer_version_is_refused(database: Database) -> None:
    database.migrate_script("INSERT INTO migrations (number, name) VALUES (9999, 'newer');")
    with pytest.raises(Unavailable, match="schema 9999") as caught:
        upgrade(database, lambda: "x")
    assert "newer version" in caught.value.hint


def test_migration_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table"):
        database.migrate_script(
            "CREATE TABLE half (x BIGINT);\nINSERT INTO no_such_table VALUES (1);"
        )
    database.migrate_script("CREATE TABLE half (x BIGINT);")
