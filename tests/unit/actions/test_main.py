from pathlib import Path

import pytest

from tests.unit.actions.acting import act


def test_noop_shows_its_message_and_leaves_it(tmp_path: Path) -> None:
    acted = act("noop", folder=tmp_path / "w", home=tmp_path / "h", with_message="hello")
    assert (acted.code, acted.shown, acted.outputs) == (0, "hello\n", {"message": "hello"})


@pytest.mark.parametrize(
    ("name", "hint"), [("clone_repos", "Did you mean clone_repo?"), ("zzz", "Known: noop, ")]
)
def test_main_names_the_nearest_action_when_unknown(tmp_path: Path, name: str, hint: str) -> None:
    acted = act(name, folder=tmp_path / "w", home=tmp_path / "h")
    assert acted.code == 2
    assert f"there is no action '{name}'" in acted.complaint
    assert hint in acted.complaint
    assert "Traceback" not in acted.complaint


def test_main_complains_in_one_sentence_about_a_bad_value(tmp_path: Path) -> None:
    acted = act("http_check", folder=tmp_path / "w", home=tmp_path / "h", with_url="file:///etc")
    assert acted.code == 2
    assert acted.complaint == "error: with.url: 'file:///etc' is not an http or https address\n"
    assert acted.outputs is None
