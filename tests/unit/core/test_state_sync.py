"""Shared state on the real core: versions, expiry, watchers, snapshots."""

import threading
from typing import Any

import pytest

from claude_agent.core.state_sync import StateManager
from claude_agent.errors import Invalid, NotFound, TooLarge, VersionConflict
from tests.unit.core.stand import Stand, compare_with_the_log
from tests.waiting import wait_until

VALUES = [None, True, 0, 1.5, "text", "", [], [1, [2]], {}, {"a": {"b": None}}, "ünï ☃"]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_set_is_what_is_read_also_after_a_restart(stand: Stand, value: Any) -> None:
    assert stand.state.update_state("k", value) == 1
    assert stand.state.get_state("k") == value
    stand.restart()
    assert stand.state.get_state("k") == value


def test_each_change_has_the_next_version_also_after_a_deletion(stand: Stand) -> None:
    state = stand.state
    assert [state.update_state("k", n) for n in range(3)] == [1, 2, 3]
    assert state.delete_state("k", actor="ann") == 4
    with pytest.raises(NotFound, match="no state under k"):
        state.get_state("k")
    with pytest.raises(NotFound):
        state.delete_state("k")
    assert state.update_state("k", "again", actor="bob") == 5
    entry = state.entry("k")
    assert (entry.version, entry.updated_by, entry.updated_at) == (5, "bob", stand.clock.now())
    assert [one.event.type for one in state.history("k")] == [
        *["state.changed"] * 3,
        "state.deleted",
        "state.changed",
    ]
    assert [one.event.seq for one in state.history("k", after=3)] == [4, 5]


def test_a_version_that_is_not_the_newest_changes_nothing(stand: Stand) -> None:
    state = stand.state
    state.update_state("k", 1)
    before = stand.everything() if stand.url is None else ()
    for wrong in (0, 2, 7):
        with pytest.raises(VersionConflict, match="at version 1"):
            state.update_state("k", 2, version=wrong)
        with pytest.raises(VersionConflict):
            state.delete_state("k", version=wrong)
    with pytest.raises(VersionConflict, match="does not exist"):
        state.update_state("other", 1, version=3)
    assert not before or stand.everything() == before
    assert state.update_state("k", 2, version=1) == 2
    assert state.update_state("new", 1, version=0) == 1


@pytest.mark.parametrize(
    "key", ["", ".a", "-a", "a b", "a/b", "a\n", "ä", "snapshots", "x" * 201, "a\x00"]
)
def test_what_cannot_be_a_key_is_refused(stand: Stand, key: str) -> None:
    for call in (stand.state.get_state, stand.state.delete_state, stand.state.history):
        with pytest.raises(Invalid, match="cannot be a key"):
            call(key)
    with pytest.raises(Invalid, match="cannot be a key"):
        stand.state.update_state(key, 1)
    assert stand.history() == []


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"x", "\ud800", "a\x00b", object()])
def test_what_is_no_json_is_refused(stand: Stand, value: Any) -> None:
    with pytest.raises(Invalid):
        stand.state.update_state("k", value)
    assert stand.history() == []


def test_what_is_too_large_is_refused(stand: Stand) -> None:
    with pytest.raises(TooLarge, match="over 1 MiB"):
        stand.state.update_state("k", "x" * 1_048_576)
    with pytest.raises(Invalid, match="time to live"):
        stand.state.update_state("k", 1, ttl_ms=0)


def test_what_has_expired_is_not_there_before_it_is_swept_and_after(stand: Stand) -> None:
    stand.state.update_state("k", 1, ttl_ms=5_000)
    stand.state.update_state("stays", 1)
    assert stand.state.get_state("k") == 1
    stand.clock.advance(5_000)
    with pytest.raises(NotFound):
        stand.state.get_state("k")
    assert [entry.key for entry in stand.state.entries()] == ["stays"]
    assert stand.state.update_state("fresh", 1, version=0) == 1
    stand.scheduler.tick()
    assert stand.types("state/k") == ["state.changed", "state.deleted"]
    assert stand.state.history("k")[-1].event.data["why"] == "expired"
    assert stand.state.update_state("k", 2, version=0) == 3


def test_a_jump_of_the_clock_shortens_no_life(stand: Stand) -> None:
    stand.state.update_state("k", 1, ttl_ms=60_000)
    stand.clock.jump(3_600_000)
    stand.scheduler.tick()
    assert stand.state.get_state("k") == 1
    left = stand.state.entry("k").expires_at
    assert left is not None
    assert 0 < left - stand.clock.now() <= 60_000
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    with pytest.raises(NotFound):
        stand.state.get_state("k")


def test_entries_are_found_by_their_pattern_page_by_page(stand: Stand) -> None:
    for key in ("a.1", "a.2", "b.1", "b.2", "c"):
        stand.state.update_state(key, key)
    assert [e.key for e in stand.state.entries("*.1")] == ["a.1", "b.1"]
    assert [e.key for e in stand.state.entries("b.?")] == ["b.1", "b.2"]
    first = stand.state.entries(limit=2)
    rest = stand.state.entries(after=first[-1].key)
    assert [e.key for e in (*first, *rest)] == ["a.1", "a.2", "b.1", "b.2", "c"]


def test_of_many_who_compare_and_set_one_wins_each_round(stand: Stand) -> None:
    stand.state.update_state("n", 0)
    won: list[int] = []

    def add() -> None:
        done = 0
        while done < 5:
            entry = stand.state.entry("n")
            try:
                version = stand.state.update_state("n", entry.value + 1, version=entry.version)
            except VersionConflict:
                continue
            won.append(version)
            done += 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert stand.state.get_state("n") == 20
    assert sorted(won) == list(range(2, 22))


def test_of_many_who_just_write_all_succeed(stand: Stand) -> None:
    threads = [threading.Thread(target=stand.state.update_state, args=("k", n)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert stand.state.entry("k").version == 6


def test_watchers_hear_of_every_change_that_matches_in_order(stand: Stand) -> None:
    seen: list[dict[str, Any]] = []
    end = stand.state.subscribe_changes("deploy.*", seen.append)
    stand.state.update_state("deploy.a", 1, actor="ann")
    stand.state.update_state("other", 1)
    stand.state.update_state("deploy.b", 2)
    stand.state.delete_state("deploy.a")
    wait_until(lambda: len(seen) == 3, what="three changes")
    assert [(one["key"], one["value"], one["version"], one["deleted"]) for one in seen] == [
        ("deploy.a", 1, 1, False),
        ("deploy.b", 2, 1, False),
        ("deploy.a", None, 2, True),
    ]
    assert seen[0]["actor"] == "ann"
    end()


def test_a_watcher_with_a_name_misses_nothing_while_it_is_away(stand: Stand) -> None:
    seen: list[Any] = []
    stand.state.subscribe_changes("k", lambda one: seen.append(one["value"]), name="mine")
    stand.state.update_state("k", 1)
    wait_until(lambda: seen == [1], what="the first")
    stand.restart()
    for n in range(2, 6):
        stand.state.update_state("k", n)
    stand.state.subscribe_changes("k", lambda one: seen.append(one["value"]), name="mine")
    wait_until(lambda: seen[-1] == 5, what="the last")
    assert sorted(set(seen)) == [1, 2, 3, 4, 5]


def test_a_snapshot_is_restored_as_one_change_of_each_key(stand: Stand) -> None:
    state, snapshots = stand.state, stand.snapshots
    for key in ("same", "changed", "gone"):
        state.update_state(key, 1)
    taken = snapshots.take("before", actor="ann")
    assert (taken["keys"], taken["created_by"], taken["pos"]) == (3, "ann", 4)
    state.update_state("changed", 2)
    state.delete_state("gone")
    state.update_state("new", 1)
    seen: list[str] = []
    state.subscribe_changes("*", lambda one: seen.append(one["key"]))
    told = snapshots.restore("before", actor="bob")
    assert (told["changed"], told["deleted"]) == (2, 1)
    assert {e.key: e.value for e in state.entries()} == {"same": 1, "changed": 1, "gone": 1}
    assert state.entry("same").version == 1
    assert state.entry("changed").version == 3
    wait_until(lambda: len(seen) == 3, what="what the watcher hears")
    assert sorted(seen) == ["changed", "gone", "new"]
    assert [e["key"] for e in snapshots.entries(taken["id"])] == ["changed", "gone", "same"]
    again = snapshots.restore(taken["id"])
    assert (again["changed"], again["deleted"]) == (0, 0)
    with pytest.raises(NotFound, match="no snapshot"):
        snapshots.restore("nothing")
    with pytest.raises(Invalid):
        snapshots.take("x" * 81)
    assert [one["name"] for one in snapshots.all()] == ["before"]


def test_another_process_hears_of_a_change(stand: Stand, tmp_path: Any) -> None:
    if stand.url is None:
        return  # one process has a SQLite database for itself
    (tmp_path / "other").mkdir()
    other = Stand(tmp_path / "other", url=stand.url, seed=9, worker="v")
    try:
        stand.state.update_state("k", 1)
        assert other.state.get_state("k") == 1
        stand.state.update_state("k", 2)
        wait_until(lambda: other.state.get_state("k") == 2, what="the doorbell")
        stand.state.delete_state("k")
        wait_until(lambda: _absent(other.state), what="the deletion")
    finally:
        other.close()


def _absent(state: StateManager) -> bool:
    try:
        state.get_state("k")
    except NotFound:
        return True
    return False


def test_the_rows_are_what_the_log_says(stand: Stand) -> None:
    stand.state.update_state("a", {"x": [1]}, ttl_ms=10)
    stand.state.update_state("b", 2)
    stand.state.delete_state("b")
    compare_with_the_log(stand)
