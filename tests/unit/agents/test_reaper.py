import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from claude_agent.agents import reaper
from claude_agent.agents.reaper import SurvivorsRemain, reap, survivors
from tests.waiting import wait_until

Processes = list[subprocess.Popen[bytes]]


@pytest.fixture
def started() -> Iterator[Processes]:
    """Processes that are ended after the test."""
    processes: Processes = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def run_id() -> str:
    return f"reaper-{os.getpid()}.1"


def start(started: Processes, text: str, run_id: str | None) -> subprocess.Popen[bytes]:
    env = {"PATH": os.environ["PATH"], "SOMETHING": "else"}
    if run_id is not None:
        env["CLAUDE_AGENT_RUN_ID"] = run_id
    process = subprocess.Popen(["sh", "-c", text], env=env)
    started.append(process)
    return process


def test_reap_ends_every_process_that_carries_the_run_id(started: Processes, run_id: str) -> None:
    first = start(started, "trap '' TERM INT HUP; sleep 100 & wait; sleep 100", run_id)
    away = start(started, "exec setsid sleep 100", run_id)
    wait_until(lambda: len(survivors(run_id)) == 3, what="three processes")
    killed = reap(run_id)
    assert len(killed) == 3
    assert {first.pid, away.pid} <= set(killed)
    assert survivors(run_id) == []
    assert first.wait(5) == away.wait(5) == -signal.SIGKILL


def test_reap_ends_parts_of_the_run_too(started: Processes, run_id: str) -> None:
    part = start(started, "exec sleep 100", f"{run_id}.gates-1")
    wait_until(lambda: survivors(run_id) == [part.pid], what="the part")
    assert reap(run_id) == [part.pid]


def test_reap_spares_other_runs_and_those_without_an_id(started: Processes, run_id: str) -> None:
    others = [
        start(started, "exec sleep 100", f"{run_id}0"),  # run 10 is not run 1
        start(started, "exec sleep 100", f"x{run_id}"),
        start(started, "exec sleep 100", None),
    ]
    ours = start(started, "exec sleep 100", run_id)
    wait_until(lambda: survivors(run_id) == [ours.pid], what="ours")
    assert reap(run_id) == [ours.pid]
    assert [process.poll() for process in others] == [None, None, None]


def test_reap_catches_a_process_that_forks_all_the_time(started: Processes, run_id: str) -> None:
    start(started, "while :; do (setsid sleep 100 &); sleep 0.002; done", run_id)
    wait_until(lambda: len(survivors(run_id)) > 5, what="some forks")
    assert reap(run_id)
    assert survivors(run_id) == []


def test_reap_finds_nothing_for_an_unknown_run() -> None:
    assert reap("never-was.1") == []


def test_survivors_leave_out_this_process(run_id: str) -> None:
    probe = (
        "import sys;from claude_agent.agents.reaper import survivors,reap;"
        "print(survivors(sys.argv[1]), reap(sys.argv[1]))"
    )
    env = {**os.environ, "CLAUDE_AGENT_RUN_ID": run_id}
    argv = [sys.executable, "-c", probe, run_id]
    done = subprocess.run(argv, env=env, capture_output=True, check=True)
    assert done.stdout.split() == [b"[]", b"[]"]


def test_reap_says_so_when_a_process_does_not_end_in_time(
    started: Processes, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that waits in the kernel cannot be made here: one that is not killed stands in."""
    stuck = start(started, "exec sleep 100", run_id)
    wait_until(lambda: survivors(run_id) == [stuck.pid], what="it")
    monkeypatch.setattr(reaper, "_kill", lambda _pid, _run_id: False)
    with pytest.raises(SurvivorsRemain, match=str(stuck.pid)):
        reap(run_id, limit_s=0.05)


def test_kill_looks_again_before_it_kills(started: Processes, run_id: str) -> None:
    other = start(started, "exec sleep 100", None)
    assert not reaper._kill(other.pid, run_id)
    assert not reaper._kill(2**22 + 1, run_id)
    assert other.poll() is None
