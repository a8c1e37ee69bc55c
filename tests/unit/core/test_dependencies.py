"""Tasks that wait for other tasks."""

import pytest

from claude_agent.core.explainer import Explainer
from claude_agent.domain.approval_policy import Match, Policy, Rule
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, Invalid
from tests.unit.core.stand import NO, Stand, compare_with_the_log
from tests.unit.core.test_approvals import say

FREE = Rule(name="free", match=Match(command="free"), decide="auto")


def told(stand: Stand) -> None:
    """Deliver what is marked, as the orchestrator does."""
    stand.links.orchestrator.drain()


def reasons(stand: Stand, task: Task) -> list[tuple[str, str]]:
    explainer = Explainer(stand.executions, stand.desk, stand.clock, stand.accounts)
    found = stand.database.read(lambda r: explainer.task(r, task.ref))
    return [(one["code"], one["text"]) for one in found["reasons"]]


def test_task_starts_after_the_last_of_those_it_waits_for(stand: Stand) -> None:
    first, second = stand.running(), stand.running("database")
    after = stand.submit(after=[first.ref, second.id, first.id])
    assert (after.state, after.waits_for) == ("held", {first.id: first.ref, second.id: second.ref})
    stand.end(first)
    told(stand)
    assert stand.task(after.id).waits_for == {second.id: second.ref}
    assert stand.task(after.id).state == "held"
    text = f"It waits for task {second.ref} to succeed."
    assert reasons(stand, after) == [("dependency", text)]
    stand.end(second)
    told(stand)
    assert stand.task(after.id).state == "ready"
    told(stand)
    followed = [one for one in stand.types(after.stream) if one == "task.followed"]
    assert len(followed) == 2
    assert [one.id for one in stand.claims.claim()] == [after.id]
    assert stand.waits() == []


def test_what_has_succeeded_already_counts_at_once(stand: Stand) -> None:
    done, other = stand.end(stand.running()), stand.running()
    assert stand.submit(after=[done.ref]).state == "ready"
    assert stand.submit(after=[done.ref, other.ref]).waits_for == {other.id: other.ref}
    assert stand.submit(after=[]).state == "ready"


@pytest.mark.parametrize("end", ["dead", "cancelled", "expired"])
def test_another_end_cancels_and_names_it_through_a_whole_chain(stand: Stand, end: str) -> None:
    first = stand.submit(timeout={"start": "1s"})
    second = stand.submit(after=[first.ref])
    third = stand.submit(after=[second.ref])
    if end == "dead":
        stand.end(stand.running_of(first.spec.title), NO)
    elif end == "cancelled":
        stand.orders.cancel(first.id, reason="no", actor="me")
    else:
        stand.clock.advance(2_000)
    stand.scheduler.tick()
    assert stand.task(first.id).state == end
    told(stand)
    second, third = stand.task(second.id), stand.task(third.id)
    assert (second.state, third.state) == ("cancelled", "cancelled")
    assert second.reason == f"task {first.ref}, which it waited for, ended as {end}"
    assert third.reason == f"task {second.ref}, which it waited for, ended as cancelled"
    with pytest.raises(Conflict, match=end):
        stand.submit(after=[first.ref])


def test_a_redriven_letter_that_succeeds_revives_nothing(stand: Stand) -> None:
    first = stand.running(retry={"max_attempts": 1})
    after = stand.submit(after=[first.id])
    dead = stand.end(first, NO)
    context = stand.desk.context("ann")
    stand.database.write(lambda tx: stand.letters.redrive(tx, ("task", dead.id), context))
    later = stand.submit(after=[first.id])  # it is on its way again: that end counts
    (again,) = [one for one in stand.claims.claim() if one.id == first.id]
    stand.end(stand.start(again))
    told(stand)
    assert stand.task(after.id).state == "cancelled"
    assert stand.task(later.id).state == "ready"


def test_delay_counts_from_the_submit_and_is_kept(stand: Stand) -> None:
    first = stand.running()
    long = stand.submit(after=[first.ref], delay="1h")
    short = stand.submit(after=[first.ref], delay="1s")
    stand.clock.advance(5_000)
    stand.scheduler.tick()
    assert stand.task(short.id).state == "held"
    stand.end(first)
    told(stand)
    assert stand.task(long.id).state == "scheduled"
    assert stand.task(short.id).state == "ready"
    stand.clock.advance(3_600_000)
    stand.scheduler.tick()
    assert stand.task(long.id).state == "ready"


def test_limits_count_from_the_release(stand: Stand) -> None:
    first = stand.running()
    after = stand.submit(after=[first.ref], timeout={"start": "10s", "total": "20s"})
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    assert stand.task(after.id).state == "held"
    stand.end(first)
    told(stand)
    assert stand.task(after.id).deadline_at == stand.clock.now() + 10_000


@pytest.mark.parametrize("approval_first", [True, False])
def test_approval_and_dependency_must_both_be_there(stand: Stand, approval_first: bool) -> None:  # noqa: FBT001 - a case
    stand.policy = Policy(default="manual", rules=(FREE,))
    stand.restart()
    first = stand.running(run="free")
    after = stand.submit(after=[first.ref])
    approval = stand.approvals.look(after.ref)[0].ref
    text = f"It waits for task {first.ref} to succeed."
    waits, asks = ("dependency", text), ("approval", f"Approval {approval} is not decided.")
    assert reasons(stand, after) == [waits, asks]
    if approval_first:
        say(stand, approval)
        assert reasons(stand, after) == [waits]
    else:
        end_and_tell(stand, first)
        assert reasons(stand, after) == [asks]
    assert stand.task(after.id).state == "held"
    if approval_first:
        end_and_tell(stand, first)
    else:
        say(stand, approval)
    assert stand.task(after.id).state == "ready"
    assert [one.id for one in stand.claims.claim()] == [after.id]


def test_approval_of_a_task_that_will_not_follow_is_void(stand: Stand) -> None:
    stand.policy = Policy(default="manual", rules=(FREE,))
    stand.restart()
    first = stand.running(run="free")
    after = stand.submit(after=[first.ref])
    stand.end(first, NO)
    told(stand)
    assert stand.task(after.id).state == "cancelled"
    assert stand.approvals.look(after.ref)[0].state == "voided"


def end_and_tell(stand: Stand, task: Task) -> None:
    """End a run well, and deliver it."""
    stand.end(task)
    told(stand)


def test_end_is_kept_over_the_death_of_the_server(stand: Stand) -> None:
    first = stand.running()
    after = stand.submit(after=[first.ref])
    stand.end(first)
    stand.restart()
    assert stand.task(after.id).state == "held"
    stand.scheduler.tick()
    assert stand.task(after.id).state == "ready"
    compare_with_the_log(stand)


def test_cancelled_while_it_waits_is_told_nothing(stand: Stand) -> None:
    first = stand.running()
    after = stand.submit(after=[first.ref])
    stand.orders.cancel(after.id, reason="no", actor="me")
    stand.end(first)
    told(stand)
    assert stand.task(after.id).reason == "no"
    assert stand.waits() == []


@pytest.mark.parametrize(
    ("after", "said"),
    [(["T4KQZZ"], "no task"), ("T4KQ", "list"), ([1], "list"), (["x"] * 101, "at most 100")],
)
def test_what_cannot_be_waited_for_is_refused_and_leaves_nothing(
    stand: Stand, after: object, said: str
) -> None:
    before = stand.everything()
    with pytest.raises(Invalid, match=said) as caught:
        stand.submit(after=after)
    assert (caught.value.pointer or "").startswith("/after")
    assert stand.everything() == before
