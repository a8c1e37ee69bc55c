import os
import subprocess
from pathlib import Path

import pytest

from claude_agent.actions import git
from claude_agent.actions.errors import BadParameter
from tests.unit.actions.acting import Acted, act

IDENTITY = {
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@t",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@t",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **IDENTITY},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _commit(folder: Path, text: str) -> str:
    (folder / "file").write_text(text)
    _git(folder, "add", "file")
    _git(folder, "commit", "-q", "-m", text)
    return _git(folder, "rev-parse", "HEAD")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    _commit(folder, "one")
    _git(folder, "tag", "v1")
    _commit(folder, "two")
    return folder


def _clone(tmp_path: Path, url: object, **more: object) -> Acted:
    return act("clone_repo", folder=tmp_path / "w", home=tmp_path / "h", with_url=str(url), **more)


def test_clone_repo_checks_out_head_and_reports_it(tmp_path: Path, source: Path) -> None:
    acted = _clone(tmp_path, source)
    assert acted.outputs == {"sha": _git(source, "rev-parse", "HEAD"), "path": str(tmp_path / "w")}
    assert (tmp_path / "w/file").read_text() == "two"


@pytest.mark.parametrize("ref", ["v1", "short"])
def test_clone_repo_checks_out_a_tag_or_a_commit(tmp_path: Path, source: Path, ref: str) -> None:
    sha = _git(source, "rev-parse", "v1")
    acted = _clone(tmp_path, source, with_ref=sha[:10] if ref == "short" else ref)
    assert acted.outputs is not None
    assert acted.outputs["sha"] == sha


def test_clone_repo_brings_an_earlier_clone_up_to_date(tmp_path: Path, source: Path) -> None:
    _clone(tmp_path, source)
    (tmp_path / "w/file").write_text("half-written by a killed run")
    (tmp_path / "w/.git/index.lock").touch()
    sha = _commit(source, "three")
    acted = _clone(tmp_path, source)
    assert acted.complaint == ""
    assert acted.outputs is not None
    assert acted.outputs["sha"] == sha
    assert (tmp_path / "w/file").read_text() == "three"


def test_clone_repo_finishes_a_clone_that_was_cut_off(tmp_path: Path, source: Path) -> None:
    (tmp_path / "w").mkdir()
    _git(tmp_path / "w", "init", "-q")
    assert _clone(tmp_path, source).code == 0
    assert (tmp_path / "w/file").read_text() == "two"


def test_clone_repo_uses_a_folder_of_the_home_when_the_workspace_is_taken(
    tmp_path: Path, source: Path
) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/mine").write_text("keep")
    acted = _clone(tmp_path, source)
    target = tmp_path / "h/workspaces/execution-1"
    assert acted.outputs is not None
    assert acted.outputs["path"] == str(target)
    assert [p.name for p in (tmp_path / "w").iterdir()] == ["mine"]
    assert _clone(tmp_path, source).outputs == acted.outputs


def test_clone_repo_refuses_a_folder_with_something_else(tmp_path: Path, source: Path) -> None:
    (tmp_path / "w/taken").mkdir(parents=True)
    (tmp_path / "w/taken/mine").write_text("keep")
    acted = _clone(tmp_path, source, with_dir="taken")
    assert acted.code == 1
    assert "is not empty" in acted.complaint
    assert [p.name for p in (tmp_path / "w/taken").iterdir()] == ["mine"]


def test_clone_repo_refuses_to_reuse_a_clone_of_another_repository(
    tmp_path: Path, source: Path
) -> None:
    _clone(tmp_path, source, with_dir="d")
    acted = _clone(tmp_path, tmp_path / "other", with_dir="d")
    assert acted.code == 1
    assert f"already holds a clone of {source}" in acted.complaint


def test_clone_repo_reports_a_missing_repository_and_ref(tmp_path: Path, source: Path) -> None:
    acted = _clone(tmp_path, tmp_path / "none")
    assert acted.code == 1
    assert "error: git fetch failed: fatal: " in acted.complaint
    acted = _clone(tmp_path / "again", source, with_ref="nope")
    assert acted.complaint.strip().endswith("has no branch, tag or commit 'nope'")
    assert acted.outputs is None


@pytest.mark.parametrize(
    "url", ["ext::sh -c 'touch {}'", "--upload-pack=touch {}", "fd::1", "a\nb", "x" * 3000, "::"]
)
def test_clone_repo_never_runs_what_an_address_names(tmp_path: Path, url: str) -> None:
    mark = tmp_path / "ran"
    acted = _clone(tmp_path, url.format(mark))
    assert acted.code == 2
    assert not mark.exists()
    assert list((tmp_path / "w").iterdir()) == []


@pytest.mark.parametrize("ref", ["--exec=x", "-b", "a..b", "a b", "HEAD@{1}", "a:b", "x" * 300])
def test_check_ref_refuses_what_is_no_plain_name(ref: str) -> None:
    with pytest.raises(BadParameter):
        git.check_ref(ref)


def test_clone_repo_runs_no_hook_of_the_clone(tmp_path: Path, source: Path) -> None:
    _clone(tmp_path, source)
    mark = tmp_path / "ran"
    hooks = tmp_path / "w/.git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "reference-transaction", "fsmonitor"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o700)
    _git(tmp_path / "w", "config", "core.fsmonitor", str(hooks / "fsmonitor"))
    mark.unlink(missing_ok=True)
    _commit(source, "four")
    assert _clone(tmp_path, source).code == 0
    assert not mark.exists()


def test_environment_drops_foreign_git_settings() -> None:
    told = git.environment({"GIT_DIR": "/x", "GIT_CONFIG_COUNT": "1", "GIT_SSH": "s", "HOME": "h"})
    assert "GIT_DIR" not in told
    assert "GIT_CONFIG_COUNT" not in told
    assert told["GIT_SSH"] == "s"
    assert "ext" not in told["GIT_ALLOW_PROTOCOL"].split(":")


def test_clone_repo_clones_into_a_named_workspace(tmp_path: Path, source: Path) -> None:
    acted = _clone(tmp_path, source, with_workspace="ws-1")
    assert acted.code == 0, acted.complaint
    assert acted.outputs is not None
    assert acted.outputs["path"] == str(tmp_path / "h" / "workspaces" / "ws-1")
    assert (tmp_path / "h" / "workspaces" / "ws-1" / "file").is_file()


@pytest.mark.parametrize("name", ["../out", "/out", ".", "a/b"])
def test_clone_repo_refuses_a_workspace_that_is_no_name(
    tmp_path: Path, source: Path, name: str
) -> None:
    acted = _clone(tmp_path, source, with_workspace=name)
    assert (acted.code, "with.workspace" in acted.complaint) == (2, True)


def test_clone_repo_refuses_two_targets(tmp_path: Path, source: Path) -> None:
    acted = _clone(tmp_path, source, with_workspace="one", with_dir="two")
    assert (acted.code, "either dir or workspace" in acted.complaint) == (2, True)
