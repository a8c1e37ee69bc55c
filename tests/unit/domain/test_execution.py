import pytest

from claude_agent.domain import execution_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.execution import Execution, evolve
from claude_agent.domain.states import IllegalTransition
from tests.unit.domain.making import AT, EXECUTION, Play, chain, definition

QUEUED = ev.StepQueued(step="a", task_id="t1", task_ref="T1", k=1)
STARTED = ev.StepStarted(step="a", attempt=1)
DONE = ev.StepSucceeded(step="a", outputs={"x": 1})
FAILED = ev.StepFailed(step="a", reason="exit", message="no", started=True)
UNDOING = ev.StepCompensating(step="a", task_id="u1", task_ref="U1")


def fresh() -> Execution:
    return Play(definition(*chain("a", "b"))).run


def fold(run: Execution, *said: Payload) -> Execution:
    for n, one in enumerate(said, start=1):
        run = evolve(run, one, AT + n)
    return run


def begun(*said: Payload) -> Execution:
    return fold(fresh(), ev.ExecutionStarted(), *said)


def test_submitted_execution_is_queued_with_every_step_pending() -> None:
    run = fresh()
    assert (run.state, run.seq, run.created_at, run.generation) == ("queued", 1, AT, 1)
    assert {name: one.state for name, one in run.steps.items()} == {"a": "pending", "b": "pending"}
    assert run.stream == f"execution/{EXECUTION}"
    assert not run.terminal
    assert run.open_steps() == []


def test_step_goes_through_its_task() -> None:
    run = begun(QUEUED, STARTED, DONE)
    one = run.steps["a"]
    assert (one.state, one.task_id, one.task_ref, one.k) == ("succeeded", "t1", "T1", 1)
    assert (one.attempt, one.started, one.ended_well) == (1, True, True)
    assert (one.started_at, one.ended_at, one.outputs) == (AT + 3, AT + 4, {"x": 1})
    assert (one.end_seq, run.seq) == (5, 5)
    assert run.steps["b"].state == "pending"


def test_step_that_waits_for_its_next_attempt_is_open_and_waits() -> None:
    run = begun(QUEUED, STARTED, ev.StepRetrying(step="a", message="no", due=AT + 9))
    assert run.open_steps() == [run.steps["a"]]
    assert (run.steps["a"].state, run.steps["a"].waits) == ("queued", True)
    again = fold(run, ev.StepStarted(step="a", attempt=2))
    assert (again.steps["a"].waits, again.steps["a"].attempt) == (False, 2)
    assert again.steps["a"].started_at == AT + 3


def test_uncertain_step_is_open_has_started_and_waits() -> None:
    one = begun(QUEUED, ev.StepUncertain(step="a", reason="gone")).steps["a"]
    assert (one.state, one.open, one.started, one.waits) == ("uncertain", True, True, True)


def test_cancelled_step_with_a_late_result_counts_as_done() -> None:
    late = ev.StepCancelled(step="a", started=True, ended_well=True, outputs={"x": 1})
    one = begun(QUEUED, STARTED, late).steps["a"]
    assert (one.state, one.ended_well, one.outputs, one.reason) == (
        "cancelled",
        True,
        {"x": 1},
        "cancelled",
    )


def test_skipped_step_says_why() -> None:
    one = begun(ev.StepSkipped(step="a", reason="condition_false")).steps["a"]
    assert (one.state, one.reason, one.started) == ("skipped", "condition_false", False)


def test_step_is_undone_by_a_task_of_its_own() -> None:
    run = begun(QUEUED, STARTED, DONE, UNDOING)
    one = run.steps["a"]
    assert (one.state, one.undo_task_id, one.undo_started_at) == ("compensating", "u1", AT + 5)
    assert (one.task_id, one.outputs) == ("t1", {"x": 1})
    done = fold(run, ev.StepCompensated(step="a")).steps["a"]
    assert (done.state, done.undo_ended_at) == ("compensated", AT + 1)
    failed = fold(run, ev.StepCompensationFailed(step="a", message="stuck")).steps["a"]
    assert (failed.state, failed.message) == ("compensation_failed", "stuck")


def test_failed_step_can_be_undone() -> None:
    assert begun(QUEUED, STARTED, FAILED, UNDOING).steps["a"].state == "compensating"


def test_execution_waits_and_goes_on() -> None:
    run = begun(ev.ExecutionWaiting(steps=["a"]))
    assert run.state == "waiting"
    assert fold(run, ev.ExecutionResumed()).state == "running"


def test_failing_execution_remembers_what_failed() -> None:
    run = begun(ev.ExecutionFailing(step="a", reason="exit", message="no"))
    assert (run.state, run.failed_step, run.reason, run.message) == ("failing", "a", "exit", "no")


def test_failing_may_name_what_is_no_step() -> None:
    run = begun(ev.ExecutionFailing(step="outputs", reason="expression", message="no"))
    assert (run.state, run.failed_step) == ("failing", "outputs")


def test_cancel_is_remembered_with_whether_to_undo() -> None:
    run = begun(ev.ExecutionCancelRequested(compensate=True, reason="by me"))
    assert (run.state, run.cancel_requested, run.compensate_on_cancel, run.reason) == (
        "cancelling",
        "by me",
        True,
        "cancelled",
    )


def test_cancel_while_it_is_undone_does_not_stop_the_undoing() -> None:
    planned = ev.CompensationPlanned(groups=[["a"]], not_undone=["b"])
    failing = ev.ExecutionFailing(step="a", reason="exit", message="no")
    run = begun(failing, planned, ev.ExecutionCancelRequested(compensate=False, reason="by me"))
    assert (run.state, run.reason, run.plan, run.not_undone) == (
        "compensating",
        "exit",
        (("a",),),
        ("b",),
    )


def test_ended_execution_is_terminal_with_its_outputs() -> None:
    run = begun(ev.ExecutionEnded(state="succeeded", reason="", outputs={"o": 1}))
    assert (run.terminal, run.outputs, run.ended_at) == (True, {"o": 1}, AT + 2)


def test_ended_execution_keeps_the_reason_of_its_failure() -> None:
    run = begun(
        ev.ExecutionFailing(step="a", reason="exit", message="no"),
        ev.ExecutionEnded(state="failed", reason="", not_undone=["a"]),
    )
    assert (run.reason, run.not_undone) == ("exit", ("a",))


def test_event_that_says_nothing_here_only_counts() -> None:
    assert evolve(fresh(), Payload(), AT).seq == 2


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (fresh(), ev.ExecutionWaiting(steps=[])),
        (fresh(), ev.StepUncertain(step="a", reason="x")),
        (begun(QUEUED, STARTED, DONE), QUEUED),
        (begun(QUEUED, STARTED, DONE), FAILED),
        (begun(ev.StepSkipped(step="a", reason="x")), QUEUED),
        (begun(QUEUED, STARTED), UNDOING),
        (begun(ev.ExecutionEnded(state="succeeded", reason="")), ev.ExecutionResumed()),
        (
            begun(ev.ExecutionEnded(state="succeeded", reason="")),
            ev.ExecutionEnded(state="failed", reason=""),
        ),
        (
            begun(ev.ExecutionEnded(state="succeeded", reason="")),
            ev.ExecutionEnded(state="succeeded", reason=""),
        ),
        (begun(QUEUED, STARTED, DONE), DONE),
    ],
)
def test_evolve_refuses_what_the_tables_forbid(before: Execution, said: Payload) -> None:
    with pytest.raises(IllegalTransition):
        evolve(before, said, AT)
