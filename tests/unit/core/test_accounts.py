"""Accounts on the real core: limits park, refusals shut, launches keep a distance."""

from collections.abc import Mapping
from typing import Any

import pytest

from claude_agent.core.accounts import Accounts
from claude_agent.core.catalogue import AgentLink
from claude_agent.core.explainer import Explainer
from claude_agent.core.views import task_view
from claude_agent.domain.account import AccountPolicy
from claude_agent.domain.breaker import Breaker
from claude_agent.domain.retry import Failure
from claude_agent.domain.task import Task
from claude_agent.domain.usage_limit import Parking, Reset
from claude_agent.errors import Conflict, NotFound
from tests.unit.core.stand import NO, Stand, compare_with_the_log

HOUR = 3_600_000
REFUSED = Failure(kind="auth", message="It is not logged in.", retryable=False)
BUSY = Failure(kind="overload", message="It is overloaded.")


def limit(**said: Any) -> Failure:
    reset = Reset(**said) if said else None
    return Failure(kind="rate", message="The usage limit is reached.", reset=reset)


def prompt(stand: Stand, agent: str = "claude", **more: Any) -> Task:
    return stand.submit(agent, run=None, prompt="do it", **more)


def begin(stand: Stand, task: Task, adapter: str = "cli") -> Task:
    found = next(each for each in stand.claims.claim() if each.id == task.id)
    return stand.control.started(found, adapter=adapter, digest="d")


def breaker(stand: Stand, name: str = "account:a") -> Breaker:
    return next(one for one in stand.resilience.breakers() if one.name == name)


def explained(stand: Stand, task: Task) -> Mapping[str, Any]:
    explainer = Explainer(stand.executions, stand.desk, stand.clock, stand.accounts)
    found: Mapping[str, Any] = stand.database.read(lambda r: explainer.task(r, task.id))
    (reason,) = found["reasons"]
    return reason


@pytest.fixture
def limited(stand: Stand) -> Task:
    """A task that ran into the limit of its account, which ends in an hour."""
    task = stand.end(begin(stand, prompt(stand)), limit(at=stand.clock.now() + HOUR))
    compare_with_the_log(stand)
    return task


def test_a_usage_limit_parks_the_attempt_and_counts_none(stand: Stand, limited: Task) -> None:
    assert (limited.state, limited.attempt, limited.run) == ("scheduled", 0, 1)
    assert 0 <= limited.not_before - stand.clock.now() - HOUR < 30_000, "the reset and its jitter"
    shown = task_view(limited, fake=False, adapter="cli")
    assert shown["shown"]["word"] == "parked"
    assert shown["parked"] == {
        "why": "The usage limit is reached.",
        "kind": "rate",
        "account": "a",
        "until": limited.not_before,
        "command": "claude-agent breaker reset account:a",
    }
    reason = explained(stand, limited)
    assert (reason["code"], reason["until"]) == ("parked", limited.not_before)
    assert reason["text"].startswith("The account a has reached its usage limit")
    assert reason["command"] == "claude-agent breaker reset account:a"
    assert "task.attempt_failed" not in stand.types(limited.stream)


def test_other_tasks_of_the_account_wait_and_those_of_others_do_not(
    stand: Stand, limited: Task
) -> None:
    waits, command, other = prompt(stand, "twin"), stand.submit("claude"), prompt(stand, "chat")
    assert {one.id for one in stand.claims.claim()} == {command.id, other.id}
    reason = explained(stand, waits)
    assert (reason["code"], reason["until"]) == ("usage_limit", limited.not_before)
    assert "usage limit" in reason["text"]
    assert reason["command"] == "claude-agent breaker reset account:a"


def test_when_the_limit_ends_one_task_is_the_try_then_all_go_on(
    stand: Stand, limited: Task
) -> None:
    waits = prompt(stand, "twin")
    stand.clock.advance(limited.not_before - stand.clock.now() - 1)
    stand.scheduler.tick()
    assert stand.claims.claim() == []
    stand.clock.advance(1)
    stand.scheduler.tick()
    (first,) = stand.claims.claim()
    assert stand.claims.claim() == []
    assert breaker(stand).probe == first.id
    stand.end(stand.control.started(first, adapter="cli", digest="d"))
    assert breaker(stand).state == "closed"
    (second,) = stand.claims.claim()
    assert {first.id, second.id} == {limited.id, waits.id}
    assert stand.task(limited.id).parked == {}
    compare_with_the_log(stand)


def test_a_person_ends_the_parking_early(stand: Stand, limited: Task) -> None:
    assert stand.accounts.reset("account:a", actor="me").state == "closed"
    task = stand.task(limited.id)
    assert (task.state, task.not_before) == ("ready", stand.clock.now())
    assert [one.id for one in stand.claims.claim()] == [limited.id]
    with pytest.raises(Conflict):
        stand.accounts.reset("account:a", actor="me")
    with pytest.raises(NotFound):
        stand.accounts.reset("account:nobody", actor="me")
    compare_with_the_log(stand)


def test_a_limit_that_nobody_dates_lasts_a_minute_then_twice_as_long(stand: Stand) -> None:
    task = prompt(stand)
    for minutes in (1, 2, 4):
        parked = stand.end(begin(stand, task), limit())
        wait = parked.not_before - stand.clock.now()
        assert 0 <= wait - minutes * 60_000 <= minutes * 6_000
        stand.clock.advance(wait)
        stand.scheduler.tick()
    assert stand.task(task.id).attempt == 0


def test_parking_outlives_the_server_and_every_jump_of_the_clock(
    stand: Stand, limited: Task
) -> None:
    """A date stays; a length of time stays as long as it is."""
    lasting = stand.end(begin(stand, prompt(stand, "spare")), limit(after_ms=HOUR))
    assert lasting.parked["account"] == "a", "its fallback took over, and it goes on at once"
    stand.restart()
    stand.scheduler.tick()
    before = breaker(stand)
    stand.clock.jump(60_000)
    stand.scheduler.tick()
    assert stand.task(limited.id).not_before == limited.not_before
    assert breaker(stand).until == before.until
    compare_with_the_log(stand)


def test_a_limit_without_a_date_keeps_its_length_when_the_clock_jumps(stand: Stand) -> None:
    parked = stand.end(begin(stand, prompt(stand)), limit(after_ms=HOUR))
    stand.scheduler.tick()
    stand.clock.jump(-600_000)
    stand.scheduler.tick()
    assert stand.task(parked.id).not_before == parked.not_before - 600_000
    assert breaker(stand).until == parked.not_before - 600_000
    compare_with_the_log(stand)


@pytest.mark.parametrize("kind", ["auth", "billing"])
def test_a_refusal_shuts_the_account_at_once_and_a_person_is_told(stand: Stand, kind: str) -> None:
    refused = Failure(kind=kind, message="It is refused.", retryable=False)
    assert stand.end(begin(stand, prompt(stand)), refused).state == "dead"
    waits = prompt(stand, "twin")
    assert stand.claims.claim() == []
    one = breaker(stand)
    assert (one.state, one.kind, one.reason) == ("open", kind, f"{kind}: It is refused.")
    (told,) = [one.event for one in stand.history() if one.event.type == "notice.raised"]
    assert told.data["command"] == "claude-agent breaker reset account:a"
    assert "refused" in told.data["message"]
    assert explained(stand, waits)["command"] == "claude-agent breaker reset account:a"
    stand.accounts.reset("account:a", actor="me")
    assert [one.id for one in stand.claims.claim()] == [waits.id]


def test_the_try_of_a_refused_account_is_not_the_tasks_failure(stand: Stand) -> None:
    stand.end(begin(stand, prompt(stand)), REFUSED)
    task = prompt(stand)
    stand.clock.advance(breaker(stand).until - stand.clock.now())
    stand.scheduler.tick()
    parked = stand.end(begin(stand, task), REFUSED)
    assert (parked.state, parked.attempt) == ("scheduled", 0)
    assert parked.not_before == breaker(stand).until > stand.clock.now() + 900_000
    assert explained(stand, parked)["text"].startswith("The account a is not let in")


def test_an_overloaded_account_opens_like_every_breaker_and_the_attempts_count(
    stand: Stand,
) -> None:
    for _ in range(5):
        assert stand.end(begin(stand, prompt(stand)), BUSY).state == "dead"
    assert breaker(stand).state == "open"
    assert stand.claims.claim() == []
    waits = prompt(stand)
    assert explained(stand, waits)["code"] == "breaker"


def test_failures_of_the_work_say_that_the_account_works(stand: Stand) -> None:
    for _ in range(4):
        stand.end(begin(stand, prompt(stand)), BUSY)
    stand.end(begin(stand, prompt(stand)), Failure(kind="outputs", message="It owes one."))
    stand.end(begin(stand, prompt(stand)), BUSY)
    assert (breaker(stand).state, breaker(stand).failures) == ("closed", 1)


def test_a_try_that_came_to_nothing_leaves_the_next_one(stand: Stand, limited: Task) -> None:
    stand.clock.advance(limited.not_before - stand.clock.now())
    stand.scheduler.tick()
    stand.end(begin(stand, stand.task(limited.id)), NO)
    assert (breaker(stand).state, breaker(stand).probe) == ("half_open", "")
    free = prompt(stand)
    assert [one.id for one in stand.claims.claim()] == [free.id]


def test_a_task_with_a_key_of_its_own_says_nothing_of_the_account(stand: Stand) -> None:
    own = {"env": {"THE_KEY": "mine"}}
    assert stand.end(begin(stand, prompt(stand, **own)), REFUSED).state == "dead"
    parked = stand.end(begin(stand, prompt(stand, **own)), limit())
    assert parked.parked["account"] == ""
    assert explained(stand, parked)["command"] is None
    assert stand.resilience.breakers() == []
    free = prompt(stand)
    assert [one.id for one in stand.claims.claim()] == [free.id]


def test_the_fallback_takes_over_while_the_account_is_away(stand: Stand, limited: Task) -> None:
    task = prompt(stand, "spare")
    (claimed,) = stand.claims.claim()
    link = stand.accounts.choose(claimed)
    assert isinstance(link, AgentLink)
    assert (claimed.id, link.adapter) == (task.id, "cli-b")
    stand.end(stand.control.started(claimed, adapter="cli-b", digest="d"), limit(after_ms=60_000))
    one = stand.task(task.id)
    assert (one.parked["account"], one.not_before) == ("b", breaker(stand, "account:b").until)
    stand.accounts.reset("account:a", actor="me")
    link = stand.accounts.choose(stand.task(task.id))
    assert isinstance(link, AgentLink)
    assert link.adapter == "cli"
    assert stand.task(limited.id).state == "ready"


def test_an_account_that_was_shut_after_the_claim_parks_what_did_not_begin(
    stand: Stand,
) -> None:
    first, second = prompt(stand), prompt(stand, "twin")
    claimed = {one.id: one for one in stand.claims.claim()}
    stand.end(stand.control.started(claimed[first.id], adapter="cli", digest="d"), limit())
    parking = stand.accounts.choose(claimed[second.id])
    assert isinstance(parking, Parking)
    failure = Failure(kind="rate", message="It is away.", parking=parking)
    parked = stand.end(claimed[second.id], failure)
    assert (parked.state, parked.attempt) == ("scheduled", 0)
    assert parked.not_before == breaker(stand).until


def staggered(stand: Stand) -> Accounts:
    """Let the agents of the account keep their distance."""
    for info in stand.accounts._agents.values():
        object.__setattr__(info.links[0], "staggered", True)
    return stand.accounts


def test_launches_of_an_account_keep_a_distance_and_the_clock_lets_them_go_on(
    stand: Stand,
) -> None:
    staggered(stand)
    tasks = [prompt(stand, agent) for agent in ("claude", "twin") * 3]
    claimed = stand.claims.claim()
    assert len(claimed) == AccountPolicy().launches == 3
    for each in claimed:
        stand.end(stand.control.started(each, adapter="cli", digest="d"))
    assert stand.claims.claim() == []
    reason = explained(stand, tasks[5])
    assert (reason["code"], reason["until"]) == ("launches", stand.clock.now() + 10_000)
    stand.clock.advance(9_999)
    stand.scheduler.tick()
    assert stand.claims.claim() == []
    stand.clock.advance(1)
    assert stand.scheduler.tick()
    assert len(stand.claims.claim()) == 3
    stand.clock.jump(-HOUR)
    stand.scheduler.tick()
    prompt(stand, "twin")
    assert len(stand.claims.claim()) == 1, "launches in the future hold nobody up"
