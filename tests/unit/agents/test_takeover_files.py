"""What a takeover leaves in files: the conversation of a screen, and answers in a home."""

import json
from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.conversation import left_in, shown_in
from claude_agent.agents.run_files import merge


def folder(path: Path, **about: Any) -> Path:
    """Make a run folder that says this about itself."""
    path.mkdir(parents=True)
    (path / "spec.json").write_text(json.dumps({"about": {"adapter": "claude", **about}}))
    return path


def test_a_screen_belongs_to_the_conversation_it_was_opened_with(tmp_path: Path) -> None:
    shown = folder(tmp_path / "2", transport="tui", conversation="talk")
    assert shown_in(shown) == left_in(shown, ClaudeAdapter({})) == "talk"
    plain = folder(tmp_path / "1", conversation="made up")
    assert shown_in(plain) == left_in(plain, ClaudeAdapter({})) == ""
    line = {"type": "system", "subtype": "init", "session_id": "talk"}
    told = {"n": 1, "at": 1, "kind": "protocol", "line": line}
    (plain / "events-000001.jsonl").write_text(json.dumps(told) + "\n")
    assert left_in(plain, ClaudeAdapter({})) == "talk"
    assert shown_in(tmp_path / "nothing") == ""


def test_a_home_is_told_more_and_keeps_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / ".claude.json"
    file.write_text(json.dumps({"theme": "light", "keys": {"ok": ["a"]}, "projects": {"/x": {}}}))
    more = {"seen": True, "keys": {"ok": ["a", "b"]}, "projects": {"/y": {"trusted": True}}}
    merge(tmp_path, {".claude.json": more})
    assert json.loads(file.read_text()) == {
        "theme": "light",
        "seen": True,
        "keys": {"ok": ["a", "b"]},
        "projects": {"/x": {}, "/y": {"trusted": True}},
    }
    merge(tmp_path, {"deep/new.json": {"a": 1}})
    assert json.loads((tmp_path / "deep/new.json").read_text()) == {"a": 1}
    assert (tmp_path / "deep/new.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["not JSON", "[1]", '"text"'])
def test_a_file_that_is_no_object_stays_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    merge(tmp_path, {"a.json": {"b": 1}})
    assert (tmp_path / "a.json").read_text() == text
    assert len(list(tmp_path.iterdir())) == 1
