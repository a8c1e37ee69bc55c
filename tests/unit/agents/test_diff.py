"""The diff of a failed run: what git says of its work tree, bounded, and never in the way."""

import subprocess
from pathlib import Path

import pytest

from claude_agent.agents import diff
from tests.unit.agents.crew import Crew


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "tree"
    place.mkdir()
    git(place, "init", "-q")
    (place / "a.txt").write_text("old\n")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "first")
    return place


def test_a_failed_run_leaves_what_it_had_changed_and_a_good_one_nothing(
    crew: Crew, tree: Path
) -> None:
    crew.start()
    bad = crew.submit("echo new > a.txt; echo secret > b.txt; exit 3", cwd=str(tree))
    crew.bridge.process_queue_task({"task_id": bad.id, "fence": bad.fence})
    dead = crew.until(bad, "dead")
    kept = (crew.folder(dead).path / diff.NAME).read_text()
    assert "-old\n+new\n" in kept
    assert kept.endswith("# new file: b.txt\n")
    assert "secret" not in kept
    good = crew.submit("true", cwd=str(tree))
    crew.bridge.process_queue_task({"task_id": good.id, "fence": good.fence})
    assert not (crew.folder(crew.until(good, "succeeded")).path / diff.NAME).exists()


def test_gates_that_fail_leave_the_diff(crew: Crew, tree: Path) -> None:
    crew.start()
    one = crew.submit("echo new > a.txt", cwd=str(tree), gates=["false"])
    crew.bridge.process_queue_task({"task_id": one.id, "fence": one.fence})
    dead = crew.until(one, "dead")
    assert "+new" in (crew.folder(dead).path / diff.NAME).read_text()


def test_a_large_diff_is_cut_and_kept_once(tree: Path, tmp_path: Path) -> None:
    (tree / "a.txt").write_text("line of the new text\n" * 100_000)
    assert diff.keep(tmp_path, str(tree), above=tmp_path / "home")
    kept = (tmp_path / diff.NAME).read_bytes()
    assert diff.MOST_BYTES < len(kept) < diff.MOST_BYTES + 200
    assert kept.endswith(b"only its beginning was kept)\n")
    assert not diff.keep(tmp_path, str(tree), above=tmp_path / "home")


def test_no_work_tree_no_folder_and_a_checkout_around_our_home_leave_none(
    tree: Path, tmp_path: Path
) -> None:
    (tree / "a.txt").write_text("changed\n")
    home = tree / ".home"
    place = home / "workspaces" / "one"
    place.mkdir(parents=True)
    outside = tmp_path / "plain"
    outside.mkdir()
    for cwd in (str(place), str(outside), str(tmp_path / "gone"), ""):
        assert not diff.keep(outside, cwd, above=home), cwd
    assert not list(outside.iterdir())


def test_what_the_repository_configures_does_not_run(tree: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trapped"
    for key in ("diff.external", "core.fsmonitor", "diff.trap.textconv", "core.pager"):
        git(tree, "config", key, f"touch {trap}; echo")
    (tree / ".gitattributes").write_text("*.txt diff=trap\n")
    (tree / "a.txt").write_text("new\n")
    assert diff.keep(tmp_path, str(tree), above=tmp_path / "home")
    assert not trap.exists()
