import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.clock import ManualClock
from claude_agent.queue.message_intake import NewMessage
from claude_agent.queue.message_store import (
    ManifestEntry,
    MessageStore,
    Owner,
    Settlement,
    Turn,
    Verdict,
    Wish,
)
from claude_agent.storage.databases.sqlite import open_sqlite

US = "owner-1"
OTHER = "owner-2"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[MessageStore]:
    database = open_sqlite(str(tmp_path / "m.db"))
    yield MessageStore(database, clock)
    database.close()


def put(store: MessageStore, *ids: str, delay_ms: int = 0, priority: int = 0) -> None:
    store.put(
        [
            NewMessage(id=one, queue="q", actor="a", body=one, delay_ms=delay_ms, priority=priority)
            for one in ids
        ]
    )


def claim(store: MessageStore, count: int = 10, owner: str = US) -> Turn:
    return store.turn(owner, [], [Wish(queue="q", count=count)])


def ids(turn: Turn) -> list[str]:
    return [lease.id for lease in turn.leases[0]]


def settle(store: MessageStore, turn: Turn, verdict: Verdict, owner: str = US) -> Turn:
    words = [
        Settlement(id=lease.id, fence=lease.fence, verdict=verdict, reason="why", error="{}")
        for lease in turn.leases[0]
    ]
    return store.turn(owner, words, [])


def state(store: MessageStore, message_id: str) -> str:
    row = store.find(message_id)
    return str(row["state"]) if row else "gone"


def test_claim_takes_first_in_first_out_when_put_in_one_millisecond(store: MessageStore) -> None:
    names = [f"m{number:02}" for number in range(20, 0, -1)]
    for name in names:
        put(store, name)

    assert ids(claim(store, 20)) == names


def test_claim_keeps_order_when_the_clock_goes_back(
    store: MessageStore, clock: ManualClock
) -> None:
    put(store, "first")
    clock.jump(-3_600_000)
    put(store, "second")

    assert ids(claim(store)) == ["first", "second"]


def test_claim_takes_lower_numbers_first_when_priorities_differ(store: MessageStore) -> None:
    put(store, "late", priority=5)
    put(store, "soon", priority=-1)

    assert ids(claim(store, 1)) == ["soon"]


def test_claim_gives_a_message_once_when_two_owners_ask(store: MessageStore) -> None:
    put(store, "a", "b", "c")

    assert ids(claim(store, 2)) == ["a", "b"]
    assert ids(claim(store, 2, OTHER)) == ["c"]


def test_claim_leaves_other_queues_alone(store: MessageStore) -> None:
    put(store, "a")

    turn = store.turn(US, [], [Wish(queue="other", count=5), Wish(queue="q", count=5)])

    assert [len(part) for part in turn.leases] == [0, 1]


def test_delayed_message_waits_until_its_time(store: MessageStore, clock: ManualClock) -> None:
    put(store, "late", delay_ms=500)

    early = claim(store)
    clock.advance(500)
    due = claim(store)

    assert ids(early) == []
    assert early.next_due == clock.now()
    assert ids(due) == ["late"]
    assert due.next_due is None


def test_ack_removes_the_row_and_only_once(store: MessageStore) -> None:
    put(store, "a", "b")
    turn = claim(store)

    assert settle(store, turn, Verdict.DONE).fenced_out == 0
    assert (state(store, "a"), state(store, "b")) == ("gone", "gone")
    assert settle(store, turn, Verdict.DONE).fenced_out == 2


@pytest.mark.parametrize("verdict", list(Verdict))
def test_settlement_changes_nothing_when_the_owner_is_another(
    store: MessageStore, verdict: Verdict
) -> None:
    put(store, "a")
    turn = claim(store)

    assert settle(store, turn, verdict, OTHER).fenced_out == 1
    assert state(store, "a") == "leased"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_settlement_changes_nothing_when_the_fence_is_old(
    store: MessageStore, verdict: Verdict
) -> None:
    put(store, "a")
    old = claim(store)
    settle(store, old, Verdict.RELEASE)
    new = claim(store)

    assert new.leases[0][0].fence == old.leases[0][0].fence + 1
    assert settle(store, old, verdict).fenced_out == 1
    assert state(store, "a") == "leased"


def test_more_acks_than_one_statement_holds_are_all_written(store: MessageStore) -> None:
    put(store, *(f"m{number}" for number in range(200)))
    turn = claim(store, 200)

    assert settle(store, turn, Verdict.DONE).fenced_out == 0
    assert store.counts("q").open == 0


def test_retry_keeps_the_row_with_its_new_body(store: MessageStore, clock: ManualClock) -> None:
    put(store, "a")
    lease = claim(store).leases[0][0]
    again = Settlement(
        id="a",
        fence=lease.fence,
        verdict=Verdict.RETRY,
        body="again",
        not_before=clock.now() + 1_000,
    )

    assert store.turn(US, [again], []).next_due == clock.now() + 1_000
    assert state(store, "a") == "delayed"
    clock.advance(1_000)
    assert claim(store).leases[0][0].body == "again"


def test_bury_records_reason_error_and_history(store: MessageStore, clock: ManualClock) -> None:
    put(store, "a")
    settle(store, claim(store), Verdict.DEAD)

    row = store.find("a")
    assert row is not None
    assert (row["state"], row["dead_reason"], row["dead_error"]) == ("dead", "why", "{}")
    assert json.loads(row["history"]) == {
        "at": clock.now(),
        "event": "dead",
        "owner": US,
        "reason": "why",
    }


def test_recover_counts_a_delivery_only_for_what_was_in_hand(store: MessageStore) -> None:
    put(store, "worked", "fetched")
    owner = Owner(id=US, lock_file="/gone", pid=1)
    store.add_owner(owner)
    claim(store)

    assert store.recover(owner, ["worked", "never seen"], limit=5) == 2
    rows = {one: store.find(one) for one in ("worked", "fetched")}
    assert {one: row["deliveries"] for one, row in rows.items() if row} == {
        "worked": 1,
        "fetched": 0,
    }
    assert {state(store, one) for one in rows} == {"ready"}
    assert store.owners() == []


def test_recover_buries_poison_when_over_the_limit(store: MessageStore) -> None:
    put(store, "p")
    owner = Owner(id=US, lock_file="/gone", pid=1)
    for _ in range(3):
        claim(store)
        store.recover(owner, ["p"], limit=2)

    row = store.find("p")
    assert row is not None
    assert (row["state"], row["dead_reason"], row["deliveries"]) == ("dead", "poison", 3)
    assert len(row["history"].splitlines()) == 3


def test_counts_tell_each_state_apart(store: MessageStore) -> None:
    put(store, "dead")
    settle(store, claim(store), Verdict.DEAD)
    put(store, "leased")
    claim(store)
    put(store, "ready-1", "ready-2")
    put(store, "later", delay_ms=10)

    counts = store.counts("q")
    assert (counts.ready, counts.delayed, counts.leased, counts.dead) == (2, 1, 1, 1)
    assert counts.open == 4


def test_put_stores_none_when_one_is_impossible(store: MessageStore) -> None:
    good = NewMessage(id="good", queue="q", actor="a", body="b")
    bad = NewMessage(id=None, queue="q", actor="a", body="b")  # type: ignore[arg-type]

    with pytest.raises(Exception, match="NOT NULL"):
        store.put([good, bad])

    assert store.counts("q").open == 0


def test_manifest_keeps_the_newest_entry_of_a_name(store: MessageStore) -> None:
    store.publish([ManifestEntry(name="a", queue="old"), ManifestEntry(name="b", queue="q")])
    store.publish([ManifestEntry(name="a", queue="new", priority=3)])

    assert store.manifest() == {
        "a": ManifestEntry(name="a", queue="new", priority=3),
        "b": ManifestEntry(name="b", queue="q"),
    }
