import pytest

from claude_agent.domain import task_events as ev
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.retry import Failure, RetryPolicy
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Cancel, EndRun, decide
from claude_agent.domain.task_letters import Discard, Redrive
from claude_agent.domain.task_time import Tick
from claude_agent.errors import Conflict
from tests.unit.domain.making import AT, CLAIM, START, after, fold, running, spec, submitted

NO = Failure(kind="exit", message="It exited with 1.", exit_code=1)
LATER = AT + 60_000


def dead(**changes: object) -> Task:
    return after(running(**changes), EndRun(verdict={"code": 1}, failure=NO, at=AT))


def test_redrive_opens_a_new_generation_with_attempts_reset() -> None:
    before = dead()
    (said,) = decide(before, Redrive(at=LATER, reason="fixed"))
    assert said == ev.TaskRedriven(generation=2, at=LATER, reason="fixed", spec=None)
    again = fold(before, said, at=LATER)
    assert (again.state, again.generation, again.attempt) == (TaskState.READY, 2, 0)
    assert (again.error, again.verdict, again.ended_at, again.started_at) == (None,) * 4
    assert (again.reason, again.not_before, again.asked_at) == ("", LATER, LATER)
    assert (again.run, again.fence, again.created_at) == (before.run, before.fence, AT)
    assert not again.terminal
    second = after(again, CLAIM, START)
    assert (second.run, second.fence, second.attempt) == (before.run + 1, before.fence + 1, 1)


def test_redrive_may_change_the_specification() -> None:
    new = spec(text="exit 0", queue="database")
    again = after(dead(), Redrive(at=LATER, spec=new.to_data()), at=LATER)
    assert again.spec == new


def test_redriven_task_may_die_again_and_be_re_driven_again() -> None:
    again = after(dead(), Redrive(at=LATER), CLAIM, START, at=LATER)
    third = after(again, EndRun(verdict={"code": 1}, failure=NO, at=LATER), Redrive(at=LATER + 1))
    assert (third.state, third.generation) == (TaskState.READY, 3)


def test_retry_policy_counts_anew_after_a_redrive() -> None:
    policy = RetryPolicy(max_attempts=2)
    once = after(running(retry=policy), EndRun(verdict={}, failure=NO, at=AT), Tick(at=LATER))
    gone = after(once, CLAIM, START, EndRun(verdict={}, failure=NO, at=LATER), at=LATER)
    assert gone.state == TaskState.DEAD
    again = after(gone, Redrive(at=LATER), CLAIM, START, at=LATER)
    assert after(again, EndRun(verdict={}, failure=NO, at=LATER)).state == TaskState.SCHEDULED


def test_total_timeout_counts_from_the_redrive() -> None:
    waited = submitted(limits=Timeouts(total_ms=1_000))
    gone = after(waited, Tick(at=AT + 1_000), at=AT + 1_000)
    assert gone.reason == "timeout.total"
    again = after(gone, Redrive(at=LATER), at=LATER)
    assert again.deadline_at == LATER + 1_000
    assert decide(again, Tick(at=LATER)) == ()
    assert decide(again, Tick(at=LATER + 1_000))[0].TYPE == "task.dead"


@pytest.mark.parametrize("purpose", ["step", "compensation"])
def test_a_task_of_a_workflow_is_not_re_driven(purpose: str) -> None:
    letter = dead(purpose=purpose, step_id="build", execution_id="x1")
    with pytest.raises(Conflict) as told:
        decide(letter, Redrive(at=LATER))
    assert "step build" in told.value.detail
    assert "claude-agent execution show x1" in told.value.hint


def test_discard_is_an_end_for_good() -> None:
    gone = after(dead(), Discard(reason="obsolete"), at=LATER)
    assert gone.state == TaskState.DISCARDED
    assert gone.error is not None
    for command in (Redrive(at=LATER), Discard(reason="again"), Cancel(reason="x")):
        with pytest.raises(Conflict):
            decide(gone, command)


@pytest.mark.parametrize("command", [Redrive(at=LATER), Discard(reason="r")])
def test_only_a_dead_letter_is_re_driven_or_discarded(command: Redrive | Discard) -> None:
    with pytest.raises(Conflict, match="only a dead letter"):
        decide(running(), command)
