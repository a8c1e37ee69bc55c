"""Command and state in, events out; every transition of the table is reached, and no other."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.events import Payload
from claude_agent.domain.retry import Failure, RetryPolicy
from claude_agent.domain.states import TASK_ALLOWED, TaskState
from claude_agent.domain.task import MAX_DELIVERIES, Task
from claude_agent.domain.task_approval import Approve, Reject
from claude_agent.domain.task_commands import (
    Adopt,
    Cancel,
    Command,
    EndGates,
    EndRun,
    Release,
    RestartGates,
    Stop,
    Tick,
    decide,
)
from claude_agent.domain.task_failure import SHUTDOWN
from claude_agent.domain.task_lost import Lose, Reap, Resolve
from claude_agent.domain.task_report import Note
from claude_agent.errors import Conflict
from tests.unit.domain.making import AT, CLAIM, START, after, fold, running, submitted, types

GATES = ({"name": "g", "run": "true"},)
TWICE = RetryPolicy(max_attempts=2, jitter=0.0)
NO = Failure(kind="exit", message="It exited with 1.", exit_code=1)
WELL = EndRun(verdict={"code": 0}, outputs={"a": 1}, evidence=("E1",), at=AT)
BADLY = EndRun(verdict={"code": 1}, failure=NO, at=AT)
COMMANDS: dict[str, Command] = {
    "claim": CLAIM,
    "start": START,
    "release": Release(reason="sealed"),
    "adopt": Adopt(worker="w2"),
    "adopt_lost": Adopt(worker="w2", alive=False),
    "end_well": WELL,
    "end_badly": BADLY,
    "gates_pass": EndGates(evidence=("E5",), at=AT),
    "gates_fail": EndGates(failure=NO, at=AT),
    "restart_gates": RestartGates(),
    "lose": Lose(reason="gone"),
    "reap": Reap(killed=1),
    "found_done": Resolve(outcome="succeeded", how="probe", at=AT),
    "found_undone": Resolve(outcome="retry", how="idempotent", at=AT),
    "found_failed": Resolve(outcome="failed", how="person", at=AT),
    "tick": Tick(at=AT + 10**9),
    "cancel": Cancel(reason="no"),
    "stop": Stop(reason="timeout.idle"),
    "note": Note(kind="text", text="hello"),
    "approve": Approve(at=AT, by="operator"),
    "reject": Reject(reason="rejected", by="operator"),
}
ELSEWHERE = {("held", "held"), ("dead", "ready"), ("dead", "held"), ("dead", "discarded")}
"""What an escalated approval leaves as it is, and what re-drives enter (their own tests)."""


def tried(one: Task) -> Iterator[tuple[str, tuple[Payload, ...]]]:
    """Yield every command that a task takes, and what follows."""
    for name, command in COMMANDS.items():
        try:
            said = decide(one, command)
        except Conflict:
            continue
        yield name, said


def key(one: Task) -> tuple[object, ...]:
    """Return what tells two tasks apart for their future."""
    return (
        *(
            one.state,
            bool(one.cancel_requested),
            one.stop_requested,
            min(one.attempt - one.refunds, 2),
        ),
        one.not_before > AT and one.state == "held",
        *(one.reaped_run == one.run, one.attempt_started_at is None, bool(one.spec.gates)),
        one.spec.limits,
    )


def explored() -> tuple[set[tuple[str, str]], dict[tuple[object, ...], Task]]:
    """Try every command in every state that can be reached; return the moves and the tasks."""
    limits = Timeouts(start_ms=10, total_ms=100_000)
    waiting = [
        submitted(retry=TWICE),
        submitted(retry=TWICE, gates=GATES),
        submitted(retry=TWICE, limits=limits),
        submitted(limits=Timeouts(start_ms=10)),
        submitted(not_before=AT + 5, limits=Timeouts(start_ms=10, run_ms=10)),
        submitted(not_before=AT + 5, idempotent=True),
        submitted(approval="a1"),
        submitted(approval="a1", not_before=AT + 5),
    ]
    moves: set[tuple[str, str]] = set()
    seen: dict[tuple[object, ...], Task] = {}
    while waiting:
        one = waiting.pop()
        if key(one) in seen:
            continue
        seen[key(one)] = one
        for _, said in tried(one):
            later = one
            for payload in said:
                moved = fold(later, payload)
                if moved.state != later.state or isinstance(
                    payload, (ev.TaskAdopted, ev.TaskGatesRestarted)
                ):
                    moves.add((later.state.value, moved.state.value))
                later = moved
            waiting.append(later)
    return moves, seen


MOVES, TASKS = explored()


def test_every_transition_of_the_table_is_reached() -> None:
    table = {(a.value, b.value) for a, row in TASK_ALLOWED.items() for b in row}
    assert table - ELSEWHERE == MOVES


def test_a_terminal_task_takes_no_command_that_says_anything() -> None:
    ended = [one for one in TASKS.values() if one.terminal]
    assert {one.state.value for one in ended} == {
        *("succeeded", "dead", "cancelled", "expired", "rejected")
    }
    for one in ended:
        assert [name for name, said in tried(one) if said] == []


def test_a_task_to_be_cancelled_ends_as_cancelled_whatever_comes() -> None:
    asked = [one for one in TASKS.values() if one.cancel_requested and not one.terminal]
    assert {one.state.value for one in asked} == {"running", "verifying", "uncertain"}
    for one in asked:
        for name, said in tried(one):
            if (later := fold(one, *said)).terminal:
                assert later.state == "cancelled", name
            else:
                assert later.state in ("running", "verifying", "uncertain"), name


def test_every_task_can_still_end() -> None:
    going = {id(one): one for one in TASKS.values() if not one.terminal}
    for one in going.values():
        reach, seen = [one], set()
        while reach and not reach[-1].terminal:
            now = reach.pop()
            if key(now) not in seen:
                seen.add(key(now))
                reach += [fold(now, *said) for _, said in tried(now) if said]
        assert reach, f"{key(one)} never ends"


def test_a_run_starts_again_only_after_proof_of_its_end() -> None:
    """No command takes a started run back to ready or scheduled but these."""
    proofs = {"release", "end_badly", "gates_fail", "found_undone", "end_well", "gates_pass"}
    for one in TASKS.values():
        if one.state in ("running", "verifying", "uncertain"):
            for name, said in tried(one):
                if fold(one, *said).state in ("ready", "scheduled"):
                    assert name in proofs
                    assert name != "found_undone" or one.reaped_run == one.run


# Claim and start ----------------------------------------------------------------------------


def test_claim_takes_the_next_fence_and_the_next_run() -> None:
    claimed, starting = decide(submitted(), CLAIM)
    assert claimed == ev.TaskClaimed(worker="w1", slot=3, fence=1)
    assert starting == ev.TaskStarting(run=1, host="here")


@pytest.mark.parametrize(
    ("one", "command"),
    [
        (running(), CLAIM),
        (submitted(not_before=AT + 1), CLAIM),
        (submitted(), START),
        (submitted(), Release(reason="")),
        (submitted(), Adopt(worker="w")),
        (submitted(), WELL),
        (running(), EndGates()),
        (running(), RestartGates()),
        (running(), Reap(killed=0)),
        (running(), Resolve(outcome="retry", how="rule")),
        (submitted(), Lose(reason="")),
        (submitted(), Stop(reason="timeout.idle")),
        (submitted(), Note(kind="text", text="early")),
        (after(running(), Lose(reason="gone")), WELL),
        (after(running(gates=GATES), WELL), Lose(reason="gone")),
    ],
)
def test_decide_refuses_what_the_state_forbids(one: Task, command: Command) -> None:
    with pytest.raises(Conflict, match=f"Task AB12 is {one.state}"):
        decide(one, command)


# Releases -----------------------------------------------------------------------------------


def test_release_uses_no_attempt_and_counts_a_delivery() -> None:
    one = after(running(), Release(reason="lost"))
    assert (one.state, one.attempt, one.deliveries) == ("ready", 0, 1)


def test_release_is_poison_after_more_than_five_deliveries() -> None:
    one = submitted()
    for n in range(1, MAX_DELIVERIES + 1):
        one = after(one, CLAIM, START, Release(reason="lost"))
        assert (one.state, one.deliveries) == ("ready", n)
    one = after(one, CLAIM, Release(reason="lost"))
    assert (one.state, one.reason) == ("dead", "poison")
    assert one.error == {
        "kind": "poison",
        "message": "Its owner was lost 6 times while it was starting.",
    }


def test_release_of_a_task_to_be_cancelled_cancels_it() -> None:
    one = after(running(), Cancel(reason="no"), Release(reason="lost"))
    assert (one.state, one.reason) == ("cancelled", "no")


# The end of a run ---------------------------------------------------------------------------


def test_run_that_ended_well_succeeds_with_its_evidence() -> None:
    one = after(running(), WELL)
    assert (one.state, one.outputs, one.evidence) == ("succeeded", {"a": 1}, ("E1",))


def test_run_that_ended_well_is_verified_where_there_are_gates() -> None:
    one = after(running(gates=GATES), WELL)
    assert (one.state, one.gate_run, one.outputs) == ("verifying", 1, {"a": 1})
    done = after(one, EndGates(evidence=("E1", "E5")))
    assert (done.state, done.outputs, done.evidence) == ("succeeded", {"a": 1}, ("E1", "E5"))
    assert done.verdict == {"code": 0}


def test_failed_gates_fail_the_attempt() -> None:
    one = after(running(gates=GATES, retry=TWICE), WELL, EndGates(failure=NO, at=AT))
    assert (one.state, one.not_before) == ("scheduled", AT + 1_000)
    assert one.error == {"kind": "exit", "message": NO.message}


def test_failed_run_is_tried_again_after_its_backoff() -> None:
    said = decide(running(retry=TWICE), BADLY)
    assert types(said) == ["task.attempt_failed", "task.retry_scheduled"]
    one = fold(running(retry=TWICE), *said)
    assert (one.state, one.not_before, one.attempt) == ("scheduled", AT + 1_000, 1)


def test_failed_run_is_a_dead_letter_once_its_attempts_are_used() -> None:
    one = after(running(retry=TWICE), BADLY, Tick(at=AT + 5_000), CLAIM, START, BADLY)
    assert (one.state, one.attempt, one.reason) == ("dead", 2, "attempts_used_up")
    assert one.error == {"kind": "exit", "message": NO.message}


def test_failed_run_without_a_policy_is_dead_for_its_own_reason() -> None:
    one = after(running(), BADLY)
    assert (one.state, one.reason) == ("dead", "exit")


def test_failed_run_that_may_not_be_retried_is_dead_at_once() -> None:
    no = replace(NO, kind="not_runnable", retryable=False)
    one = after(running(retry=TWICE), replace(BADLY, failure=no))
    assert (one.state, one.reason) == ("dead", "not_runnable"), "attempts are left"


def test_preparation_that_fails_for_a_while_uses_no_attempt() -> None:
    one = after(submitted(), CLAIM, BADLY)
    assert (one.state, one.attempt, one.not_before) == ("scheduled", 0, AT + 1_000)


@pytest.mark.parametrize("limit", ["run", "idle"])
def test_stopped_run_fails_by_its_timeout_and_is_tried_again(limit: str) -> None:
    one = after(running(retry=TWICE), Stop(reason=f"timeout.{limit}"), BADLY)
    assert one.state == "scheduled"
    assert one.error == {
        "kind": f"timeout.{limit}",
        "message": f"It was stopped by its {limit} timeout.",
    }


def test_stopped_run_counts_as_failed_also_when_it_ended_well() -> None:
    one = after(running(), Stop(reason="timeout.run"), WELL)
    assert (one.state, one.reason) == ("dead", "timeout.run")


def test_run_stopped_by_its_total_timeout_is_never_tried_again() -> None:
    one = after(running(retry=TWICE), Stop(reason="timeout.total"), BADLY)
    assert one.state == "dead"
    assert one.error == {
        "kind": "timeout.total",
        "message": "It was stopped by its total timeout.",
    }


def test_gates_that_are_stopped_fail_the_attempt() -> None:
    one = replace(after(running(gates=GATES), WELL), stop_requested="timeout.run")
    done = after(one, EndGates(at=AT))
    assert (done.state, done.reason) == ("dead", "timeout.run")


def test_run_stopped_with_the_server_begins_again_where_that_is_harmless() -> None:
    one = after(running(idempotent=True), Stop(reason=SHUTDOWN), BADLY)
    assert (one.state, one.refunds, one.not_before) == ("scheduled", 1, AT)


def test_run_stopped_with_the_server_fails_where_it_may_not_begin_again() -> None:
    one = after(running(), Stop(reason=SHUTDOWN), BADLY)
    assert (one.state, one.error) == (
        "dead",
        {"kind": SHUTDOWN, "message": "It was stopped with the server (down --stop-agents)."},
    )


def test_stop_is_said_once_and_not_to_a_task_that_is_cancelled() -> None:
    one = after(running(), Stop(reason="timeout.idle"))
    assert decide(one, Stop(reason="timeout.idle")) == ()
    assert decide(after(running(), Cancel(reason="no")), Stop(reason="timeout.idle")) == ()


@pytest.mark.parametrize("state", TaskState)
def test_every_state_is_reached_or_known_to_come_later(state: TaskState) -> None:
    reached = {one.state for one in TASKS.values()}
    assert (state in reached) is (state != "discarded")
