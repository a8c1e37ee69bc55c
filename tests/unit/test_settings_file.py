"""An agent is written into a settings file and taken out again; everything else stays."""

import tomllib
from pathlib import Path

import pytest

from claude_agent.errors import ClaudeAgentError, Conflict, Invalid, NotFound
from claude_agent.settings_file import add_agent, remove_agent

BEFORE = "# mine\n[server]\nport = 7421  # not the usual one\n\n[agents.one]\nslots = 2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with comments and an agent."""
    path = tmp_path / "config.toml"
    path.write_text(BEFORE)
    path.chmod(0o640)
    return path


def test_an_agent_is_appended_and_everything_else_stays(file: Path) -> None:
    odd = 'She said "no",\n\\o/ ä \x7f'
    block = add_agent(file, "two", {"adapter": "shell", "slots": 3, "instructions": odd})
    text = file.read_text()
    assert text == f"{BEFORE}\n{block}"
    assert tomllib.loads(text)["agents"]["two"] == {
        "adapter": "shell",
        "slots": 3,
        "instructions": odd,
    }
    assert file.stat().st_mode & 0o777 == 0o640
    remove_agent(file, "two")
    assert file.read_text() == BEFORE
    remove_agent(file, "one")
    assert "agents" not in tomllib.loads(file.read_text())
    assert "# mine" in file.read_text()


def test_a_file_is_made_where_there_is_none_and_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "deep" / "config.toml"
    add_agent(link, "two", {"adapter": "fake"})
    assert tomllib.loads(link.read_text())["agents"]["two"]["adapter"] == "fake"
    link.rename(real)
    link.symlink_to(real)
    add_agent(link, "three", {"adapter": "fake"})
    assert link.is_symlink()
    assert "three" in tomllib.loads(real.read_text())["agents"]


def test_a_session_of_a_person_brings_their_tmux_server(file: Path) -> None:
    add_agent(file, "two", {"adapter": "shell", "session": "dev"})
    assert tomllib.loads(file.read_text())["tmux"] == {"socket": "default"}
    add_agent(file, "three", {"adapter": "shell", "session": "dev"})
    file.write_text('[tmux]\nsocket = "private"\n')
    with pytest.raises(Conflict, match="says otherwise"):
        add_agent(file, "four", {"adapter": "shell", "session": "dev"})


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("one", {"adapter": "shell"}, "has an agent one already"),
        ("Two", {"adapter": "shell"}, "cannot be an agent's name"),
        ("two", {"adapter": "nobody"}, "no adapter nobody"),
        ("two", {"adapter": "declared"}, "no file is named"),
        ("two", {"adapter": "shell", "slots": 0}, "slots"),
        ("two", {"adapter": "shell", "session": "a:b"}, "session"),
    ],
)
def test_what_is_refused_changes_nothing(
    file: Path, name: str, values: dict[str, object], said: str
) -> None:
    with pytest.raises(ClaudeAgentError, match=said):
        add_agent(file, name, values)
    assert file.read_text() == BEFORE
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]


def test_what_cannot_be_taken_out_is_said(file: Path) -> None:
    with pytest.raises(NotFound, match="no agent two"):
        remove_agent(file, "two")
    file.write_text("agents = { two = { slots = 2 } }\n")
    with pytest.raises(Invalid, match="another form"):
        remove_agent(file, "two")
    file.write_text("agents = {\n")
    with pytest.raises(Invalid, match="not TOML"):
        add_agent(file, "three", {"adapter": "shell"})
    assert add_agent(file.with_name("b.toml"), "a", {"adapter": "shell"}, dry=True)
    assert not file.with_name("b.toml").exists()
