"""On a person's own tmux server: their sessions get tasks, and nothing of theirs is touched."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.files import ROOT
from tests.contract.terminal_tools import pid_in
from tests.e2e.product import Product, lives, product

PAGE = ROOT / "docs" / "how-to" / "agents.md"


class Person:
    """Somebody with a session `dev` on their own server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        place = folder / f"tmux-{os.geteuid()}"
        place.mkdir(mode=0o700)
        self.socket = place / "default"
        self.tmux("new-session", "-d", "-s", "dev", "sh", "-c", f"echo $$ > {folder}/pid; exec cat")
        self.pid = pid_in(folder / "pid")

    def tmux(self, *words: str) -> str:
        """Run one command of tmux; return what it prints."""
        argv = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()

    def seen(self) -> tuple[str, ...]:
        """Return what must not change: their options, and what their pane shows."""
        return (
            self.tmux("show-options", "-s"),
            self.tmux("show-options", "-g"),
            self.tmux("show-options", "-gw"),
            self.tmux("show-options", "-t", "=dev:"),
            self.tmux("capture-pane", "-p", "-t", "=dev:^"),
        )


@pytest.fixture
def person() -> Iterator[Person]:
    with tempfile.TemporaryDirectory(prefix="cp-", dir="/tmp") as folder:
        made = Person(Path(folder))
        yield made
        made.tmux("kill-server")


@pytest.fixture
def guest(person: Person) -> Iterator[Product]:
    """A product on the person's server that is not up yet."""
    own = {"TMUX_TMPDIR": str(person.folder), "XDG_CONFIG_HOME": str(person.folder / "config")}
    tools = person.folder / "bin"
    tools.mkdir()
    (tools / "codex").write_text("#!/bin/sh\necho codex-cli 0.169.0\n")
    (tools / "codex").chmod(0o755)
    own |= {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(person.folder)}
    own |= {"CLAUDE_AGENT_AGENTS_DATABASE_ADAPTER": "codex"}
    own |= {"CLAUDE_AGENT_AGENTS_TESTING_ADAPTER": "gemini"}
    own |= {"CLAUDE_AGENT_AGENTS_MASTER_ADAPTER": "fake"}
    with product(own, up=False) as made:
        yield made


def as_told(what: str) -> tuple[list[str], str]:
    """Return the words that the page shows for a command, and what it prints below it."""
    block = next(part for part in PAGE.read_text().split("```console\n") if what in part)
    lines = block.split("```")[0].splitlines()
    return shlex.split(lines[0])[2:], "\n".join(lines[1:])


def sessions(made: Product) -> dict[str, Any]:
    """Return the sessions by name."""
    words, _ = as_told("agent list --sessions")
    return {one["name"]: one for one in made.json(*words)["items"]}


def test_a_session_that_a_person_has_is_listed_and_given_tasks(
    person: Person, guest: Product
) -> None:
    words, printed = as_told("agent add helper")
    assert guest.cli(*words).stdout.strip() == printed
    assert "has an agent helper already" in guest.cli(*words, expect=6).stderr
    assert (
        "no adapter nobody"
        in guest.cli("agent", "add", "x", "--adapter", "nobody", expect=2).stderr
    )
    before = person.seen()
    guest.up()
    found = sessions(guest)
    assert (found["dev"]["agent"], found["dev"]["ours"]) == ("helper", False)
    assert found["claude-master"]["ours"]
    assert found["dev"]["active_at"] is not None

    task = guest.submit(guest.held("beside"), agent="helper")
    guest.started("beside")
    shown = person.tmux("list-windows", "-t", "=dev", "-F", "#{window_name}").splitlines()
    assert task["ref"] in shown
    guest.let_go("beside")
    guest.reaches(task["id"], "succeeded")
    assert person.seen() == before
    assert guest.json("agent", "doctor")["ok"]
    guest.down("--stop-agents")
    assert lives(person.pid)
    assert person.tmux("list-windows", "-a", "-F", "#{session_name}").splitlines() == ["dev"]
    guest.cli("agent", "remove", "helper")
    assert "dev" not in (person.folder / "config/claude-agent/config.toml").read_text()


def test_an_agent_is_tested_and_the_words_say_what_to_do(person: Person, guest: Product) -> None:
    assert person.pid
    guest.up()
    words, _ = as_told("agent test testing")
    missing = guest.cli(*words, expect=1).stdout
    assert "Gemini CLI is not installed" in missing
    assert "npm install -g @google/gemini-cli" in missing
    away = guest.json("agent", "test", "database", expect=1)
    assert "nobody is logged in" in away["probe"]["detail"]
    assert away["task"] is None
    works = guest.json("agent", "test", "master")
    assert (works["ok"], works["task"]["state"]) == (True, "succeeded")
    assert guest.json("agent", "test", "master", "--no-run")["task"] is None
    assert "no agent nobody" in guest.cli("agent", "test", "nobody", expect=5).stderr
