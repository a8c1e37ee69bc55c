from pathlib import Path

import pytest

from claude_agent.appd import state
from claude_agent.appd.errors import AppError
from claude_agent.appd.processes import Identity
from claude_agent.appd.state import AppState, Deployment


def _made(execution: str, release: str, previous: str) -> Deployment:
    return Deployment(
        execution=execution, key=f"{execution}/d/1", release=release, previous=previous
    )


def test_state_survives_the_disk(tmp_path: Path) -> None:
    known = AppState(
        port=8123,
        wanted=True,
        release="2-bbbbbbb",
        processes=(Identity(pid=7, start_time=9, boot_id="b"),),
        deployments=(_made("e1", "1-aaaaaaa", ""), _made("e2", "2-bbbbbbb", "1-aaaaaaa")),
    )
    state.save(tmp_path, known)
    assert state.load(tmp_path) == known
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_load_takes_a_missing_file_for_a_new_application(tmp_path: Path) -> None:
    assert state.load(tmp_path) == AppState()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"processes": 1}'])
def test_load_names_a_broken_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(AppError, match=r"state\.json cannot be read"):
        state.load(tmp_path)


def test_to_undo_finds_the_last_switch_of_an_execution_still_in_force() -> None:
    first, second = _made("e1", "1-aaaaaaa", ""), _made("e2", "2-bbbbbbb", "1-aaaaaaa")
    known = AppState(release="2-bbbbbbb").with_deployment(first).with_deployment(second)
    assert known.to_undo("e1") == first
    assert known.to_undo("e2") == second
    assert known.to_undo("e3") is None
    assert known.to_undo("") == second
    assert known.previous == "1-aaaaaaa"
    undone = known.with_undone(second)
    assert undone.to_undo("e2") is None
    by_key = undone.by_key("e2/d/1")
    assert by_key is not None
    assert by_key.undone


def test_by_key_never_matches_deployments_made_by_hand() -> None:
    by_hand = Deployment(execution="", key="", release="1-aaaaaaa", previous="")
    assert AppState().with_deployment(by_hand).by_key("") is None


def test_with_deployment_keeps_the_last_fifty() -> None:
    known = AppState()
    for number in range(60):
        known = known.with_deployment(_made(f"e{number}", f"{number}-aaaaaaa", ""))
    assert len(known.deployments) == 50
    assert known.deployments[-1].execution == "e59"
