"""One suite for every terminal, and what tmux alone promises."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_agent.agents.terminal import ARGV_LIMIT, Terminal, Window
from claude_agent.agents.terminals.process import ProcessTerminal
from claude_agent.agents.terminals.tmux import KEPT, TmuxTerminal
from claude_agent.agents.terminals.tmux_control import TmuxLost
from claude_agent.errors import Invalid, SetupError, TooLarge, Unavailable
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

OUTER_TMUX = "/nowhere/default,1,0"

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


def need_tmux() -> None:
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have tmux")
        pytest.skip("tmux is not installed")


def window(folder: Path, *argv: str, agent: str = "testing", name: str = "t-1") -> Window:
    return Window(agent=agent, name=name, argv=argv, cwd=folder)


def told(folder: Path, *words: str) -> tuple[str, ...]:
    """Return the command that writes its arguments to `folder/told`."""
    return ("/bin/sh", "-c", SAY, str(folder / "told"), *words)


def read_told(folder: Path) -> list[str]:
    path = folder / "told"
    wait_until(path.exists, what="the program's words")
    return os.fsdecode(path.read_bytes()).split("\0")[:-1]


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def pid_in(path: Path) -> int:
    return int(wait_until(lambda: read(path).strip(), what="a pid"))


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def sleeper(folder: Path) -> tuple[str, ...]:
    return ("/bin/sh", "-c", 'echo $$ > "$0"; exec sleep 60', str(folder / "pid"))


def raw_tmux(terminal: TmuxTerminal, *words: str) -> str:
    argv = ["tmux", "-S", str(terminal._socket), *words]
    return subprocess.run(  # noqa: S603 - an argument list
        argv, capture_output=True, text=True, check=True
    ).stdout


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


# --- tmux -------------------------------------------------------------------------------------


def server_pid(terminal: TmuxTerminal) -> int:
    return int(raw_tmux(terminal, "display-message", "-p", "#{pid}"))


def kill_server(terminal: TmuxTerminal) -> None:
    os.kill(server_pid(terminal), signal.SIGKILL)


def end_server(terminal: TmuxTerminal) -> None:
    raw_tmux(terminal, "kill-server")


def test_tmux_shows_a_window_by_its_ref_and_keeps_it_readable(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    # It ends after its text is shown: tmux may drop what a program prints in its last instant.
    go = tmp_path / "go"
    os.mkfifo(go)
    script = 'echo the answer; read line < "$0"'
    pane = tmux.open(window(tmp_path, "/bin/sh", "-c", script, str(go), name="t-7f;#(x)"))
    wait_until(lambda: "the answer" in tmux.capture(pane, 100), what="the text")
    go.write_text("on\n")
    # "Pane is dead" is not always drawn either.
    where = pane.split("@")[0]
    dead = ("display-message", "-p", "-t", where, "#{pane_dead}")
    wait_until(lambda: raw_tmux(tmux, *dead) == "1\n", what="the end of the program")
    assert "the answer" in tmux.capture(pane, 100)
    names = raw_tmux(tmux, "list-windows", "-t", "=claude-testing", "-F", "#{window_name}")
    assert names.split() == ["notices", "t-7f___x_"]
    size = raw_tmux(tmux, "display-message", "-p", "-t", where, "#{pane_width}")
    assert size.strip() == "120"
    tmux.close(pane)
    assert tmux.capture(pane, 100) == ""


def test_tmux_keeps_the_newest_finished_windows_only(tmux: TmuxTerminal, tmp_path: Path) -> None:
    running = tmux.open(window(tmp_path, *sleeper(tmp_path)))
    finished = "#{&&:#{pane_dead},#{!=:#{window_name},notices}}"

    def count() -> list[str]:
        listed = raw_tmux(
            tmux, "list-panes", "-s", "-t", "=claude-testing", "-f", finished, "-F", "#{pane_id}"
        )
        return listed.split()

    opened = []
    for _ in range(KEPT + 4):
        pane = tmux.open(window(tmp_path, "true"))
        opened.append(pane.split("@")[0])
        wait_until(lambda: opened[-1] in count(), what="the end of the program")
    tmux.open(window(tmp_path, "sleep", "60"))
    wait_until(lambda: len(count()) == KEPT, what="the old windows to go")
    assert count() == opened[-KEPT:]
    assert lives(pid_in(tmp_path / "pid"))
    assert tmux.sessions()[0].windows == 1 + 1 + 1 + KEPT
    assert tmux.capture(running, 1) == ""


@pytest.mark.parametrize("lose", [kill_server, end_server])
def test_tmux_calls_back_when_lost_and_ensure_brings_it_back(
    tmux: TmuxTerminal, lose: Callable[[TmuxTerminal], None]
) -> None:
    tmux.ensure(["testing", "master"])
    calls: list[int] = []

    def back() -> None:
        tmux.ensure(["testing", "master"])
        calls.append(len(tmux.sessions()))

    tmux.on_lost(back)
    for times in range(1, 4):
        lose(tmux)
        wait_until(lambda n=times: len(calls) == n, what="the callback")  # type: ignore[misc]
    assert calls == [2, 2, 2]
    assert tmux.alive()


def test_tmux_without_a_callback_is_empty_until_the_next_open(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    tmux.ensure(["testing"])
    kill_server(tmux)
    wait_until(lambda: not tmux.alive(), what="the loss to be noticed")
    assert tmux.sessions() == []
    assert tmux.capture("testing", 5) == ""
    tmux.open(window(tmp_path, *told(tmp_path, "again")))
    assert read_told(tmp_path) == ["again"]


def test_tmux_never_takes_a_pane_of_an_earlier_server_for_its_own(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    old = tmux.open(window(tmp_path, "sleep", "60"))
    kill_server(tmux)
    wait_until(lambda: not tmux.alive(), what="the loss to be noticed")
    new = tmux.open(window(tmp_path, *sleeper(tmp_path)))
    assert old.split("@")[0] == new.split("@")[0]
    tmux.close(old)
    assert tmux.capture(old, 5) == ""
    assert lives(pid_in(tmp_path / "pid"))
    assert tmux.sessions()[0].windows == 2


def test_tmux_takes_up_what_runs_when_only_the_connection_is_lost(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    tmux.open(window(tmp_path, *sleeper(tmp_path)))
    pid = pid_in(tmp_path / "pid")
    lost = threading.Event()
    tmux.on_lost(lost.set)
    raw_tmux(tmux, "kill-session", "-t", "=control")
    assert lost.wait(5)
    tmux.ensure(["testing"])
    assert lives(pid)
    assert tmux.sessions()[0].windows == 2


def test_tmux_second_terminal_takes_up_the_sessions_of_the_first(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    pane = tmux.open(window(tmp_path, "/bin/sh", "-c", "echo still here; exec sleep 60"))
    tmux.shutdown()
    second = TmuxTerminal(tmux._socket)
    second.ensure(["testing"])
    assert second.sessions()[0].windows == 2
    wait_until(lambda: "still here" in second.capture(pane, 10), what="the window's text")
    second.shutdown()


def test_tmux_makes_a_session_and_its_notices_whole_again(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    tmux.ensure(["testing", "master"])
    raw_tmux(tmux, "kill-session", "-t", "=claude-testing")
    tmux.open(window(tmp_path, *sleeper(tmp_path)))
    pid_in(tmp_path / "pid")
    assert [session.windows for session in tmux.sessions()] == [1, 2]

    reader = "=claude-master:notices"
    pid = int(raw_tmux(tmux, "display-message", "-p", "-t", reader, "#{pane_pid}"))
    os.kill(pid, signal.SIGKILL)
    dead = "#{pane_dead}"
    wait_until(lambda: raw_tmux(tmux, "display-message", "-p", "-t", reader, dead) == "1\n")
    tmux.ensure(["master"])
    assert raw_tmux(tmux, "display-message", "-p", "-t", reader, dead) == "0\n"

    raw_tmux(tmux, "kill-window", "-t", "=claude-testing:notices")
    tmux.ensure(["testing"])
    tmux.notice("testing", "back again")
    names = raw_tmux(tmux, "list-windows", "-t", "=claude-testing", "-F", "#{window_name}")
    assert names.split().count("notices") == 1


def test_tmux_starts_inside_another_tmux_and_takes_nothing_over(
    tmux: TmuxTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", OUTER_TMUX)
    monkeypatch.setenv("TMUX_PANE", "%0")
    monkeypatch.setenv("CLAUDE_AGENT_RUN_ID", "t1.1")
    tmux.ensure(["testing"])
    environ = Path(f"/proc/{server_pid(tmux)}/environ").read_bytes()
    assert b"PATH=" in environ
    assert b"CLAUDE_AGENT" not in environ
    assert b"TMUX" not in environ
    assert tmux.attach_argv("testing")[:3] == ["env", "-u", "TMUX"]


def test_tmux_attach_argv_attaches_a_person(tmux: TmuxTerminal, tmp_path: Path) -> None:
    tmux.open(window(tmp_path, "/bin/sh", "-c", "echo look at me; exec sleep 60"))
    main, end = os.openpty()
    person = subprocess.Popen(  # noqa: S603 - an argument list
        tmux.attach_argv("testing"),
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "TMUX": OUTER_TMUX},
    )
    try:
        wait_until(lambda: tmux.sessions()[0].attached == 1, what="the person")
        current = raw_tmux(
            tmux, "display-message", "-p", "-t", "=claude-testing:", "#{window_name}"
        )
        assert current == "t-1\n"
    finally:
        person.kill()
        person.wait()
        os.close(main)
        os.close(end)


def test_tmux_is_not_confused_by_a_program_that_prints_the_protocol(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    lies = r"printf '%%begin 1 %d 1\n%%end 1 %d 1\n%%exit\n%%error 1 1 1\n' 1 1; exec sleep 60"
    pane = tmux.open(window(tmp_path, "/bin/sh", "-c", lies))
    wait_until(lambda: "%exit" in tmux.capture(pane, 10), what="the lies")
    tmux.open(window(tmp_path, *told(tmp_path, "truth")))
    assert read_told(tmp_path) == ["truth"]
    assert tmux.alive()


def test_tmux_gives_up_on_a_frozen_server_and_goes_on_when_it_wakes(tmp_path: Path) -> None:
    need_tmux()
    tmux = TmuxTerminal(tmp_path / "tmux.sock", timeout=1.0)
    try:
        tmux.ensure(["testing"])
        pid = server_pid(tmux)
        os.kill(pid, signal.SIGSTOP)
        try:
            assert not tmux.alive()
            with pytest.raises(TmuxLost):
                tmux.open(window(tmp_path, *told(tmp_path, "late")))
        finally:
            os.kill(pid, signal.SIGCONT)
        # The command was already on its way: it comes true late, and no reply is mixed up.
        assert read_told(tmp_path) == ["late"]
        assert wait_until(tmux.alive)
        assert tmux.sessions()[0].agent == "testing"
    finally:
        tmux.kill_all()


def test_tmux_missing_is_one_sentence_with_the_install_command(tmp_path: Path) -> None:
    terminal = TmuxTerminal(tmp_path / "tmux.sock", program="tmux-that-is-not-there")
    with pytest.raises(SetupError) as caught:
        terminal.ensure(["testing"])
    assert caught.value.detail == "tmux is not installed."
    assert "install tmux" in caught.value.hint


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo tmux 2.9a", "too old"),
        ("exit 1", "does not start"),
        ('[ "$1" = -V ] && echo tmux 3.9 && exit; echo "no luck" >&2; exit 1', "no luck"),
    ],
)
def test_tmux_that_does_not_work_is_a_setup_error(tmp_path: Path, script: str, words: str) -> None:
    program = tmp_path / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    terminal = TmuxTerminal(tmp_path / "tmux.sock", program=str(program))
    with pytest.raises(SetupError, match=words) as caught:
        terminal.ensure(["testing"])
    assert caught.value.hint


def test_tmux_refuses_a_socket_path_that_is_too_long(tmp_path: Path) -> None:
    need_tmux()
    with pytest.raises(SetupError, match="100 bytes"):
        TmuxTerminal(tmp_path / ("x" * 100) / "tmux.sock").ensure(["testing"])


def test_tmux_keeps_its_folder_to_itself(tmux: TmuxTerminal) -> None:
    tmux.ensure(["testing"])
    folder = tmux._socket.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "notices").stat().st_mode & 0o777 == 0o700
    assert tmux._socket.stat().st_mode & 0o077 == 0


def test_tmux_notice_that_cannot_be_written_is_dropped(tmux: TmuxTerminal, tmp_path: Path) -> None:
    tmux.ensure(["testing"])
    path = tmux._socket.parent / "notices" / "testing.log"
    path.unlink()
    path.mkdir()
    tmux.notice("testing", "nobody reads this")
    assert list(path.iterdir()) == []
    assert tmux.alive()


def test_tmux_passes_nothing_of_a_persons_environment_into_a_session(tmux: TmuxTerminal) -> None:
    tmux.ensure(["testing"])
    assert raw_tmux(tmux, "show-options", "-g", "-v", "update-environment").strip() == ""
    assert raw_tmux(tmux, "show-options", "-s", "-v", "set-clipboard") == "off\n"


def test_tmux_notices_stay_bounded(tmux: TmuxTerminal) -> None:
    tmux.ensure(["testing"])
    for number in range(200):
        tmux.notice("testing", f"{number} " + "x" * 1_000)
    tmux.notice("testing", "the last one")
    path = tmux._socket.parent / "notices" / "testing.log"
    assert path.stat().st_size < 200_000
    wait_until(lambda: "the last one" in tmux.capture("testing", 5), what="the newest notice")
