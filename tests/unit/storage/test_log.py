import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.storage import log
from claude_agent.storage.chain import GENESIS, canonical, data_hash, link
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.log import Head
from tests.unit.storage.tools import AT, appended, event, fill, head, positions


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = open_sqlite(str(tmp_path / "log.db"), draw=lambda: "epoch1")
    yield opened
    opened.close()


def tamper(database: SqliteDatabase, statement: str) -> list[str]:
    """Change the file behind the database's back and return what `verify` says."""
    connection = sqlite3.connect(database.path, isolation_level=None)
    connection.execute(statement)
    connection.close()
    return database.read(lambda r: log.verify(r, chunk=2))[2]


def test_new_log_is_empty_and_has_an_epoch(database: SqliteDatabase) -> None:
    assert head(database) == Head(epoch="epoch1", pos=0, hash=GENESIS)
    assert head(database).cursor == "epoch1:0"
    assert database.read(log.verify) == (0, GENESIS, [])


def test_log_without_a_counter_row_is_empty_and_takes_nothing(database: SqliteDatabase) -> None:
    tamper(database, "DELETE FROM log_head")
    assert head(database) == Head(epoch="", pos=0, hash=GENESIS)
    with pytest.raises(RuntimeError, match="not migrated"):
        fill(database, 1)


def test_event_is_read_back_as_it_was_appended(database: SqliteDatabase) -> None:
    said = event("task/ä", 1, text="ümläut \x00 \u202e", nested={"b": [1, None, 2.5], "a": {}})
    database.write(appended(said))
    (one,) = database.read(lambda r: log.after(r, 0, 10))
    assert (one.pos, one.event) == (1, said)


def test_half_characters_are_replaced_before_they_are_hashed(database: SqliteDatabase) -> None:
    """An agent may print half of a surrogate pair; no database stores one."""
    database.write(appended(event("task/x", 1, text="a\ud800b")))
    (one,) = database.read(lambda r: log.after(r, 0, 10))
    assert one.event.data == {"text": "a?b"}
    assert database.read(log.verify)[2] == []


def test_after_returns_a_page(database: SqliteDatabase) -> None:
    fill(database, 5)
    page = database.read(lambda r: log.after(r, 1, 2))
    assert [one.pos for one in page] == [2, 3]
    assert database.read(lambda r: log.after(r, 5, 2)) == []


def test_of_stream_returns_the_events_of_one_stream(database: SqliteDatabase) -> None:
    fill(database, 3, "bus/a")
    fill(database, 2, "bus/b")
    assert [one.pos for one in database.read(lambda r: log.of_stream(r, "bus/b"))] == [4, 5]
    page = database.read(lambda r: log.of_stream(r, "bus/a", after=1, limit=1))
    assert [one.event.seq for one in page] == [2]


def test_everything_walks_the_whole_log_in_chunks(database: SqliteDatabase) -> None:
    fill(database, 7)
    found = database.read(lambda r: [one.pos for one in log.everything(r, chunk=3)])
    assert found == list(range(1, 8)) == positions(database)


def test_chain_is_the_hash_of_the_hash_before_the_envelope_and_the_datas_hash(
    database: SqliteDatabase,
) -> None:
    database.write(appended(event("bus/a", 1, b=1, a=2)))
    text = canonical({"a": 2, "b": 1})
    assert text == '{"a":2,"b":1}'
    envelope = ("bus/a", 1, "bus.test", 1, AT, "me", "", "")
    assert head(database).hash == link(GENESIS, 1, envelope, data_hash(text))


def test_chain_does_not_hang_on_how_transactions_were_grouped(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    other = open_sqlite(str(tmp_path / "other.db"))
    database.write(appended(event("bus/a", 1, n=1), event("bus/a", 2, n=2)))
    fill(other, 2)
    assert head(database).hash == head(other).hash
    other.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE events SET data = '{}' WHERE pos = 3", "the data of event 3 was changed"),
        ("UPDATE events SET data = 'no json' WHERE pos = 3", "the data of event 3 was changed"),
        (
            "UPDATE events SET data = '{}', data_hash = 'HASH' WHERE pos = 3",
            "the chain breaks at event 3",
        ),
        ("UPDATE events SET actor = 'you' WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET at = at + 1 WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET type = 'bus.other' WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET stream = 'bus/b' WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET seq = 99 WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET v = 2 WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET trace = 't' WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET causation = 'c' WHERE pos = 3", "the chain breaks at event 3"),
        ("UPDATE events SET hash = 'x' WHERE pos = 3", "the chain breaks at event 3"),
        ("DELETE FROM events WHERE pos = 3", "positions 3 to 3 are missing"),
        ("DELETE FROM events WHERE pos = 5", "the counter row says 5, the events end at 4"),
        ("UPDATE events SET pos = 9 WHERE pos = 5", "positions 5 to 8 are missing"),
        ("UPDATE log_head SET pos = 4", "the counter row says 4, the events end at 5"),
        ("UPDATE log_head SET hash = 'x'", "the counter row says 5, the events end at 5"),
    ],
)
def test_verify_finds_every_kind_of_tampering(
    database: SqliteDatabase, statement: str, problem: str
) -> None:
    fill(database, 5)
    assert tamper(database, statement.replace("HASH", data_hash("{}")))[0] == problem


def test_verify_finds_two_events_that_changed_places(database: SqliteDatabase) -> None:
    fill(database, 4)
    tamper(database, "UPDATE events SET pos = 99 WHERE pos = 2")
    tamper(database, "UPDATE events SET pos = 2 WHERE pos = 3")
    found = tamper(database, "UPDATE events SET pos = 3 WHERE pos = 99")
    assert found[:2] == ["the chain breaks at event 2", "the chain breaks at event 3"]


def test_whole_chain_that_was_made_anew_is_told_by_a_head_kept_elsewhere(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    fill(database, 3)
    kept = head(database).hash
    forged = open_sqlite(str(tmp_path / "forged.db"))
    for seq in (1, 2, 3):
        forged.write(appended(event("bus/a", seq, n=seq if seq != 2 else 99)))
    assert forged.read(log.verify)[2] == []
    assert forged.read(log.verify)[1] != kept
    forged.close()
