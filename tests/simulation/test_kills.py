"""SIGKILL before and after each commit of the engine's new transactions: the end is the same.

One by one in `make test`; with PROVE_SCALE over 1 at every transaction, and at pairs of them.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.files import ROOT
from tests.simulation.kills import FORGETFUL
from tests.simulation.stories import STORIES

GROUPS = [list(STORIES)[n::4] for n in range(4)]
"""Stories that one process tells: to start it takes longer than a story."""


def told(folder: Path, scale: int, *words: str) -> list[dict[str, Any]]:
    """Let stories be played by a process of its own; return what it says of them."""
    program = [sys.executable, "-m", "tests.simulation.kills", str(folder), str(scale)]
    done = subprocess.run([*program, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("stories", GROUPS, ids=" ".join)
def test_the_end_is_the_same_wherever_the_server_is_killed(
    stories: list[str], tmp_path: Path, prove_scale: int
) -> None:
    found = told(tmp_path, prove_scale, *stories)
    assert [one["story"] for one in found] == stories
    for one in found:
        about = STORIES[one["story"]].about
        assert about <= {*one["said"]}, f"{one['story']} does not tell of {about}"
        assert one["points"] >= 6, one["story"]
        assert not one["wrong"], json.dumps(one["wrong"][:3], indent=1)


@pytest.mark.timeout(600)
def test_an_engine_that_loses_news_when_it_dies_is_found(tmp_path: Path) -> None:
    (one,) = told(tmp_path, 1, FORGETFUL, "child")
    assert one["wrong"]
    assert all("it never ends" in str(each) for each in one["wrong"]), one["wrong"]
