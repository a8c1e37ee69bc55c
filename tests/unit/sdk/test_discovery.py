# ruff: noqa: S105, S106 - the tokens of a test
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claude_sdk import discovery
from claude_sdk.errors import ClaudeError, ServerUnreachable


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    return child.pid


def write(home: Path, **document: object) -> None:
    home.mkdir(exist_ok=True)
    (home / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:7420/"} | document))
    (home / "token").write_text("secret\n")


def test_locator_reads_address_and_token_from_the_home(tmp_path: Path) -> None:
    write(tmp_path, pid=os.getpid())
    found = discovery.locator(home=tmp_path)()
    assert found == discovery.Endpoint(url="http://127.0.0.1:7420", token="secret", alive=True)


def test_locator_says_that_nobody_is_alive_when_both_processes_are_gone(tmp_path: Path) -> None:
    write(tmp_path, pid=dead_pid(), keeper_pid=dead_pid())
    assert discovery.locator(home=tmp_path)().alive is False


def test_locator_expects_a_restart_while_the_keeper_lives(tmp_path: Path) -> None:
    write(tmp_path, pid=dead_pid(), keeper_pid=os.getpid())
    assert discovery.locator(home=tmp_path)().alive is True


def test_locator_raises_with_the_next_command_when_there_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(ServerUnreachable, match="No claude-agent server") as caught:
        discovery.locator(home=tmp_path)()
    assert "claude-agent up" in caught.value.hint


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"pid": 1}', '{"url": "x", "pid": "a"}'])
def test_server_file_is_none_when_it_is_not_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert discovery.read_server_file(str(tmp_path)) is None


def test_environment_names_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "t").write_text("filed")
    monkeypatch.setenv("CLAUDE_AGENT_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("CLAUDE_AGENT_TOKEN_FILE", str(tmp_path / "t"))
    assert discovery.locator()() == discovery.Endpoint(url="http://127.0.0.1:9", token="filed")


def test_token_of_the_home_is_not_sent_to_another_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(tmp_path)
    monkeypatch.setenv("CLAUDE_AGENT_HOME", str(tmp_path))
    assert discovery.locator(url="http://example.org:80")().token == ""
    assert discovery.locator(url="http://localhost:80")().token == "secret"
    assert discovery.locator(url="http://example.org:80", token="given")().token == "given"


@pytest.mark.parametrize("url", ["localhost:7420", "ftp://x", "http://", "http://x:nope"])
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ClaudeError, match="is not an address"):
        discovery.locator(url=url)()


def test_home_follows_the_environment(tmp_path: Path) -> None:
    assert discovery.default_home({"CLAUDE_AGENT_HOME": str(tmp_path)}) == str(tmp_path)
    assert discovery.default_home({"XDG_STATE_HOME": "/x"}) == "/x/claude-agent"
    assert discovery.default_home({}).endswith(".local/state/claude-agent")


def test_unreadable_token_is_explained(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "token").write_bytes(b"\xff")
    with pytest.raises(ClaudeError, match=r"token in .* cannot be read"):
        discovery.locator(home=tmp_path)()
