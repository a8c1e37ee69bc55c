"""Cancelled, lost and timed out: the ways of a task beside the straight one."""

from dataclasses import replace

import pytest

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.retry import Failure, RetryPolicy
from claude_agent.domain.task import MAX_DELIVERIES, Task
from claude_agent.domain.task_commands import (
    Adopt,
    Cancel,
    Claim,
    EndGates,
    EndRun,
    Start,
    Tick,
    decide,
)
from claude_agent.domain.task_lost import Lose, Reap, Resolve
from claude_agent.domain.task_report import Note
from claude_agent.errors import Conflict
from tests.unit.domain.making import AT, CLAIM, START, after, fold, running, submitted, types

GATES = ({"name": "g", "run": "true"},)
TWICE = RetryPolicy(max_attempts=2, jitter=0.0)
NO = Failure(kind="exit", message="It exited with 1.", exit_code=1)
WELL = EndRun(verdict={"code": 0}, outputs={"a": 1}, evidence=("E1",), at=AT)
BADLY = EndRun(verdict={"code": 1}, failure=NO, at=AT)
LOST = (Lose(reason="gone"), Reap(killed=0))

# Cancel -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        submitted(),
        submitted(not_before=AT + 5),
        # A lost run that was reaped has nothing left that could be stopped.
        after(running(), *LOST),
    ],
)
def test_waiting_task_is_cancelled_at_once(one: Task) -> None:
    said = decide(one, Cancel(reason="no"))
    assert types(said) == ["task.cancel_requested", "task.cancelled"]
    assert fold(one, *said).reason == "no"


def test_running_task_is_cancelled_when_its_run_has_ended() -> None:
    one = after(running(), Cancel(reason="no"))
    assert (one.state, one.cancel_requested) == ("running", "no")
    assert decide(one, Cancel(reason="again")) == ()
    assert after(one, BADLY).state == "cancelled"


def test_good_result_that_comes_after_the_cancel_is_kept_and_changes_nothing() -> None:
    (said,) = decide(after(running(), Cancel(reason="no")), WELL)
    assert said == ev.TaskCancelled(
        reason="no", ended_well=True, outputs={"a": 1}, verdict={"code": 0}, evidence=["E1"]
    )


def test_cancel_while_the_gates_run_keeps_the_good_result() -> None:
    one = after(running(gates=GATES), WELL, Cancel(reason="no"))
    assert one.state == "verifying"
    (said,) = decide(one, EndGates(failure=NO, at=AT))
    assert said == ev.TaskCancelled(
        reason="no", ended_well=True, outputs={"a": 1}, verdict={"code": 0}, evidence=["E1"]
    )


def test_ended_task_cannot_be_cancelled() -> None:
    with pytest.raises(Conflict, match="succeeded already") as caught:
        decide(after(running(), WELL), Cancel(reason="no"))
    assert "task show AB12" in caught.value.hint


# Lost runs ----------------------------------------------------------------------------------


def test_lost_run_is_resolved_only_after_it_was_reaped() -> None:
    one = after(running(), Lose(reason="gone"))
    with pytest.raises(Conflict, match="not proved ended yet"):
        decide(one, Resolve(outcome="retry", how="rule"))
    assert after(one, Reap(killed=0), Resolve(outcome="retry", how="rule", at=AT)).state == (
        "scheduled"
    )


def test_proof_of_an_earlier_run_proves_nothing_of_the_next() -> None:
    again = Resolve(outcome="retry", how="rule", at=AT)
    one = after(running(), *LOST, again, Tick(at=AT), CLAIM, START, Lose(reason="gone"))
    with pytest.raises(Conflict, match="Run 2 of task AB12 is not proved ended"):
        decide(one, again)


def test_lost_run_that_was_done_succeeds() -> None:
    done = Resolve(outcome="succeeded", how="person", note="I saw it", outputs={"b": 2}, at=AT)
    said = decide(after(running(), *LOST), done)
    assert types(said) == ["task.resolved", "task.succeeded"]
    one = fold(after(running(), *LOST), *said)
    assert (one.state, one.outputs, one.evidence) == ("succeeded", {"b": 2}, ("E1",))


def test_lost_run_that_is_tried_again_uses_no_attempt() -> None:
    one = after(running(), *LOST, Resolve(outcome="retry", how="idempotent", at=AT + 3))
    assert (one.state, one.attempt, one.refunds, one.not_before) == ("scheduled", 1, 1, AT + 3)
    two = after(one, Tick(at=AT + 3), CLAIM, START, BADLY)
    assert (two.state, two.attempt) == ("dead", 2)


def test_lost_run_that_failed_is_dead() -> None:
    one = after(running(), *LOST, Resolve(outcome="failed", how="rule", at=AT))
    assert (one.state, one.reason, one.error) == (
        "dead",
        "crash",
        {"kind": "crash", "message": "gone"},
    )


def test_lost_run_is_poison_after_more_than_five_deliveries() -> None:
    one = submitted(idempotent=True)
    for _ in range(MAX_DELIVERIES):
        again = Resolve(outcome="retry", how="idempotent", at=AT)
        one = after(one, CLAIM, START, *LOST, again, Tick(at=AT))
        assert one.state == "ready"
    one = after(one, CLAIM, START, *LOST, Resolve(outcome="retry", how="idempotent", at=AT))
    assert (one.state, one.reason) == ("dead", "poison")


@pytest.mark.parametrize(("outcome", "well"), [("succeeded", True), ("failed", False)])
def test_lost_run_of_a_cancelled_task_is_cancelled(
    outcome: str,
    well: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    one = after(running(), Lose(reason="gone"), Cancel(reason="no"), Reap(killed=0))
    (said,) = decide(one, Resolve(outcome=outcome, how="rule", at=AT))
    assert said == ev.TaskCancelled(reason="no", ended_well=well, evidence=["E1"])


def test_lost_task_that_is_lost_again_says_nothing() -> None:
    assert decide(after(running(), Lose(reason="gone")), Lose(reason="again")) == ()


def test_uncertain_run_goes_on_when_its_shim_answers_after_all() -> None:
    one = after(running(), Lose(reason="gone"), Adopt(worker="w2", alive=True))
    assert (one.state, one.run, one.fence) == ("running", 1, 2)


def test_uncertain_run_stays_uncertain_when_only_its_resolver_was_lost() -> None:
    one = after(running(), Lose(reason="gone"), Adopt(worker="w2", alive=False))
    assert (one.state, one.worker, one.fence) == ("uncertain", "w2", 2)


def test_reaped_run_never_goes_on_whatever_the_new_owner_believes() -> None:
    one = after(running(), *LOST, Adopt(worker="w2", alive=True))
    assert one.state == "uncertain"
    done = Resolve(outcome="succeeded", how="person", at=AT)
    assert after(one, done).state == "succeeded"


# Time ---------------------------------------------------------------------------------------


def test_scheduled_task_becomes_ready_when_its_time_has_come() -> None:
    one = submitted(not_before=AT + 10)
    assert decide(one, Tick(at=AT + 9)) == ()
    assert after(one, Tick(at=AT + 10)).state == "ready"


@pytest.mark.parametrize(
    ("limits", "state", "kind"),
    [
        (Timeouts(start_ms=10), "expired", "timeout.start"),
        (Timeouts(total_ms=10), "dead", "timeout.total"),
        (Timeouts(start_ms=10, total_ms=10), "dead", "timeout.total"),
    ],
)
def test_waiting_task_ends_when_its_timeout_has_passed(
    limits: Timeouts, state: str, kind: str
) -> None:
    one = submitted(limits=limits)
    assert decide(one, Tick(at=AT + 9)) == ()
    late = after(one, Tick(at=AT + 10))
    assert late.state == state
    assert late.error is not None
    assert late.error["kind"] == kind


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Timeouts(run_ms=10), "timeout.run"),
        (Timeouts(total_ms=10), "timeout.total"),
        (Timeouts(run_ms=10, total_ms=10), "timeout.total"),
    ],
)
def test_running_task_is_stopped_when_its_timeout_has_passed(limits: Timeouts, reason: str) -> None:
    one = running(limits=limits)
    late = after(one, Tick(at=AT + 10))
    assert (late.state, late.stop_requested) == ("running", reason)
    assert decide(late, Tick(at=AT + 99)) == ()


def test_task_that_waits_for_its_next_attempt_is_no_longer_bound_by_its_start_timeout() -> None:
    one = after(running(limits=Timeouts(start_ms=10), retry=TWICE), BADLY, Tick(at=AT + 5_000))
    assert one.state == "ready"
    assert decide(one, Tick(at=AT + 10**9)) == ()


def test_note_is_kept_with_its_run() -> None:
    assert decide(running(), Note(kind="text", text="hi")) == (
        ev.TaskOutput(run=1, kind="text", text="hi"),
    )


def test_claims_of_other_workers_change_nothing_but_the_owner() -> None:
    other = after(submitted(), Claim(worker="w9", slot=1, host="there"))
    assert replace(other, worker="w1", slot=3, host="here") == after(submitted(), CLAIM)
    assert isinstance(START, Start)
