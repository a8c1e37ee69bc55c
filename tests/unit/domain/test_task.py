from dataclasses import replace

import pytest

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TASK_TERMINAL, IllegalTransition, TaskState
from claude_agent.domain.task import Task, evolve
from claude_agent.domain.task_commands import Adopt, Release, Stop
from claude_agent.domain.task_lost import Lose, Reap
from tests.unit.domain.making import AT, CLAIM, START, after, fold, running, submitted

VERIFYING = ev.TaskVerifying(run=1, outputs={"a": 1}, verdict={"code": 0}, gates=1)
CANCELLED = ev.TaskCancelled(reason="no", ended_well=True, outputs={"x": 1}, verdict={"code": 0})
DEAD = ev.TaskDead(reason="exit", error={"kind": "exit", "message": "m"})
EXPIRED = ev.TaskExpired(reason="late")
SUCCEEDED = ev.TaskSucceeded(outputs={"y": 2}, verdict={"code": 0}, evidence=["E1"])
RETRY = ev.TaskRetryScheduled(due=AT + 50, attempt=2, reason="again")


def test_submitted_task_is_ready_now() -> None:
    one = submitted()
    assert (one.state, one.not_before, one.created_at, one.seq) == ("ready", AT, AT, 1)
    assert (one.attempt, one.run, one.fence, one.terminal) == (0, 0, 0, False)
    assert one.stream == f"task/{one.id}"


def test_submitted_task_with_a_delay_is_scheduled() -> None:
    one = submitted(not_before=AT + 10)
    assert (one.state, one.not_before) == ("scheduled", AT + 10)


def test_submitted_task_whose_time_is_over_is_ready() -> None:
    assert submitted(not_before=AT).state == "ready"


def test_claimed_task_has_an_owner_a_fence_and_a_run() -> None:
    one = after(submitted(), CLAIM)
    assert (one.worker, one.slot, one.host) == ("w1", 3, "here")
    assert (one.fence, one.run, one.attempt) == (1, 1, 0)
    assert one.run_id == f"{one.id}.1"
    assert one.started_at is None


def test_started_task_counts_its_attempt_and_remembers_when() -> None:
    one = after(after(submitted(), CLAIM), START, at=AT + 5)
    assert (one.attempt, one.adapter, one.digest) == (1, "shell", "d")
    assert (one.started_at, one.attempt_started_at) == (AT + 5, AT + 5)


def test_second_attempt_keeps_the_first_start() -> None:
    one = fold(running(), RETRY, ev.TaskDue())
    two = after(one, CLAIM, START, at=AT + 99)
    assert (two.started_at, two.attempt_started_at) == (AT, AT + 99)
    assert (two.attempt, two.run, two.fence) == (2, 2, 2)


@pytest.mark.parametrize("said", [SUCCEEDED, DEAD, CANCELLED])
def test_ended_task_gives_its_slot_back(said: Payload) -> None:
    one = fold(running(), said, at=AT + 9)
    assert one.terminal
    assert (one.worker, one.slot, one.ended_at) == ("", 0, AT + 9)


def test_cancelled_task_keeps_a_good_result_that_came_late() -> None:
    one = fold(running(), CANCELLED)
    assert one.outputs == {"x": 1}
    assert one.verdict == {"code": 0}


def test_cancelled_task_keeps_the_verdict_it_had() -> None:
    one = fold(running(), VERIFYING, ev.TaskCancelled(reason="no"))
    assert one.verdict == {"code": 0}


def test_succeeded_task_forgets_the_error_of_an_earlier_attempt() -> None:
    failed = ev.TaskAttemptFailed(
        attempt=1, run=1, kind="exit", message="m", exit_code=1, verdict={}
    )
    one = fold(running(), failed, RETRY, ev.TaskDue())
    assert one.error == {"kind": "exit", "message": "m"}
    done = fold(after(one, CLAIM, START), SUCCEEDED)
    assert (done.error, done.reason, done.outputs) == (None, "", {"y": 2})
    assert done.evidence == ("E1",)


def test_expired_task_says_so() -> None:
    one = fold(submitted(), EXPIRED)
    assert one.error == {"kind": "timeout.start", "message": "late"}


def test_waiting_task_has_no_owner_and_no_stop() -> None:
    one = fold(after(running(), Stop(reason="timeout.run")), RETRY)
    assert (one.state, one.worker, one.slot, one.stop_requested) == ("scheduled", "", 0, "")
    assert (one.not_before, one.attempt_started_at) == (AT + 50, None)


def test_uncounted_retry_is_refunded() -> None:
    assert fold(running(), RETRY).refunds == 0
    assert fold(running(), replace(RETRY, counted=False)).refunds == 1


def test_released_task_takes_a_counted_attempt_back() -> None:
    one = after(running(), Release(reason="lost"))
    assert (one.state, one.attempt, one.deliveries) == ("ready", 0, 1)
    before = after(submitted(), CLAIM, Release(reason="lost"))
    assert (before.state, before.attempt, before.deliveries) == ("ready", 0, 1)


def test_adopted_run_goes_on_under_a_new_fence() -> None:
    one = after(running(), Adopt(worker="w2", slot=7))
    assert (one.state, one.worker, one.slot) == ("running", "w2", 7)
    assert (one.fence, one.run, one.attempt, one.adoptions) == (2, 1, 1, 1)


def test_gates_are_counted_and_start_with_each_run_anew() -> None:
    one = fold(running(), VERIFYING)
    assert (one.state, one.gate_run, one.outputs) == ("verifying", 1, {"a": 1})
    assert fold(one, ev.TaskGatesRestarted(gate_run=2)).gate_run == 2


def test_lost_task_keeps_its_slot_and_is_reaped_once_for_each_run() -> None:
    one = after(running(), Lose(reason="gone"), Reap(killed=2))
    assert (one.state, one.reason, one.reaped_run, one.slot) == ("uncertain", "gone", 1, 3)


@pytest.mark.parametrize(
    "said",
    [
        ev.TaskOutput(run=1, kind="text", text="hello"),
        ev.TaskSubmitted(ref="X", spec={}),
        Payload(),
    ],
    ids=lambda said: said.TYPE or "foreign",
)
def test_events_that_say_nothing_of_the_state_only_count(said: Payload) -> None:
    before = running()
    assert fold(before, said) == replace(before, seq=before.seq + 1)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (submitted(), VERIFYING),
        (submitted(), SUCCEEDED),
        (submitted(), ev.TaskUncertain(run=1, reason="")),
        (submitted(not_before=AT + 1), ev.TaskClaimed(worker="w", slot=1, fence=1)),
        (running(), EXPIRED),
        (fold(running(), VERIFYING), ev.TaskDue()),
        (fold(running(), VERIFYING), ev.TaskUncertain(run=1, reason="")),
        (fold(running(), SUCCEEDED), SUCCEEDED),
        (fold(running(), DEAD), ev.TaskOutput(run=1, kind="text", text="late")),
        (fold(running(), SUCCEEDED), DEAD),
        (fold(running(), SUCCEEDED), RETRY),
        (fold(running(), CANCELLED), SUCCEEDED),
    ],
)
def test_evolve_refuses_what_the_table_forbids(before: Task, said: Payload) -> None:
    with pytest.raises(IllegalTransition):
        evolve(before, said, AT)


LIMITS = Timeouts(start_ms=100, run_ms=20, total_ms=1_000)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (submitted(), None),
        (submitted(limits=LIMITS), AT + 100),
        (submitted(limits=replace(LIMITS, start_ms=None)), AT + 1_000),
        (submitted(limits=replace(LIMITS, total_ms=50)), AT + 50),
        # A delay that was asked for does not count as waiting in the queue.
        (submitted(limits=LIMITS, not_before=AT + 500), AT + 600),
        (after(submitted(limits=LIMITS), CLAIM), AT + 1_000),
        (running(limits=LIMITS), AT + 20),
        (running(limits=Timeouts(idle_ms=5)), None),
        (fold(running(limits=LIMITS), VERIFYING), AT + 20),
        (after(running(limits=LIMITS), Stop(reason="timeout.run")), None),
        (fold(running(limits=LIMITS), ev.TaskCancelRequested(reason="no")), None),
        (after(running(limits=LIMITS), Lose(reason="gone")), None),
        (fold(running(limits=LIMITS), RETRY), AT + 1_000),
        (fold(running(limits=LIMITS), DEAD), None),
    ],
)
def test_deadline_is_the_next_timeout_that_may_act(one: Task, expected: int | None) -> None:
    assert one.deadline_at == expected


def test_terminal_states_are_terminal() -> None:
    for state in TaskState:
        assert replace(submitted(), state=state).terminal is (state in TASK_TERMINAL)
