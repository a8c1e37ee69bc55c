"""One suite for every terminal."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.agents.terminal import ARGV_LIMIT, Terminal
from claude_agent.agents.terminals.process import ProcessTerminal
from claude_agent.agents.terminals.tmux import TmuxTerminal
from claude_agent.errors import Invalid, TooLarge, Unavailable
from tests.contract.terminal_tools import (
    lives,
    need_tmux,
    pid_in,
    read,
    read_told,
    sleeper,
    told,
    window,
)
from tests.waiting import wait_until

TRAPS = {
    "semicolon": [";"],
    "ends in semicolon": ["work;", "kill-server"],
    "executes": ["#(touch pwned)", "$(touch pwned)", "`touch pwned`"],
    "expands": ["#{pid}", "#S", "$HOME", "${HOME}", "~", "~/x", "%%", "%if"],
    "quotes": ["it's", 'say "hi"', "'", '"', "\\", "\\n", "\\073"],
    "lines": ["a\nb", "\n", "a\r\nb", "\nkill-server\n"],
    "controls": ["\x01\x03\x04\x1b[31m\x7f", "\t"],
    "not English": ["Grüße", "中文", "🙂", "\u202e"],
    "not UTF-8": [os.fsdecode(b"\xff\xfe\x80")],
    "options": ["--", "-t", "-c", "-"],
    "braces and comments": ["{", "}", "# no comment", "[[", "="],
    "empty": ["", "", " "],
    "long": ["x" * 60_000],
}

SAY = 'printf "%s\\0" "$@" > "$0.new" && mv "$0.new" "$0"'


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[TmuxTerminal]:
    need_tmux()
    terminal = TmuxTerminal(tmp_path / "t" / "tmux.sock")
    yield terminal
    terminal.kill_all()


@pytest.fixture(params=["tmux", "process"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    if request.param == "tmux":
        need_tmux()
    made = TmuxTerminal(tmp_path / "t" / "tmux.sock") if request.param == "tmux" else None
    body: Terminal = made or ProcessTerminal()
    yield body
    body.kill_all()


# --- every terminal ---------------------------------------------------------------------------


@pytest.mark.parametrize("words", TRAPS.values(), ids=TRAPS.keys())
def test_open_gives_every_argument_as_it_is(
    terminal: Terminal, tmp_path: Path, words: list[str]
) -> None:
    terminal.open(window(tmp_path, *told(tmp_path, *words)))
    assert read_told(tmp_path) == words
    assert not (tmp_path / "pwned").exists()
    assert terminal.alive()


def test_open_runs_a_program_without_arguments_without_a_shell(
    terminal: Terminal, tmp_path: Path
) -> None:
    program = tmp_path / "touch pwned; #(touch pwned) $(touch pwned)"
    program.write_text('#!/bin/sh\necho here > "$0.ran"\n')
    program.chmod(0o700)
    terminal.open(window(tmp_path, str(program)))
    wait_until(Path(f"{program}.ran").exists, what="the program")
    assert not list(tmp_path.glob("pwned"))


@pytest.mark.parametrize("name", ["plain", "a b;", "#(touch pwned)", "#{pid}", "it's", "ä;"])
def test_open_starts_in_the_folder_whatever_its_name(
    terminal: Terminal, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    terminal.open(window(folder, "/bin/sh", "-c", "pwd > where.new; mv where.new where", "x"))
    wait_until((folder / "where").exists, what="the program's folder")
    assert (folder / "where").read_text() == f"{folder}\n"
    assert not list(tmp_path.rglob("pwned"))


def test_open_passes_no_secret_and_no_run_id_on(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_RUN_ID", "t1.1")
    monkeypatch.setenv("SOME_API_KEY", "hunter2")
    terminal.open(window(tmp_path, "/bin/sh", "-c", "env > e.new; mv e.new e", "x"))
    wait_until((tmp_path / "e").exists, what="the environment")
    text = (tmp_path / "e").read_text()
    assert "PATH=" in text
    assert "CLAUDE_AGENT_RUN_ID" not in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "agent", ["", "A", "1a", "a b", "a:b", "a.b", "=a", "../a", "a\n", "ä", "-a", "a" * 33, "a;"]
)
def test_every_method_refuses_a_bad_agent_name(
    terminal: Terminal, tmp_path: Path, agent: str
) -> None:
    for call in (
        lambda: terminal.ensure([agent]),
        lambda: terminal.open(window(tmp_path, "true", agent=agent)),
        lambda: terminal.notice(agent, "hello"),
        lambda: terminal.attach_argv(agent),
    ):
        with pytest.raises(Invalid):
            call()
    assert terminal.sessions() == []


def test_open_refuses_arguments_over_the_limit(terminal: Terminal, tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        terminal.open(window(tmp_path, *told(tmp_path, "x" * 100_000)))
    with pytest.raises(TooLarge):
        terminal.open(window(tmp_path, *told(tmp_path, *["x" * 1000] * (ARGV_LIMIT // 1000 + 1))))
    assert not (tmp_path / "told").exists()


def test_open_refuses_what_cannot_start(terminal: Terminal, tmp_path: Path) -> None:
    for bad in (
        window(tmp_path),
        window(tmp_path, ""),
        window(tmp_path, "no-such-program-here"),
        window(tmp_path, "true", "a\0b"),
        window(tmp_path / "missing", "true"),
        window(Path("relative"), "true"),
        window(tmp_path, "./told"),
    ):
        with pytest.raises(Invalid):
            terminal.open(bad)


def test_ensure_makes_each_session_once(terminal: Terminal) -> None:
    terminal.ensure(["database", "testing"])
    terminal.ensure(["testing", "database", "master"])
    names = [(session.agent, session.name) for session in terminal.sessions()]
    agents = ["database", "master", "testing"]
    assert names == [(agent, f"claude-{agent}") for agent in agents]
    assert [session.windows for session in terminal.sessions()] == [1, 1, 1]


def test_open_puts_the_window_into_the_agents_own_session(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.ensure(["agent10", "agent-1"])
    terminal.open(window(tmp_path, *sleeper(tmp_path), agent="agent1"))
    pid_in(tmp_path / "pid")
    counts = {session.agent: session.windows for session in terminal.sessions()}
    assert counts == {"agent1": 2, "agent10": 1, "agent-1": 1}


def test_open_is_safe_from_many_threads(terminal: Terminal, tmp_path: Path) -> None:
    agents = ["one", "two"]
    terminal.ensure(agents)
    failures: list[BaseException] = []

    def work(agent: str, number: int) -> None:
        mark = str(tmp_path / f"{agent}-{number}")
        try:
            terminal.open(
                window(
                    tmp_path, "/bin/sh", "-c", 'echo x >> "$0"; exec sleep 60', mark, agent=agent
                )
            )
        except BaseException as error:
            failures.append(error)
            raise

    threads = [
        threading.Thread(target=work, args=(agent, number))
        for agent in agents
        for number in range(15)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
    marks = [tmp_path / f"{agent}-{number}" for agent in agents for number in range(15)]
    wait_until(lambda: all(read(mark) for mark in marks), timeout=10)
    assert {mark.read_text() for mark in marks} == {"x\n"}
    assert [session.windows for session in terminal.sessions()] == [16, 16]


def test_notice_is_shown_sanitised_and_never_reaches_a_program(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.ensure(["testing"])
    terminal.notice("testing", "hello \x1b]0;owned\x07 \u202e bidi\nsecond; #(touch pwned)")
    shown = wait_until(lambda: terminal.capture("testing", 20).strip(), what="the notice")
    assert shown == "hello \\x1b]0;owned\\x07 \\u202e bidi second; #(touch pwned)"
    terminal.open(
        window(tmp_path, "/bin/sh", "-c", 'echo $$ > "$0"; exec cat > got', str(tmp_path / "pid"))
    )
    pid_in(tmp_path / "pid")
    terminal.notice("testing", "another")
    wait_until((tmp_path / "got").exists, what="the program")
    assert (tmp_path / "got").read_text() == ""


def test_capture_is_empty_for_what_is_not_there(terminal: Terminal) -> None:
    terminal.ensure(["testing"])
    assert terminal.capture("master", 5) == ""
    assert terminal.capture("%999", 5) == ""


def test_close_ignores_an_unknown_pane(terminal: Terminal) -> None:
    terminal.ensure(["testing"])
    for pane in ("", "%999", "%1@1", "nonsense; kill-server"):
        terminal.close(pane)
    assert terminal.alive()
    assert len(terminal.sessions()) == 1


def test_shutdown_leaves_programs_running(terminal: Terminal, tmp_path: Path) -> None:
    terminal.open(window(tmp_path, *sleeper(tmp_path)))
    pid = pid_in(tmp_path / "pid")
    terminal.shutdown()
    terminal.shutdown()
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)


def test_kill_all_hangs_up_on_programs_and_calls_nobody_back(
    terminal: Terminal, tmp_path: Path
) -> None:
    calls: list[str] = []
    terminal.on_lost(lambda: calls.append("lost"))
    terminal.open(window(tmp_path, *sleeper(tmp_path)))
    pid = pid_in(tmp_path / "pid")
    terminal.kill_all()
    wait_until(lambda: not lives(pid), what="the program's end")
    assert terminal.sessions() == []
    assert calls == []


def test_kill_all_leaves_a_program_that_ignores_hangups(terminal: Terminal, tmp_path: Path) -> None:
    script = 'trap "" HUP; echo $$ > "$0"; exec sleep 60'
    terminal.open(window(tmp_path, "/bin/sh", "-c", script, str(tmp_path / "pid")))
    pid = pid_in(tmp_path / "pid")
    terminal.kill_all()
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("how", ["shutdown", "kill_all"])
def test_a_terminal_once_closed_stays_closed(terminal: Terminal, tmp_path: Path, how: str) -> None:
    terminal.ensure(["testing"])
    getattr(terminal, how)()
    assert not terminal.alive()
    with pytest.raises(Unavailable):
        terminal.ensure(["testing"])
    with pytest.raises(Unavailable):
        terminal.open(window(tmp_path, *told(tmp_path, "no")))
    terminal.notice("testing", "to nobody")
    terminal.kill_all()
    assert not (tmp_path / "told").exists()


def test_kill_all_ends_what_was_left_by_shutdown(terminal: Terminal, tmp_path: Path) -> None:
    terminal.open(window(tmp_path, *sleeper(tmp_path)))
    pid = pid_in(tmp_path / "pid")
    terminal.shutdown()
    terminal.kill_all()
    wait_until(lambda: not lives(pid), what="the program's end")


# --- processes --------------------------------------------------------------------------------


def test_process_terminal_leaves_no_zombie(tmp_path: Path) -> None:
    terminal = ProcessTerminal()
    terminal.open(window(tmp_path, "/bin/sh", "-c", 'echo $$ > "$0"', str(tmp_path / "pid")))
    pid = pid_in(tmp_path / "pid")
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the child to be waited for")
    wait_until(lambda: terminal.sessions()[0].windows == 1, what="the window to be gone")


def test_process_terminal_has_nothing_to_attach_to() -> None:
    with pytest.raises(Unavailable):
        ProcessTerminal().attach_argv("testing")
