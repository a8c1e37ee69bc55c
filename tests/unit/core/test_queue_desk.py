"""Queues as people steer them, on the real core."""

import pytest

from claude_agent.core.queue_desk import QueueDesk
from claude_agent.errors import Conflict, NotFound
from tests.unit.core.stand import Stand, compare_with_the_log
from tests.unit.core.test_dead_letters import bury


def desk(stand: Stand) -> QueueDesk:
    return QueueDesk(stand.database, stand.desk, stand.catalogue, stand.notifier)


def test_a_paused_queue_starts_nothing_until_it_is_resumed_also_after_a_restart(
    stand: Stand,
) -> None:
    first = desk(stand).pause("testing", reason="a release", actor="ann")
    assert first["paused"]
    assert first["shown"]["word"] == "paused"
    assert [one["type"] for one in first["history"]] == ["queue.paused"]
    task = stand.submit()
    other = stand.submit("database")
    assert [each.id for each in stand.claims.claim()] == [other.id]
    stand.restart()
    assert stand.claims.claim() == []
    desk(stand).resume("testing", actor="ann")
    assert [each.id for each in stand.claims.claim()] == [task.id]


def test_what_people_do_to_a_queue_is_recorded_once(stand: Stand) -> None:
    for _ in range(2):
        desk(stand).pause("testing", reason="a release", actor="ann")
    for _ in range(2):
        desk(stand).limit("testing", 1, actor="bob")
    for _ in range(2):
        desk(stand).resume("testing", actor="ann")
    assert stand.types("queue/testing") == ["queue.paused", "queue.limited", "queue.resumed"]
    told = desk(stand).show("testing")["history"]
    assert [one["actor"] for one in told] == ["ann", "bob", "ann"]
    assert told[0]["data"] == {"reason": "a release"}
    assert told[1]["data"] == {"limit": 1, "was": 2, "configured": False}


def test_a_persons_limit_wins_over_the_configuration_also_after_a_restart(stand: Stand) -> None:
    for _ in range(3):
        stand.submit()
    found = desk(stand).limit("testing", 1, actor="ann")
    assert (found["limit"], found["configured_limit"], found["limit_by_person"]) == (1, 2, True)
    stand.restart()
    assert len(stand.claims.claim()) == 1
    back = desk(stand).limit("testing", None, actor="ann")
    assert (back["limit"], back["limit_by_person"]) == (2, False)
    assert len(stand.claims.claim()) == 1
    stand.restart()
    assert desk(stand).show("testing")["limit"] == 2


def test_a_raised_limit_rings_for_whoever_claims(stand: Stand) -> None:
    rung: list[str] = []
    stand.notifier.ring = rung.append  # type: ignore[method-assign]
    desk(stand).limit("testing", 5, actor="ann")
    desk(stand).resume("testing", actor="ann")
    assert rung == ["ready"]
    desk(stand).pause("testing", reason="", actor="ann")
    desk(stand).resume("testing", actor="ann")
    assert rung == ["ready", "ready"]


def test_a_purge_cancels_what_waits_and_nothing_else(stand: Stand) -> None:
    running = stand.running()
    waiting = [stand.submit(delay="1h"), *(stand.submit() for _ in range(3))]
    other = stand.submit("database")
    assert desk(stand).purge("testing", reason="stale", actor="ann") == 4
    assert {stand.task(each.id).state.value for each in waiting} == {"cancelled"}
    assert stand.task(running.id).state == "running"
    assert stand.task(other.id).state == "ready"
    assert stand.task(waiting[0].id).reason == "queue testing purged by ann: stale"
    (told,) = desk(stand).show("testing")["history"]
    assert told["data"] == {"cancelled": 4, "reason": "stale"}
    assert desk(stand).purge("testing", reason="", actor="ann") == 0
    assert stand.types("queue/testing") == ["queue.purged"]
    compare_with_the_log(stand)


def test_a_purge_goes_through_more_than_one_batch(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_agent.core.queue_desk._BATCH", 2)
    for _ in range(5):
        stand.submit()
    assert desk(stand).purge("testing", reason="", actor="ann") == 5
    told = desk(stand).show("testing")["history"]
    assert [one["data"]["cancelled"] for one in told] == [2, 2, 1]


def test_a_queue_shows_its_depth_by_state_its_oldest_and_its_rate(stand: Stand) -> None:
    began = stand.clock.now()
    stand.end(stand.running())
    stand.running()
    stand.submit()
    stand.submit(delay="1h")
    found = desk(stand).show("testing")
    assert found["states"] == {"running": 1, "ready": 1, "scheduled": 1}
    assert (found["ready"], found["scheduled"], found["running"]) == (1, 1, 1)
    assert found["oldest_ready_at"] == began
    assert found["ended_per_minute"] == 0.2
    assert {one["name"] for one in desk(stand).all()} == {*stand.catalogue.agents}


@pytest.mark.parametrize("name", ["show", "pause", "resume", "limit", "purge"])
def test_a_queue_nobody_knows_is_refused(stand: Stand, name: str) -> None:
    calls = {
        "show": lambda d: d.show("nix"),
        "pause": lambda d: d.pause("nix", reason="", actor="a"),
        "resume": lambda d: d.resume("nix", actor="a"),
        "limit": lambda d: d.limit("nix", 1, actor="a"),
        "purge": lambda d: d.purge("nix", reason="", actor="a"),
    }
    with pytest.raises(NotFound):
        calls[name](desk(stand))


def test_queues_of_messages_are_counted_by_state_and_refuse_to_be_steered(stand: Stand) -> None:
    assert desk(stand).messages() == []
    bury(stand, "m1")
    bury(stand, "m2")
    (found,) = desk(stand).messages()
    assert found == {
        "name": "default",
        "kind": "message",
        "ready": 0,
        "delayed": 0,
        "leased": 0,
        "dead": 2,
    }
    for act in (
        lambda: desk(stand).pause("default", reason="", actor="ann"),
        lambda: desk(stand).limit("default", 3, actor="ann"),
        lambda: desk(stand).purge("default", reason="", actor="ann"),
    ):
        with pytest.raises(Conflict, match="carries messages"):
            act()
