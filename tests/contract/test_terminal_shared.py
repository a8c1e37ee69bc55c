"""A guest on a person's tmux server: nothing of theirs is changed, typed into or ended."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.agents.terminals.tmux_shared import SharedTmux
from tests.contract.terminal_tools import lives, need_tmux, pid_in, read_told, told, window
from tests.waiting import wait_until


class Person:
    """Somebody with a tmux server of their own and two sessions."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "default"
        for name in ("claude-testing", "my dev"):
            sleeper = f"echo $$ > '{folder}/{name}.pid'; exec cat"
            self.tmux("new-session", "-d", "-s", name, "-n", "work", "sh", "-c", sleeper)
        self.pids = [pid_in(folder / f"{name}.pid") for name in ("claude-testing", "my dev")]

    def tmux(self, *words: str) -> str:
        argv = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def options(self) -> list[str]:
        return [self.tmux("show-options", *flags) for flags in (("-s",), ("-g",), ("-g", "-w"))]


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    need_tmux()
    made = Person(tmp_path)
    yield made
    made.tmux("kill-server")


@pytest.fixture
def guest(person: Person, tmp_path: Path) -> Iterator[SharedTmux]:
    home = tmp_path / "home"
    (home / "runs").mkdir(parents=True)
    made = SharedTmux(person.socket, home=home, names={"database": "dev-2"})
    yield made
    made.kill_all()


def test_a_run_opens_beside_what_a_person_does_in_their_session(
    person: Person, guest: SharedTmux, tmp_path: Path
) -> None:
    before, screens = person.options(), person.tmux("capture-pane", "-p", "-t", "=my dev:")
    guest.ensure(["testing", "database"])
    guest.open(window(tmp_path, *told(tmp_path, "hello"), name="K7QF"))
    assert read_told(tmp_path) == ["hello"]
    assert "K7QF" in person.tmux("list-windows", "-t", "=claude-testing", "-F", "#{window_name}")
    assert person.options() == before
    assert person.tmux("capture-pane", "-p", "-t", "=my dev:") == screens
    assert person.tmux("list-windows", "-t", "=my dev", "-F", "#{window_name}") == "work"
    work = ("display-message", "-p", "-t", "=claude-testing:work", "#{pane_dead}")
    assert person.tmux(*work) == "0"

    found = {one.name: one for one in guest.sessions()}
    assert set(found) == {"claude-testing", "my dev", "dev-2"}
    assert [found[name].agent for name in ("claude-testing", "my dev", "dev-2")] == [
        "testing",
        "",
        "database",
    ]
    assert [found[name].ours for name in ("claude-testing", "my dev", "dev-2")] == [
        False,
        False,
        True,
    ]
    assert found["my dev"].active_at > 0
    dead = lambda: {one.name: one.dead for one in guest.sessions()}  # noqa: E731 - one line
    wait_until(lambda: dead()["claude-testing"] == 1, what="a finished window that is seen")


def test_the_end_takes_along_what_was_started_here_and_no_more(
    person: Person, guest: SharedTmux, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / "runs" / "t" / "1"
    folder.mkdir(parents=True)
    (folder / "shim.pyz").write_text("")
    guest.ensure(["testing", "database"])
    run = ("/bin/sh", "-c", 'echo $$ > "$1/pid"; exec sleep 60', f"{folder}/shim.pyz", str(folder))
    guest.open(window(tmp_path, *run, name="K7QF"))
    ours = pid_in(folder / "pid")
    guest.kill_all()
    wait_until(lambda: not lives(ours), what="the end of what was started here")
    assert all(lives(pid) for pid in person.pids)
    shown = person.tmux("list-windows", "-a", "-F", "#{session_name} #{window_name}")
    assert sorted(shown.splitlines()) == ["claude-testing work", "my dev work"]


def test_a_finished_window_of_a_person_is_never_taken_away(
    person: Person, guest: SharedTmux, tmp_path: Path
) -> None:
    person.tmux("set-option", "-w", "-t", "=claude-testing:work", "remain-on-exit", "on")
    person.tmux("respawn-pane", "-k", "-t", "=claude-testing:work", "true")
    guest.ensure(["testing"])
    for number in range(10):
        guest.open(window(tmp_path, "/bin/true", name=f"R{number}"))
    shown = person.tmux("list-windows", "-t", "=claude-testing", "-F", "#{window_name}")
    assert "work" in shown.split()
