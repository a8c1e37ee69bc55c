import json
import sys
from pathlib import Path

import pytest

from claude_agent.appd import release
from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import AppPaths
from claude_agent.appd.release import Release


def test_release_reads_back_what_was_saved(tmp_path: Path) -> None:
    paths = AppPaths(home=tmp_path, name="shop")
    made = Release(
        id="12-abcdef0",
        folder=paths.releases / "12-abcdef0",
        start=("python", "-m", "shop"),
        health="/up",
        environment={"APP_ENV": "dev"},
        sha="abcdef0" * 5,
        key="e/d/1",
    )
    made.folder.mkdir(parents=True)
    release.save(made, made.folder)
    assert release.load(paths, made.id) == made
    assert made.argv == [sys.executable, "-m", "shop"]
    assert made.number == 12


@pytest.mark.parametrize("name", ["", "..", "1-abc", "x-abcdef0", "1-abcdef0/../..", "1-ABCDEF0"])
def test_load_refuses_names_that_are_no_release(tmp_path: Path, name: str) -> None:
    with pytest.raises(AppError, match="is no release of shop"):
        release.load(AppPaths(home=tmp_path, name="shop"), name)


@pytest.mark.parametrize("text", [None, "{", "[]", json.dumps({"start": ["x"]})])
def test_load_names_a_release_that_cannot_be_used(tmp_path: Path, text: str | None) -> None:
    paths = AppPaths(home=tmp_path, name="shop")
    folder = paths.releases / "1-abcdef0"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "release.json").write_text(text)
    with pytest.raises(AppError, match="release 1-abcdef0 of shop cannot be used"):
        release.load(paths, "1-abcdef0")
