"""The whole way of a run: started, followed, judged, stopped, adopted; with real processes."""

import os
import signal
from pathlib import Path

import pytest

from claude_agent.agents import reaper
from claude_agent.agents.fleet import Fleet
from claude_agent.agents.recovery import PROBES_OF_A_FENCE
from claude_agent.agents.run_folder import Begun
from claude_agent.core.task_desk import COMMANDS
from claude_agent.domain.task import Task
from claude_agent.errors import DiskFull, FencedOut, Invalid, Unavailable
from tests.unit.agents.crew import Crew
from tests.waiting import wait_until


def kill_shim(crew: Crew, one: Task) -> None:
    claim = crew.folder(one).claim()
    assert isinstance(claim, Begun)
    os.kill(claim.pid, signal.SIGKILL)
    wait_until(lambda: not crew.folder(one).shim_alive(), what="the shim to be dead")


def starts(crew: Crew, one: Task) -> int:
    return crew.stand.types(one.stream).count("task.started")


# The ordinary way ---------------------------------------------------------------------------


@pytest.mark.parametrize(("run", "state"), [("true", "succeeded"), ("exit 3", "dead")])
def test_run_comes_to_its_end(crew: Crew, run: str, state: str) -> None:
    one = crew.start().launch(run)
    done = crew.until(one, "succeeded", "dead")
    assert (done.state, crew.stand.places(), crew.journal.following()) == (state, {}, [])
    wait_until(
        lambda: f"{one.ref} {state}: {run}" in crew.terminal.capture("testing", 9),
        what="the notice",
    )


@pytest.mark.parametrize(
    ("gates", "state", "reason"),
    [(["true", "true"], "succeeded", ""), (["true", "echo broken; exit 4"], "dead", "gate")],
)
def test_gates_decide(crew: Crew, gates: list[str], state: str, reason: str) -> None:
    one = crew.start().launch(gates=gates)
    done = crew.until(one, "succeeded", "dead")
    assert (done.state, done.reason) == (state, reason)
    if reason:
        assert done.error is not None
        assert done.error["message"] == "The gate gate 2 exited with 4. It said: broken"


def test_cancel_stops_a_run_by_the_ladder(crew: Crew) -> None:
    one = crew.start().begun("sleep 60")
    crew.stand.orders.cancel(one.ref, reason="no", actor="me")
    done = crew.until(one, "cancelled")
    assert done.reason == "no"
    assert crew.stand.records.open_commands(one) == []
    assert reaper.survivors(one.run_id) == []


def test_silent_run_is_stopped_by_its_idle_timeout(crew: Crew) -> None:
    one = crew.start().begun("sleep 60", timeout={"idle": "300ms"})
    done = crew.until(one, "dead")
    assert (done.reason, done.error) == (
        "timeout.idle",
        {"kind": "timeout.idle", "message": "It was stopped by its idle timeout."},
    )


def test_run_that_talks_is_not_idle(crew: Crew) -> None:
    one = crew.start().launch(
        "for n in 1 2 3 4 5 6; do echo $n; sleep 0.1; done", timeout={"idle": "10s"}
    )
    assert crew.until(one, "succeeded", "dead").state == "succeeded"


def test_stop_leaves_runs_at_work(crew: Crew) -> None:
    one = crew.start().begun("sleep 60")
    crew.crew.stop()
    assert crew.folder(one).shim_alive()
    assert crew.task(one).state == "running"


def test_stop_runs_ends_them_all(crew: Crew) -> None:
    one = crew.start().begun("sleep 60", idempotent=True)
    two = crew.begun("sleep 60")
    assert crew.crew.stop_runs(timeout=20.0) == 0
    assert (crew.task(one).state, crew.task(two).state) == ("scheduled", "dead")


def test_stop_runs_says_how_many_do_not_end(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    crew.start().begun("sleep 60")

    def refuse(one: Task, reason: str) -> None:
        raise FencedOut(one.ref)

    monkeypatch.setattr(crew.stand.control, "stop_run", refuse)
    assert crew.crew.stop_runs(timeout=0.1) == 1


def test_nothing_is_launched_after_the_stop(crew: Crew) -> None:
    one = crew.start().submit()
    crew.crew.stop()
    crew.crew.launch([one])
    assert crew.folder(one).claim() is None


# Launches that fail -------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Unavailable("not now"), RuntimeError("a mistake")])
def test_task_that_cannot_be_launched_is_given_back(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(message: object) -> str:
        raise error

    monkeypatch.setattr(crew.bridge, "process_queue_task", refuse)
    one = crew.start().launch()
    given = crew.until(one, "ready")
    assert (given.attempt, crew.stand.places()) == (0, {})


def test_task_of_another_owner_is_left_to_it(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    one = crew.start().submit()
    crew.stand.control.adopt(one, alive=True)
    before = crew.stand.everything()
    crew.crew.launch([one])
    crew.crew.stop()
    assert crew.stand.everything() == before


def test_run_that_began_although_its_launch_failed_goes_on(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live run is followed, never reaped, whatever its launcher met with."""
    real = crew.bridge.process_queue_task

    def half(message: dict[str, object]) -> str:
        run_id = real(message)
        one = crew.stand.task(str(message["task_id"]))
        wait_until(lambda: crew.folder(one).shim_alive(), timeout=20.0, what="the shim")
        crew.journal.forget(run_id)
        raise OSError("too late")  # noqa: EM101

    monkeypatch.setattr(crew.bridge, "process_queue_task", half)
    one = crew.start().launch("sleep 0.3; touch ran")
    assert crew.until(one, "succeeded", "dead", "ready").state == "succeeded"
    assert starts(crew, one) == 1


@pytest.mark.parametrize("error", [DiskFull("no room"), OSError(28, "no room")])
def test_task_that_cannot_be_settled_yet_is_settled_later(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(message: object) -> str:
        raise Unavailable("not now")  # noqa: EM101

    errors, real = [error, error], crew.crew._recovery.settle

    def settle(one: Task) -> None:
        if errors:
            raise errors.pop()
        real(one)

    monkeypatch.setattr(crew.bridge, "process_queue_task", refuse)
    monkeypatch.setattr(crew.crew._recovery, "settle", settle)
    one = crew.start().launch()

    def given_back() -> bool:
        crew.stand.notifier.ring(COMMANDS)
        return crew.task(one).state == "ready"

    wait_until(given_back, timeout=20.0, what="the task to be given back")
    given = crew.task(one)
    assert (errors, given.deliveries) == ([], 1)


# Adoption -----------------------------------------------------------------------------------


def test_running_task_is_adopted_and_runs_once(crew: Crew) -> None:
    one = crew.start().begun("sleep 1; echo '{\"x\": 1}' > $CLAUDE_AGENT_OUTPUTS")
    crew.restart()
    assert crew.crew.adopt_all() == 1
    crew.start()
    done = crew.until(one, "succeeded", "dead")
    assert (done.state, done.outputs, done.fence) == ("succeeded", {"x": 1}, 2)
    assert starts(crew, one) == 1


def test_task_that_ended_meanwhile_is_taken_as_it_ended(crew: Crew) -> None:
    one = crew.start().begun("true")
    crew.until(one, "succeeded")
    two = crew.submit("exit 5")
    crew.bridge.process_queue_task({"task_id": two.id, "fence": two.fence})
    crew.journal.forget(two.run_id)
    wait_until(lambda: crew.folder(two).verdict() is not None, timeout=20.0, what="the end")
    crew.restart()
    assert crew.crew.adopt_all() == 1
    crew.start()
    assert crew.until(two, "dead").error == {
        "kind": "exit",
        "message": "The command exited with 5.",
    }


def test_task_that_never_began_is_given_back(crew: Crew) -> None:
    one = crew.stand.start(crew.submit())
    crew.restart()
    assert crew.start().crew.adopt_all() == 0
    assert crew.until(one, "ready").attempt == 0


def test_orphan_is_reaped_and_tried_again(crew: Crew) -> None:
    one = crew.start().begun("sleep 60 & wait", idempotent=True)
    crew.crew.stop()
    kill_shim(crew, one)
    crew.restart()
    assert crew.start().crew.adopt_all() == 0
    crew.until(one, "scheduled")
    assert reaper.survivors(one.run_id) == []


def test_task_that_waits_for_a_person_still_does_after_restarts(crew: Crew) -> None:
    one = crew.start().begun("sleep 60 & wait")
    crew.crew.stop()
    kill_shim(crew, one)
    for _ in range(3):
        crew.restart()
        crew.start().crew.adopt_all()
        crew.until(one, "uncertain")
        wait_until(lambda: crew.task(one).reaped_run == 1, timeout=20.0, what="its reaping")
    assert crew.stand.orders.answer(one.ref, "succeeded", "I looked", "me").state == "succeeded"


def test_gates_run_again_under_a_new_owner(crew: Crew) -> None:
    gate = "echo gating; [ -e second ] || { touch second; sleep 60; }"
    one = crew.start().launch(gates=[gate])
    gates = crew.planner.purpose_folder(one, "gates", 1)
    wait_until(lambda: b"gating" in gates.tail(20), timeout=20.0, what="the gates")
    crew.restart()
    crew.start()
    assert crew.crew.adopt_all() == 1
    done = crew.until(one, "succeeded", "dead")
    assert (done.state, done.gate_run, done.run) == ("succeeded", 2, 1)
    assert reaper.survivors(f"{one.run_id}.gates-1") == []


@pytest.mark.parametrize("content", ["", "{", '{"kind": "begun"}', "[]"])
def test_bad_run_folder_does_not_keep_the_server_from_starting(crew: Crew, content: str) -> None:
    bad = crew.stand.start(crew.submit())
    crew.folder(bad).path.mkdir(parents=True)
    (crew.folder(bad).path / "claim").write_text(content)
    good = crew.stand.start(crew.submit())
    crew.restart()
    crew.start().crew.adopt_all()
    crew.until(good, "ready")
    assert crew.task(bad).state == "running"


def test_orphan_is_noticed_while_the_server_lives(crew: Crew) -> None:
    one = crew.start().begun("sleep 60 & wait", idempotent=True)
    kill_shim(crew, one)
    crew.until(one, "scheduled")
    assert reaper.survivors(one.run_id) == []


# Probes and gates ---------------------------------------------------------------------------


@pytest.mark.parametrize(("verify", "state"), [("true", "succeeded"), ("false", "scheduled")])
def test_probe_decides_about_a_lost_run(crew: Crew, verify: str, state: str) -> None:
    one = crew.start().begun("sleep 60 & wait", verify=verify)
    kill_shim(crew, one)
    assert crew.until(one, "succeeded", "scheduled", "dead").state == state


def test_stop_that_was_meant_for_the_lost_run_does_not_stop_its_probe(crew: Crew) -> None:
    """A killed probe would say nothing, and a stopped one might say `not done` of what is."""
    one = crew.start().begun("sleep 60 & wait", verify="sleep 1; true")
    shim = crew.folder(one).claim()
    assert isinstance(shim, Begun)
    os.kill(shim.pid, signal.SIGSTOP)  # it will not hear of the stop
    crew.stand.control.stop_run(one, "timeout.run")
    assert crew.stand.records.open_commands(one) != []
    os.kill(shim.pid, signal.SIGKILL)
    assert crew.until(one, "succeeded", "scheduled", "dead").state == "succeeded"


def test_cancel_stops_the_probe_too(crew: Crew) -> None:
    one = crew.start().begun("sleep 60 & wait", verify="echo probing; sleep 60")
    kill_shim(crew, one)
    probe = crew.planner.purpose_folder(one, "verify", one.fence * PROBES_OF_A_FENCE + 1)
    wait_until(lambda: b"probing" in probe.tail(20), timeout=20.0, what="the probe")
    crew.stand.orders.cancel(one.ref, reason="no", actor="me")
    assert crew.until(one, "cancelled").state == "cancelled"


def test_gates_that_cannot_be_started_now_run_later(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, errors = crew.quiet.open, [Invalid("no program"), Unavailable("not now")]

    def open_(window: object) -> str:
        if errors:
            raise errors.pop()
        return real(window)  # type: ignore[arg-type]

    monkeypatch.setattr(crew.quiet, "open", open_)
    one = crew.start().launch(gates=["true"])

    def done() -> bool:
        crew.stand.notifier.ring(COMMANDS)
        return crew.task(one).terminal

    wait_until(done, timeout=20.0, what="the gates")
    assert crew.task(one).state == "succeeded"


def test_gates_whose_shim_is_killed_run_again(crew: Crew) -> None:
    one = crew.start().launch(gates=["echo gating; [ -e second ] || { touch second; sleep 60; }"])
    gates = crew.planner.purpose_folder(one, "gates", 1)
    wait_until(lambda: b"gating" in gates.tail(20), timeout=20.0, what="the gates")
    claim = gates.claim()
    assert isinstance(claim, Begun)
    os.kill(claim.pid, signal.SIGKILL)
    done = crew.until(one, "succeeded", "dead")
    assert (done.state, done.gate_run) == ("succeeded", 2)


# The terminal -------------------------------------------------------------------------------


def test_lost_terminal_gets_its_sessions_and_windows_again(crew: Crew) -> None:
    one = crew.start().begun("sleep 60")
    crew.crew._terminal_lost()
    assert crew.sessions == ["lost", "started"]
    assert {session.agent for session in crew.terminal.sessions()} >= {"testing", "database"}
    assert crew.folder(one).shim_alive()


def test_terminal_that_stays_lost_is_told_and_runs_go_on(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = crew.start().begun("sleep 60")

    def refuse(agents: object) -> None:
        raise Unavailable("no tmux")  # noqa: EM101

    monkeypatch.setattr(crew.terminal, "ensure", refuse)
    crew.crew._terminal_lost()
    assert crew.sessions == ["lost"]
    assert "could not be made again" in caplog.text
    assert crew.folder(one).shim_alive()


def test_terminal_that_goes_with_the_fleet_is_not_missed(crew: Crew) -> None:
    crew.start().crew.stop()
    crew.crew._terminal_lost()
    assert crew.sessions == []


def test_fleet_stops_also_where_it_never_started(crew: Crew) -> None:
    crew.crew.stop()
    assert isinstance(crew.crew, Fleet)


def test_command_that_the_shim_refuses_is_told(
    crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    one = crew.start().begun("sleep 60")
    adopted = crew.stand.control.adopt(one, alive=True)
    run = crew.followed(adopted)
    crew.stand.database.write(lambda tx: crew.stand.desk.command_run(tx, adopted, "dance", {}))
    crew.crew._deliver_to(run)
    assert "was not delivered" in caplog.text
    assert Path(run.folder.path).is_dir()
