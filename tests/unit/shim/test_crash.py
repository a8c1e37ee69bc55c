import os
import random
import signal
import threading
from pathlib import Path
from time import monotonic

from claude_agent.agents import reaper
from claude_agent.agents.run_folder import Begun, RunFolder, Sealed
from claude_agent.shim.claim import claim_run
from tests.unit.shim.harness import ShimLab, ask, exists, lines, verdict
from tests.waiting import wait_until


def claim_in_child(folder: Path, gate: int, *, die: bool = False) -> int:
    """Fork a process that claims the folder when `gate` opens; exit 0: it won."""
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        os.read(gate, 1)
        won = claim_run() is not None
        if die:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0 if won else 1)
    return pid


def opened() -> int:
    """Return a gate that is open."""
    gate, other = os.pipe()
    os.close(other)
    return gate


def test_claim_goes_to_exactly_one_when_seal_and_begin_race(tmp_path: Path) -> None:
    outcomes = []
    for number in range(100):
        folder = RunFolder(tmp_path / str(number))
        folder.path.mkdir()
        gate, other = os.pipe()
        pid = claim_in_child(folder.path, gate)
        pause = threading.Event()
        os.write(other, b"!")
        pause.wait((number % 10) * 0.00005)  # who is first moves through the race
        sealed = folder.seal(9)
        began = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        os.close(gate)
        os.close(other)
        assert sealed != began
        claim = folder.claim()
        assert isinstance(claim, Sealed if sealed else Begun)
        left = sorted(path.name for path in folder.path.iterdir())
        assert left == (["claim", "sealed"] if sealed else ["begun", "claim"])
        outcomes.append(sealed)
    assert 0 < sum(outcomes) < 100, "both must win sometimes, else nothing raced"


def test_run_happens_exactly_when_the_seal_lost(lab: ShimLab) -> None:
    chance = random.Random(20)  # noqa: S311 - moments, no secrets
    wins = 0
    for number in range(24):
        folder = lab.folder(lab.spec("touch", f"ran-{number}"))
        shim = lab.start(folder)
        threading.Event().wait(chance.uniform(0.0, 0.04))
        sealed = folder.seal(9)
        assert shim.wait(60) == 0
        assert (lab.home / f"ran-{number}").exists() != sealed
        assert (folder.verdict() is None) == sealed
        wins += sealed
    assert 0 < wins <= 24


def test_seal_is_refused_when_the_shim_was_killed_right_after_its_claim(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    os.waitpid(claim_in_child(tmp_path, opened(), die=True), 0)
    assert isinstance(folder.claim(), Begun)
    assert not folder.shim_alive()
    assert not folder.seal(2)
    assert folder.verdict() is None


def test_claim_is_left_alone_when_the_shim_is_killed_before_it(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec("touch", "ran"))
    shim = lab.start(folder)
    shim.kill()
    shim.wait()
    if folder.claim() is None:  # else it was quicker than the kill, which another test covers
        assert folder.seal(2)
        assert not (lab.home / "ran").exists()
    assert lab.start(folder).wait(60) == 0
    assert not (lab.home / "ran").exists() or isinstance(folder.claim(), Begun)


def test_killed_shim_leaves_a_state_that_can_be_settled_at_any_moment(lab: ShimLab) -> None:
    """Kill at 30 moments: each run is sealed, reaped or has its verdict, and nothing lives on."""
    text = "echo $$ > pid; setsid sleep 300 & (setsid sleep 300 &); echo up; wait"
    begin = monotonic()
    lab.running(lab.spec(sh=text))
    whole = (monotonic() - begin) * 1.5  # so the moments reach from before the claim to the work
    seen = set()
    for number in range(30):
        spec = lab.spec(sh=text)
        folder = lab.folder(spec)
        shim = lab.start(folder)
        threading.Event().wait(whole * number / 30)
        shim.kill()
        shim.wait()
        assert folder.verdict() is None
        assert not folder.shim_alive()
        if folder.seal(9):
            seen.add("sealed")
            assert not lines(folder)
        else:
            seen.add("orphaned")
            folder.write_reaped(reaper.reap(spec.run_id))
            assert folder.reaped()
        assert reaper.survivors(spec.run_id) == []
    assert seen == {"sealed", "orphaned"}


def test_orphans_of_a_killed_shim_are_found_and_ended(lab: ShimLab) -> None:
    text = "setsid sleep 300 & echo $!; (setsid sleep 300 & echo $!); echo up; wait"
    spec = lab.spec(sh=text)
    folder, shim = lab.running(spec)
    children = [int(word) for word in folder.tail(100).split()[:2]]
    assert folder.shim_alive()
    shim.kill()
    shim.wait()
    assert not folder.shim_alive()
    assert all(exists(pid) for pid in children), "a dead shim is not a dead agent"
    assert set(children) <= set(reaper.reap(spec.run_id))
    wait_until(lambda: not any(map(exists, children)), what="their end")


def test_shim_stays_the_same_one_when_nobody_watches_it(lab: ShimLab) -> None:
    """The server may die and come back: another client goes on with a higher fence."""
    folder, shim = lab.running(lab.spec(sh="echo up; until [ -e go ]; do sleep 0.02; done"))
    claim = folder.claim()
    assert isinstance(claim, Begun)
    assert ask(folder, "status", fence=4)["pid"] == claim.pid == shim.pid
    (lab.home / "go").touch()
    assert shim.wait(60) == 0
    assert verdict(folder).ok
