"""Owners on other hosts: a beat that stands still, looked at often enough, proves them gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.clock import ManualClock
from claude_agent.queue.brokers.owner import InHand, host_id
from claude_agent.queue.brokers.ownership import Ownership
from claude_agent.queue.message_intake import NewMessage
from claude_agent.queue.message_store import MessageStore, Owner, Wish
from claude_agent.storage.databases.sqlite import open_sqlite

FAR = Owner(id="far", lock_file="/nowhere/far.owner", pid=7, host="another-host", boot_id="b")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[MessageStore]:
    database = open_sqlite(str(tmp_path / "m.db"))
    one = MessageStore(database, clock)
    one.put([NewMessage(id="a", queue="q", actor="x", body="a")])
    one.add_owner(FAR)
    one.turn(FAR.id, [], [Wish(queue="q", count=1)])
    yield one
    database.close()


@pytest.fixture
def ours(store: MessageStore, clock: ManualClock, tmp_path: Path) -> Iterator[Ownership]:
    one = Ownership(store, tmp_path, clock, in_hand=InHand(), limit=5, hosts=True)
    one.begin()
    yield one
    one.end()


def look(ours: Ownership, clock: ManualClock, seconds: float, times: int = 1) -> None:
    for _ in range(times):
        clock.advance(round(seconds * 1000))
        ours.recover_lost()


def test_owner_elsewhere_is_lost_when_its_beat_stands_still_for_fifteen_seconds(
    ours: Ownership, store: MessageStore, clock: ManualClock
) -> None:
    look(ours, clock, 4, times=4)
    assert store.counts("q").leased == 1
    look(ours, clock, 4)

    assert store.counts("q").ready == 1
    assert FAR not in store.owners()


def test_owner_elsewhere_is_left_alone_while_it_beats(
    ours: Ownership, store: MessageStore, clock: ManualClock
) -> None:
    for _ in range(12):
        look(ours, clock, 4, times=2)
        store.beat(FAR)

    assert store.counts("q").leased == 1


def test_count_begins_again_when_we_ourselves_have_slept(
    ours: Ownership, store: MessageStore, clock: ManualClock
) -> None:
    look(ours, clock, 4, times=4)
    look(ours, clock, 3_600)
    look(ours, clock, 4, times=3)

    assert store.counts("q").leased == 1


def test_four_looks_are_not_enough_in_a_short_time(
    ours: Ownership, store: MessageStore, clock: ManualClock
) -> None:
    look(ours, clock, 0.5, times=10)

    assert store.counts("q").leased == 1


def test_owner_beats_every_five_seconds_where_other_hosts_look(
    ours: Ownership, store: MessageStore, clock: ManualClock
) -> None:
    look(ours, clock, 1, times=11)
    beats = {owner.id: beat for owner, beat in store.beats().items()}

    assert ours.id is not None
    assert beats[ours.id] == 3
    assert next(one for one in store.owners() if one.id == ours.id).host == host_id()


def test_host_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_HOST_ID", "builder-2")

    assert host_id() == "builder-2"
