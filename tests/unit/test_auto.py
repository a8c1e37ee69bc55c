"""Which adapters there are, and which one `auto` picks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from claude_agent.adapters_build import find_drivers
from claude_agent.auto import Auto
from claude_agent.catalogue_build import build_catalogue
from claude_agent.core.catalogue import Catalogue
from claude_agent.errors import Invalid
from claude_agent.settings import Settings

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """A machine without any agent CLI, on which some can be installed."""
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def put(name: str, version: str) -> None:
        (tools / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tools / name).chmod(0o755)

    return put


def auto(*names: str, isolated: bool = False, may: str = "all") -> Auto:
    return Auto(names, isolated=isolated, how=("auto", may))


@pytest.mark.usefixtures("install")
def test_without_any_cli_each_says_why_not() -> None:
    found = auto().look()
    assert found.adapter == ""
    for title in ("Claude Code", "Codex", "Gemini CLI", "OpenCode", "aider"):
        assert f"{title} is not installed" in found.why


def test_claude_comes_first_where_somebody_is_logged_in(install: Install, tmp_path: Path) -> None:
    install("codex", "0.169.0")
    install("claude", "2.1.329")
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "auth.json").touch()
    found = auto().look()
    assert found.adapter == "codex"
    assert "Claude Code 2.1.329 is installed, but nobody is logged in." in found.why
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / ".credentials.json").touch()
    assert auto().look().adapter == "claude"
    assert auto(isolated=True).look().adapter == "", "the person's login is not its own"


def test_a_key_counts_only_where_the_agent_gets_it(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("opencode", "1.18.33")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert auto().look().adapter == ""
    assert auto("OPENAI_API_KEY").look().adapter == "opencode"
    assert auto("OPENAI_API_KEY", isolated=True).look().adapter == "opencode"
    assert auto("OPENAI_API_KEY", may="ask").look().adapter == "", "it cannot ask"


def test_an_agent_with_auto_is_driven_by_what_was_found(install: Install, tmp_path: Path) -> None:
    install("claude", "2.1.329")
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / ".credentials.json").touch()
    catalogue = catalogue_of(tmp_path, "")
    info = catalogue.agent("testing")
    assert (info.adapter, info.takes_prompt) == ("claude", True)
    assert "Claude Code 2.1.329" in info.note
    assert dict(catalogue.agents.items())["database"].adapter == "claude"


@pytest.mark.usefixtures("install")
def test_an_agent_with_auto_and_no_cli_takes_no_prompt(tmp_path: Path) -> None:
    info = catalogue_of(tmp_path, "").agent("testing")
    assert (info.adapter, info.takes_prompt) == ("auto", False)
    assert "Codex is not installed" in info.note


def catalogue_of(tmp_path: Path, config: str) -> Catalogue:
    settings = settings_of(tmp_path, config)
    return build_catalogue(settings, find_drivers(settings))


def settings_of(tmp_path: Path, config: str) -> Settings:
    (tmp_path / "claude-agent.toml").write_text(config)
    home = tmp_path / "home"
    return Settings.load(str(home), environment={"HOME": str(tmp_path)}, folder=tmp_path)


GOOSE = """
name = "goose"
command = ["goose"]
[[events]]
when = { type = "end" }
event = "final"
"""


def test_a_declared_agent_has_the_adapter_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "goose.toml"
    file.write_text(GOOSE)
    config = f'[agents.testing]\nadapter = "declared"\ndeclaration = "{file}"\n'
    catalogue = catalogue_of(tmp_path, config + config.replace("testing", "database"))
    info = catalogue.agent("testing")
    assert (info.adapter, info.takes_prompt) == ("goose", True)
    assert catalogue.agent("database").adapter == "goose"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('adapter = "claud"', "There is no adapter claud for agent testing"),
        ('adapter = "declared"', 'has adapter = "declared" and no'),
        ('adapter = "declared"\ndeclaration = "none.toml"', "none.toml cannot be read"),
        ('adapter = "declared"\ndeclaration = "codex.toml"', "takes the name codex: it is taken"),
    ],
)
def test_what_drives_nothing_is_refused(tmp_path: Path, config: str, words: str) -> None:
    settings = settings_of(tmp_path, f"[agents.testing]\n{config}\n")
    (settings.home / "codex.toml").write_text(GOOSE.replace('"goose"', '"codex"', 1))
    with pytest.raises(Invalid) as refused:
        find_drivers(settings)
    assert words in refused.value.detail
