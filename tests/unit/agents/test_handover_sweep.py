"""What is left of handed-over secrets: real files in memory, real run folders, a real shim."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.agents.handover_sweep import UNTAKEN_MS, left_over, sweep
from claude_agent.agents.run_files import handovers, place_of
from claude_agent.agents.run_folder import RunFolder
from claude_agent.clock import SystemClock
from tests.unit.agents.test_secret_keeping import asking, folder_of, planner_with
from tests.unit.shim.harness import ShimLab, lab, shim_image

__all__ = ["lab", "shim_image"]


@pytest.fixture
def folder(lab: ShimLab) -> Iterator[RunFolder]:
    """A run of the home that was prepared and has not begun."""
    made = folder_of(planner_with(lab), asking("true"))
    yield made
    place_of(made.path).unlink(missing_ok=True)


def aged(place: Path, ms: int = UNTAKEN_MS + 1_000) -> Path:
    """Let a file be that old: those of others, that lie beside it, stay as young as they are."""
    at = place.stat().st_mtime - ms / 1000
    os.utime(place, (at, at))
    return place


def swept(home: Path, place: Path) -> bool:
    """Sweep and say whether this file is gone."""
    now = SystemClock().now()
    named = place in list(left_over(now))
    sweep(now, home / "runs")
    assert not (named and place.exists())
    return not place.exists()


def test_what_waits_for_its_shim_is_left_alone(lab: ShimLab, folder: RunFolder) -> None:
    place = place_of(folder.path)
    assert json.loads(place.read_bytes())["folder"] == str(folder.path)
    assert not swept(lab.home, place)
    assert not swept(lab.home, aged(place, UNTAKEN_MS - 60_000))
    assert lab.start(folder).wait(60) == 0
    verdict = folder.verdict()
    assert verdict is not None
    assert verdict.ok


def test_a_run_that_never_began_is_sealed_before_its_secrets_go(
    lab: ShimLab, folder: RunFolder
) -> None:
    place = aged(place_of(folder.path))
    assert not swept(lab.home.parent, place)  # another home's
    assert folder.claim() is None
    assert swept(lab.home, place)
    assert lab.start(folder).wait(60) == 0  # a shim that comes late
    assert folder.verdict() is None


@pytest.mark.parametrize("end", ["reaped.json", "exit.json", "claim"])
def test_what_a_dead_shim_did_not_take_goes_with_the_end_of_its_run(
    lab: ShimLab, folder: RunFolder, end: str
) -> None:
    place = place_of(folder.path)
    kept = place.read_bytes()
    if end == "reaped.json":
        folder.write_reaped([])
    elif end == "claim":
        folder.seal(1)
    else:
        lab.start(folder).wait(60)
    place.write_bytes(kept)  # as after a death between the two
    assert swept(lab.home.parent, place)


def test_a_run_that_began_and_did_not_take_them_and_a_home_that_is_gone(
    lab: ShimLab, folder: RunFolder
) -> None:
    place = place_of(folder.path)
    kept = place.read_bytes()
    claim = {"kind": "begun", "pid": 1, "start_time": 1, "boot_id": "x", "at": 1}
    (folder.path / "claim").write_text(json.dumps(claim))
    assert not swept(lab.home, place)
    assert swept(lab.home, aged(place))
    place.write_bytes(kept)
    shutil.rmtree(folder.path)
    assert not swept(lab.home, place)
    assert swept(lab.home, aged(place))
    half = handovers() / f"half-{os.getpid()}"
    half.write_bytes(kept[:20])
    assert not swept(lab.home, half)
    assert swept(lab.home, aged(half))
