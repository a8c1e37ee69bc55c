"""Breakers on the real core: an agent that fails again and again gets no work for a while."""

import pytest

from claude_agent.core.resilience import TRY_MS, BreakerOpen
from claude_agent.domain.breaker import BreakerState
from claude_agent.domain.retry import Failure
from claude_agent.errors import Conflict, NotFound
from tests.unit.core.stand import NO, Stand
from tests.waiting import wait_until

BROKEN = Failure(kind="auth", message="It is not logged in.")
NAME = "agent:testing"


def fail(stand: Stand, times: int) -> None:
    for _ in range(times):
        stand.resilience.failed(NAME, "auth: It is not logged in.")


def state_of(stand: Stand, name: str) -> BreakerState:
    return next(one.state for one in stand.resilience.breakers() if one.name == name)


def state(stand: Stand) -> BreakerState:
    return state_of(stand, NAME)


def test_what_the_agents_tasks_come_to_opens_its_breaker_and_stops_its_claims(
    stand: Stand,
) -> None:
    stand.resilience.start()
    for _ in range(5):
        stand.end(stand.running(), BROKEN)
    wait_until(lambda: not stand.resilience.healthy("testing"), what="the breaker")
    (one,) = stand.resilience.breakers()
    assert (one.state, one.trips, one.reason) == ("open", 1, "auth: It is not logged in.")
    assert one.until == stand.clock.now() + 30_000
    waits = stand.submit()
    other = stand.submit("database")
    assert [each.id for each in stand.claims.claim()] == [other.id]
    assert stand.task(waits.id).state == "ready"


def test_failures_of_the_work_and_successes_between_open_nothing(stand: Stand) -> None:
    stand.resilience.start()
    for failure in (BROKEN, BROKEN, BROKEN, BROKEN, NO, BROKEN, BROKEN, BROKEN, BROKEN):
        stand.end(stand.running(), failure)
    stand.end(stand.running())
    stand.end(stand.running(), BROKEN)
    stand.bus.broadcast_event("end", {})
    seen: list[object] = []
    stand.bus.subscribe_events("end", seen.append, after=0)
    wait_until(lambda: seen, what="the log")
    wait_until(lambda: stand.resilience.breakers()[0].failures == 1, what="the last failure")
    assert state(stand) == "closed"
    assert stand.types(f"breaker/{NAME}") == []


def test_after_its_pause_one_task_is_the_try_and_a_success_closes_it(stand: Stand) -> None:
    fail(stand, 5)
    first, second = stand.submit(), stand.submit()
    stand.clock.advance(29_999)
    stand.scheduler.tick()
    assert stand.claims.claim() == []
    stand.clock.advance(1)
    stand.scheduler.tick()
    assert state(stand) == "half_open"
    assert [one.id for one in stand.claims.claim()] == [first.id]
    assert stand.claims.claim() == []
    stand.resilience.worked(NAME)
    assert state(stand) == "closed"
    assert [one.id for one in stand.claims.claim()] == [second.id]
    assert stand.types(f"breaker/{NAME}") == [
        "breaker.opened",
        "breaker.half_opened",
        "breaker.closed",
    ]


def test_a_try_that_fails_opens_it_for_twice_as_long(stand: Stand) -> None:
    fail(stand, 5)
    for pause in (30_000, 60_000, 120_000):
        stand.clock.advance(pause)
        stand.scheduler.tick()
        assert state(stand) == "half_open"
        fail(stand, 1)
        assert state(stand) == "open"
    (one,) = stand.resilience.breakers()
    assert (one.trips, one.until) == (4, stand.clock.now() + 240_000)


def test_a_try_that_comes_to_nothing_leaves_the_next_task_to_be_tried(stand: Stand) -> None:
    stand.resilience.start()
    fail(stand, 5)
    first, second = stand.submit(), stand.submit()
    stand.clock.advance(30_000)
    stand.scheduler.tick()
    (claimed,) = stand.claims.claim()
    assert claimed.id == first.id
    stand.orders.cancel(first.ref, reason="no", actor="me")
    stand.control.release(stand.task(first.id), "cancelled before it began")
    wait_until(lambda: [one.id for one in stand.claims.claim()] == [second.id], what="the next")


def test_a_success_of_what_began_before_does_not_close_an_open_one(stand: Stand) -> None:
    fail(stand, 5)
    stand.resilience.worked(NAME)
    assert state(stand) == "open"


def test_a_person_resets_it(stand: Stand) -> None:
    fail(stand, 5)
    waits = stand.submit()
    assert stand.resilience.reset(NAME, actor="ann").state == "closed"
    assert [one.id for one in stand.claims.claim()] == [waits.id]
    assert stand.history()[-1].event.type != "breaker.opened"
    with pytest.raises(Conflict, match="closed"):
        stand.resilience.reset(NAME, actor="ann")
    with pytest.raises(NotFound):
        stand.resilience.reset("agent:nobody", actor="ann")


def test_it_is_open_still_after_a_restart(stand: Stand) -> None:
    fail(stand, 5)
    stand.restart()
    assert not stand.resilience.healthy("testing")
    stand.submit()
    assert stand.claims.claim() == []


def test_what_is_called_under_a_breaker_is_left_alone_after_failures(stand: Stand) -> None:
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        if len(calls) <= 5:
            message = "refused"
            raise OSError(message)
        return len(calls)

    for _ in range(5):
        with pytest.raises(OSError, match="refused"):
            stand.resilience.guard("webhook:example.test", call, faults=OSError)
    with pytest.raises(BreakerOpen, match="left alone after 5 failures"):
        stand.resilience.guard("webhook:example.test", call, faults=OSError)
    assert len(calls) == 5
    stand.clock.advance(30_000)
    stand.scheduler.tick()
    assert stand.resilience.guard("webhook:example.test", call, faults=OSError) == 6
    (one,) = stand.resilience.overview()["breakers"]
    assert (one["state"], one["failures"], one["until"]) == ("closed", 0, None)


def test_half_open_one_call_is_the_try_also_when_it_is_made_again(stand: Stand) -> None:
    name, inside = "hook:some", []

    def call(key: str) -> None:
        stand.resilience.guard(name, lambda: inside.append(key), faults=OSError, key=key)

    def nested() -> None:
        inside.append("first")
        with pytest.raises(BreakerOpen, match="tried by another"):
            call("second")
        message = "not the fault of what is called"
        raise KeyError(message)

    for _ in range(5):
        stand.resilience.failed(name, "down")
    stand.clock.advance(30_000)
    stand.scheduler.tick()
    with pytest.raises(KeyError):
        stand.resilience.guard(name, nested, faults=OSError, key="first")
    assert (state_of(stand, name), inside) == ("half_open", ["first"])

    def dies() -> None:  # as by kill -9: nobody lets go of the try
        inside.append("third")
        with pytest.raises(BreakerOpen):
            call("fourth")
        stand.clock.advance(TRY_MS)
        with pytest.raises(BreakerOpen):
            call("fourth")
        stand.clock.advance(1)
        call("fourth")

    stand.resilience.guard(name, dies, faults=OSError, key="third")
    assert (state_of(stand, name), inside) == ("closed", ["first", "third", "fourth"])


def test_the_overview_tells_of_rollbacks(stand: Stand) -> None:
    undo = {"run": "true"}
    steps = [
        {"id": "a", "run": "true", "compensate": undo},
        {"id": "b", "run": "true", "depends_on": ["a"]},
    ]
    execution_id = stand.engine.execute({"name": "two", "steps": steps})
    stand.end(stand.running_of("a"))
    stand.end(stand.running_of("b"), NO)
    (told,) = stand.resilience.overview()["rollbacks"]
    assert (told["id"], told["state"], told["failed_step"]) == (execution_id, "compensating", "b")
