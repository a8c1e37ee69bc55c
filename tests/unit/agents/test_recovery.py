"""Seal, reap, then decide: what becomes of a run that nobody follows."""

import os
import signal

import pytest

from claude_agent.agents import reaper
from claude_agent.agents.reaper import SurvivorsRemain
from claude_agent.agents.recovery import PROBES_OF_A_FENCE, Recovery
from claude_agent.agents.run_folder import Begun, RunFolder, Sealed
from claude_agent.domain.task import Task
from claude_agent.errors import Unavailable
from tests.unit.agents.crew import Crew
from tests.waiting import wait_until


class Checks:
    """Remembers the gates and probes that were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.error: Exception | None = None

    def __call__(self, _task: Task, purpose: str, k: int) -> None:
        self.asked.append((purpose, k))
        if self.error is not None:
            raise self.error


@pytest.fixture
def checks() -> Checks:
    return Checks()


@pytest.fixture
def recovery(crew: Crew, checks: Checks) -> Recovery:
    return Recovery(control=crew.stand.control, planner=crew.planner, checks=checks)


def orphan(crew: Crew, **fields: object) -> Task:
    """Return a task whose shim was killed while something of its command goes on."""
    one = crew.submit("sleep 60 & echo up; wait", **fields)
    crew.bridge.process_queue_task({"task_id": one.id, "fence": one.fence})
    folder = crew.folder(one)
    wait_until(lambda: b"up" in folder.tail(10), timeout=20.0, what="the command")
    claim = folder.claim()
    assert isinstance(claim, Begun)
    os.kill(claim.pid, signal.SIGKILL)
    wait_until(lambda: not folder.shim_alive(), what="the shim to be dead")
    assert reaper.survivors(one.run_id) != []
    return crew.task(one)


def starts(crew: Crew, one: Task) -> int:
    return crew.stand.types(one.stream).count("task.started")


# Seal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", ["nothing", "folder", "sealed"])
def test_run_that_never_began_is_sealed_and_given_back(
    crew: Crew, recovery: Recovery, made: str
) -> None:
    one = crew.stand.start(crew.submit())
    if made == "folder":
        crew.folder(one).path.mkdir(parents=True)
    if made == "sealed":
        crew.folder(one).seal(one.fence)
    recovery.settle(one)
    assert isinstance(crew.folder(one).claim(), Sealed)
    given = crew.task(one)
    assert (given.state, given.attempt, given.deliveries) == ("ready", 0, 1)


def test_shim_that_comes_late_to_a_sealed_run_touches_nothing(
    crew: Crew, recovery: Recovery
) -> None:
    one = crew.submit("touch ran")
    crew.planner.prepare(one, crew.stand.catalogue.agent("testing"), crew.bridge.adapter_for(one))
    recovery.settle(crew.stand.start(one))
    argv = crew.planner.shim_argv(crew.folder(one))
    process = os.posix_spawn(argv[0], argv, {"PATH": os.environ["PATH"]})
    assert os.waitpid(process, 0)[1] == 0
    assert not (crew.places.workspaces / one.id / "ran").exists()
    assert crew.folder(one).verdict() is None


@pytest.mark.parametrize("state", ["ready", "scheduled", "succeeded"])
def test_task_that_has_no_run_is_left_alone(crew: Crew, recovery: Recovery, state: str) -> None:
    if state == "succeeded":
        one = crew.stand.end(crew.stand.start(crew.submit()))
    else:
        one = crew.stand.submit(delay="1h" if state == "scheduled" else None)
    assert one.state == state
    before = crew.stand.everything()
    recovery.settle(one)
    assert crew.stand.everything() == before


# Reap ---------------------------------------------------------------------------------------


def test_orphan_is_reaped_before_anything_is_decided(crew: Crew, recovery: Recovery) -> None:
    one = orphan(crew, idempotent=True)
    recovery.settle(one)
    assert reaper.survivors(one.run_id) == []
    assert crew.folder(one).reaped()
    types = crew.stand.types(one.stream)[-4:]
    assert types == ["task.uncertain", "task.reaped", "task.resolved", "task.retry_scheduled"]
    assert starts(crew, one) == 1


def test_orphan_that_cannot_be_killed_is_not_decided(
    crew: Crew, recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = orphan(crew, idempotent=True)

    def stubborn(run_id: str) -> list[int]:
        raise SurvivorsRemain("they wait in the kernel")  # noqa: EM101

    with monkeypatch.context() as patch:
        patch.setattr(reaper, "reap", stubborn)
        with pytest.raises(SurvivorsRemain):
            recovery.settle(one)
    assert crew.task(one).state == "uncertain"
    recovery.settle(crew.task(one))
    assert crew.task(one).state == "scheduled"


@pytest.mark.parametrize(
    ("fields", "state", "how"),
    [
        ({"idempotent": True}, "scheduled", "idempotent"),
        ({"on_uncertain": "retry"}, "scheduled", "idempotent"),
        ({"on_uncertain": "fail", "idempotent": True}, "dead", "rule"),
    ],
)
def test_rule_decides_about_a_lost_run(
    crew: Crew, recovery: Recovery, fields: dict[str, object], state: str, how: str
) -> None:
    one = orphan(crew, **fields)
    recovery.settle(one)
    assert crew.task(one).state == state
    (resolved,) = [e.event for e in crew.stand.history() if e.event.type == "task.resolved"]
    assert resolved.data["how"] == how


def test_person_is_asked_where_no_rule_decides(
    crew: Crew, recovery: Recovery, caplog: pytest.LogCaptureFixture
) -> None:
    one = orphan(crew)
    recovery.settle(one)
    waiting = crew.task(one)
    assert (waiting.state, waiting.reaped_run) == ("uncertain", 1)
    assert f"task resolve {one.ref}" in caplog.text
    recovery.settle(waiting)
    assert crew.task(one) == waiting


def test_cancelled_orphan_is_cancelled_after_it_was_reaped(crew: Crew, recovery: Recovery) -> None:
    one = orphan(crew, verify="true")
    crew.stand.orders.cancel(one.ref, reason="no", actor="me")
    recovery.settle(crew.task(one))
    assert crew.task(one).state == "cancelled"
    assert reaper.survivors(one.run_id) == []


# Probes -------------------------------------------------------------------------------------


def test_probe_is_asked_once_for_each_try(crew: Crew, recovery: Recovery, checks: Checks) -> None:
    one = orphan(crew, verify="true")
    recovery.settle(one)
    first = one.fence * PROBES_OF_A_FENCE + 1  # apart from those of owners on other hosts
    assert (checks.asked, crew.task(one).state) == ([("verify", first)], "uncertain")
    crew.planner.purpose_folder(one, "verify", first).path.mkdir()
    recovery.settle(crew.task(one))
    assert checks.asked == [("verify", first), ("verify", first + 1)]
    assert isinstance(crew.planner.purpose_folder(one, "verify", first).claim(), Sealed)


def probed(crew: Crew, one: Task, text: str) -> RunFolder:
    """Run a probe to its end and return its folder."""
    agent = crew.stand.catalogue.agent("testing")
    folder = crew.planner.prepare_checks(one, agent, "verify", 1, [("verify", text)])
    argv = crew.planner.shim_argv(folder)
    process = os.posix_spawn(argv[0], argv, {"PATH": os.environ["PATH"]})
    os.waitpid(process, 0)
    return folder


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("true", "succeeded"),
        ("exit 3", "scheduled"),
        # Killed: it says nothing about the work, so nothing is done a second time.
        ("kill -9 $$", "uncertain"),
    ],
)
def test_probe_decides_by_its_exit_code_alone(
    crew: Crew, recovery: Recovery, text: str, state: str
) -> None:
    one = orphan(crew, verify="true")
    recovery.settle(one)
    run = crew.followed(crew.task(one))
    run.folder = probed(crew, crew.task(one), text)
    run.purpose = "verify"
    assert recovery.probe_ended(run).state == state
    assert crew.task(one).state == state


def test_killed_probe_of_a_cancelled_task_cancels_it(crew: Crew, recovery: Recovery) -> None:
    one = orphan(crew, verify="true")
    crew.stand.control.lost(one.id, one.fence, "gone")
    crew.stand.orders.cancel(one.ref, reason="no", actor="me")
    crew.stand.control.reaped(one.id, one.fence, 0)
    run = crew.followed(crew.task(one))
    run.folder = probed(crew, crew.task(one), "kill -9 $$")
    assert recovery.probe_ended(run).state == "cancelled"
    reaper.reap(one.run_id)


# Gates --------------------------------------------------------------------------------------


def verifying(crew: Crew) -> Task:
    return crew.stand.end(crew.stand.start(crew.submit(gates=["true"])))


def test_gates_whose_owner_was_lost_run_again(
    crew: Crew, recovery: Recovery, checks: Checks
) -> None:
    one = verifying(crew)
    crew.planner.purpose_folder(one, "gates", 1).path.mkdir(parents=True)
    recovery.settle(one)
    assert (checks.asked, crew.task(one).gate_run) == ([("gates", 2)], 2)
    assert isinstance(crew.planner.purpose_folder(one, "gates", 1).claim(), Sealed)


def test_gates_that_cannot_be_prepared_fail_the_attempt(
    crew: Crew, recovery: Recovery, checks: Checks
) -> None:
    one = verifying(crew)
    checks.error = OSError("no space")
    recovery.settle(one)
    found = crew.task(one)
    assert (found.state, found.reason) == ("dead", "gate")
    assert found.error is not None
    assert "no space" in found.error["message"]


def test_gates_that_cannot_be_started_now_are_left_for_later(
    crew: Crew, recovery: Recovery, checks: Checks
) -> None:
    one = verifying(crew)
    checks.error = Unavailable("not now")
    with pytest.raises(Unavailable):
        recovery.settle(one)
    assert crew.task(one).state == "verifying"
    checks.error = None
    recovery.settle(crew.task(one))
    assert checks.asked == [("gates", 2), ("gates", 3)]
