import pytest

from claude_agent.core.claims import Slot, layout
from claude_agent.core.task_desk import READY
from claude_agent.domain.priority import Priority
from claude_agent.domain.task_letters import Redrive
from tests.unit.core.stand import AGENTS, NO, Stand

EIGHT = [f"q{n}" for n in range(8)]


# The layout of slots ------------------------------------------------------------------------


def test_fifteen_slots_serve_eight_queues_and_keep_one_for_emergencies() -> None:
    slots = layout(15, EIGHT)
    assert [slot.n for slot in slots] == list(range(1, 16))
    assert [slot.queue for slot in slots if slot.queue] == EIGHT
    assert sum(not slot.queue and not slot.least for slot in slots) == 6
    assert [slot.n for slot in slots if slot.least] == [15]
    assert slots[-1].least == Priority.EMERGENCY


@pytest.mark.parametrize("count", range(1, 20))
def test_every_number_of_slots_serves_every_queue(count: int) -> None:
    slots = layout(count, EIGHT)
    assert len(slots) == count
    assert len({slot.n for slot in slots}) == count
    for queue in EIGHT:
        assert any(slot.queue in ("", queue) and not slot.least for slot in slots)


def test_too_few_slots_are_all_shared() -> None:
    assert layout(8, EIGHT) == [Slot(n=n, queue="", least=0) for n in range(1, 9)]


# Claims -------------------------------------------------------------------------------------


def claimed(stand: Stand) -> list[str]:
    return [one.spec.title for one in stand.claims.claim()]


def one_slot(stand: Stand, queue: str = "", least: int = 0) -> None:
    """Leave one slot."""
    stand.slots = [Slot(n=1, queue=queue, least=least)]
    stand.restart()


def test_claim_takes_the_task_into_a_slot_under_the_next_fence(stand: Stand) -> None:
    stand.submit()
    (one,) = stand.claims.claim()
    assert (one.state, one.fence, one.run, one.worker, one.host) == (
        "running",
        1,
        1,
        "w1",
        "here",
    )
    assert stand.slots_of() == {one.id: one.slot}
    assert stand.places() == {"testing": 1}
    assert stand.claims.claim() == []


def test_claim_without_work_writes_nothing(stand: Stand) -> None:
    before = stand.everything()
    assert stand.claims.claim() == []
    assert stand.everything() == before


def test_claim_is_by_priority_over_all_queues(stand: Stand) -> None:
    one_slot(stand)
    for n, priority in enumerate(("LOW", "CRITICAL", "NORMAL", "EMERGENCY", "HIGH")):
        stand.submit(list(AGENTS)[n % 4], title=priority, priority=priority)
    order = []
    for _ in range(5):
        (one,) = stand.claims.claim()
        order.append(one.spec.title)
        stand.end(stand.start(one))
    assert order == ["EMERGENCY", "CRITICAL", "HIGH", "NORMAL", "LOW"]


def test_claim_is_by_due_time_then_by_submit_within_a_priority(stand: Stand) -> None:
    one_slot(stand)
    stand.submit(title="delayed", delay="1s")
    for name in ("first", "second"):
        stand.submit(title=name)
    stand.clock.advance(2_000)
    stand.scheduler.tick()
    order = []
    for _ in range(3):
        (one,) = stand.claims.claim()
        order.append(one.spec.title)
        stand.end(stand.start(one))
    assert order == ["first", "second", "delayed"]


def test_scheduled_task_is_not_claimed(stand: Stand) -> None:
    stand.submit(delay="1s")
    assert claimed(stand) == []


def test_ready_task_is_claimed_also_after_the_wall_clock_went_back(stand: Stand) -> None:
    stand.submit(title="now")
    stand.clock.jump(-3_600_000)
    assert claimed(stand) == ["now"]


def test_queue_runs_no_more_than_its_limit(stand: Stand) -> None:
    for n in range(5):
        stand.submit("testing", title=f"t{n}")
    stand.submit("database", title="d")
    assert claimed(stand) == ["t0", "t1", "d"]
    assert stand.places() == {"testing": 2, "database": 1}
    assert claimed(stand) == []


def test_paused_queue_gives_nothing(stand: Stand) -> None:
    stand.submit()
    stand.pause("testing")
    assert claimed(stand) == []
    assert stand.claims.waiting_since() is None


def test_task_of_a_queue_that_no_agent_serves_waits(stand: Stand) -> None:
    one = stand.submit()
    stand.database.migrate_script("DELETE FROM queues;")
    assert claimed(stand) == []
    assert stand.task(one.id).state == "ready"


def test_place_that_was_taken_by_another_since_is_left_to_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL another worker may take the last place between the look and the claim."""
    stand.submit("testing", title="t")
    stand.submit("database", title="d")
    stand.database.migrate_script("UPDATE queues SET max = 0 WHERE name = 'testing';")
    every = [{"name": name} for name in ("testing", "database")]
    shown = iter([every])

    def work(tx: object) -> list[str]:
        real = tx.rows  # type: ignore[attr-defined]
        monkeypatch.setattr(
            tx,
            "rows",
            lambda query, **params: (
                next(shown, None) or real(query, **params)
                if query == "work.open_queues"
                else real(query, **params)
            ),
        )
        return [one.spec.title for one in stand.claims._claim_all(tx)]  # type: ignore[arg-type]

    assert stand.database.write(work) == ["d"]


def test_kept_slot_is_used_before_a_shared_one(stand: Stand) -> None:
    stand.slots = [Slot(n=1, queue="", least=0), Slot(n=2, queue="testing", least=0)]
    stand.restart()
    stand.submit("testing", title="t")
    stand.submit("database", title="d")
    assert {one.spec.title: one.slot for one in stand.claims.claim()} == {"t": 2, "d": 1}


def test_kept_slot_serves_its_queue_alone(stand: Stand) -> None:
    one_slot(stand, queue="database")
    stand.submit("testing", title="t", priority="CRITICAL")
    assert claimed(stand) == []
    assert stand.claims.waiting_since() is None
    stand.submit("database", title="d", priority="LOW")
    assert claimed(stand) == ["d"]


def test_emergency_slot_takes_nothing_else(stand: Stand) -> None:
    one_slot(stand, least=int(Priority.EMERGENCY))
    stand.submit(title="critical", priority="CRITICAL")
    assert claimed(stand) == []
    stand.submit("database", title="now", priority="EMERGENCY")
    assert claimed(stand) == ["now"]


def test_emergency_finds_its_slot_while_everything_else_is_busy(stand: Stand) -> None:
    for name, limit in AGENTS.items():
        for _ in range(limit + 1):
            stand.submit(name)
    while stand.claims.claim():
        pass
    stand.database.migrate_script("UPDATE queues SET max = 99;")
    while stand.claims.claim():
        pass
    free = stand.rows("work.free_slots", worker="w1")
    assert all(slot["min_priority"] or slot["queue"] not in {"", *AGENTS} for slot in free)
    one = stand.submit("testing", title="now", priority="EMERGENCY")
    assert claimed(stand) == ["now"]
    assert stand.slots_of()[one.id] == max(slot["n"] for slot in stand.rows("work.slots"))


def test_emergency_uses_an_ordinary_slot_where_one_is_free(stand: Stand) -> None:
    stand.submit(title="now", priority="EMERGENCY")
    (one,) = stand.claims.claim()
    last = stand.rows("work.slots")[-1]
    assert last["min_priority"] == Priority.EMERGENCY
    assert one.slot != last["n"]


def test_slot_and_place_are_free_again_after_the_end(stand: Stand) -> None:
    one_slot(stand)
    for name in ("a", "b"):
        stand.submit(title=name)
    first = stand.running_of("a")
    assert claimed(stand) == []
    stand.end(first, NO)
    assert claimed(stand) == ["b"]


# Waiting, beats, registration ---------------------------------------------------------------


def test_waiting_since_tells_how_long_a_task_waits_beside_a_free_slot(stand: Stand) -> None:
    assert stand.claims.waiting_since() is None
    at = stand.clock.now()
    stand.submit()
    stand.clock.advance(5_000)
    assert stand.claims.waiting_since() == at
    stand.claims.claim()
    assert stand.claims.waiting_since() is None


def test_waiting_since_is_nothing_while_every_slot_is_busy(stand: Stand) -> None:
    one_slot(stand)
    stand.running()
    stand.submit("database")
    assert stand.claims.waiting_since() is None


def test_beat_rises(stand: Stand) -> None:
    def beats() -> list[int]:
        rows = stand.database.read(
            lambda r: r._connection.execute("SELECT beat FROM workers").fetchall()  # type: ignore[attr-defined]
        )
        return [row["beat"] for row in rows]

    assert beats() == [0]
    stand.claims.beat()
    assert beats() == [1]


def test_register_forgets_other_workers_and_counts_the_places_anew(stand: Stand) -> None:
    one = stand.running()
    stand.database.migrate_script("UPDATE queues SET running = 77;")
    stand.restart()
    assert stand.claims.worker == "w2"
    assert {row["worker_id"] for row in stand.rows("work.slots")} == {"w2"}
    if not stand.database.shared:  # where others claim at the same time nothing is counted anew
        assert stand.places() == {"testing": 1}
    assert stand.slots_of() == {}
    adopted = stand.control.adopt(one, alive=True)
    assert stand.slots_of() == {one.id: adopted.slot}


def test_adopted_task_takes_its_queues_kept_slot_first(stand: Stand) -> None:
    one = stand.running("testing")
    stand.slots = [
        Slot(n=1, queue="", least=0),
        Slot(n=2, queue="testing", least=0),
        Slot(n=3, queue="", least=4),
    ]
    stand.restart()
    assert stand.control.adopt(one, alive=True).slot == 2


def test_adopted_task_goes_on_without_a_slot_where_none_is_free(stand: Stand) -> None:
    one = stand.running("testing")
    stand.slots = [Slot(n=1, queue="database", least=0), Slot(n=2, queue="", least=4)]
    stand.restart()
    adopted = stand.control.adopt(one, alive=True)
    assert (adopted.slot, adopted.state) == (0, "running")
    assert stand.slots_of() == {}


def test_ring_wakes_who_claims(stand: Stand) -> None:
    stand.notifier.wait({READY}, 0.0)
    stand.claims.ring()
    assert stand.notifier.wait({READY}, 0.0)


def test_task_that_vanished_is_a_mistake_of_ours(stand: Stand) -> None:
    with pytest.raises(LookupError, match="vanished"):
        stand.database.write(lambda tx: stand.claims._take(tx, "none", 1))


# Locks --------------------------------------------------------------------------------------


def holders(stand: Stand) -> dict[str, str]:
    return {row["name"]: row["task_id"] for row in stand.rows("locks.all")}


def test_of_two_tasks_with_one_lock_the_second_waits_for_the_end_of_the_first(
    stand: Stand,
) -> None:
    first, second = (stand.submit("master", title=name, lock="db") for name in ("a", "b"))
    (one,) = stand.claims.claim()
    assert (one.id, holders(stand)) == (first.id, {"db": first.id})
    assert stand.claims.claim() == []
    stand.end(stand.start(one))
    assert holders(stand) == {}
    assert [each.id for each in stand.claims.claim()] == [second.id]


def test_locked_task_is_passed_over_for_those_behind_it(stand: Stand) -> None:
    one_slot(stand)
    stand.submit("database", title="holder", lock="db")
    holder = stand.running_of("holder")
    stand.control.lost(holder.id, holder.fence, "gone")  # also an uncertain task keeps its lock
    stand.restart()  # a new process has a free slot
    stand.submit("master", title="locked", lock="db", priority="CRITICAL")
    stand.submit("master", title="free", priority="LOW")
    assert claimed(stand) == ["free"]


def test_within_a_lock_the_order_is_that_of_the_submits_whatever_the_priority(
    stand: Stand,
) -> None:
    one_slot(stand)
    for name, priority in (("a", "LOW"), ("b", "EMERGENCY"), ("c", "NORMAL")):
        stand.submit("master", title=name, lock="db", priority=priority)
    order = []
    for _ in range(3):
        (one,) = stand.claims.claim()
        order.append(one.spec.title)
        stand.end(stand.start(one))
    assert order == ["a", "b", "c"]


def test_lock_is_held_between_two_attempts(stand: Stand) -> None:
    one = stand.running(lock="db", retry={"max_attempts": 2, "delay": "5s", "jitter": 0})
    stand.submit("master", title="other", lock="db")
    assert stand.end(one, NO).state == "scheduled"
    assert claimed(stand) == []
    assert holders(stand) == {"db": one.id}
    stand.clock.advance(5_000)
    stand.scheduler.tick()
    assert [each.id for each in stand.claims.claim()] == [one.id]


def test_task_that_waits_for_its_time_keeps_nobody_from_the_lock(stand: Stand) -> None:
    stand.submit(title="later", lock="db", delay="1h")
    stand.submit(title="now", lock="db")
    assert claimed(stand) == ["now"]


def test_cancelled_holder_in_backoff_lets_the_lock_go_and_rings(stand: Stand) -> None:
    one = stand.running(lock="db", retry={"max_attempts": 2, "delay": "5s"})
    stand.submit("master", title="other", lock="db")
    stand.end(one, NO)
    assert claimed(stand) == []
    while stand.notifier.wait({READY}, 0):
        pass
    stand.orders.cancel(one.id, reason="no", actor="me")
    assert stand.notifier.wait({READY}, 0)
    assert claimed(stand) == ["other"]


def test_different_locks_do_not_meet(stand: Stand) -> None:
    for name in ("a", "b"):
        stand.submit("master", title=name, lock=name)
    assert claimed(stand) == ["a", "b"]


def test_full_queue_keeps_no_lock(stand: Stand) -> None:
    stand.submit("database", title="first")
    stand.submit("database", title="locked", lock="db")
    assert claimed(stand) == ["first"]
    assert holders(stand) == {}
    stand.submit("master", title="other", lock="db")
    assert claimed(stand) == []  # the one in the full queue was submitted first


def test_locked_task_rings_no_tickets_of_the_sweeper(stand: Stand) -> None:
    stand.running(lock="db")
    stand.submit("master", title="other", lock="db")
    assert stand.claims.waiting_since() is None


def test_redriven_task_takes_its_new_lock(stand: Stand) -> None:
    one = stand.end(stand.running(lock="old"), NO)
    assert holders(stand) == {}
    stand.running("master", title="holder", lock="new")
    spec = {**one.spec.to_data(), "lock": "new"}
    stand.database.write(
        lambda tx: stand.desk.apply(
            tx, stand.desk.find(tx, one.id), Redrive(at=0, spec=spec), stand.desk.context("me")
        )
    )
    assert claimed(stand) == []
