"""What tmux alone promises as a terminal."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_agent.agents.terminal import Window
from claude_agent.agents.terminals.tmux import TmuxTerminal
from claude_agent.agents.terminals.tmux_control import TmuxLost
from claude_agent.agents.terminals.tmux_windows import KEPT
from claude_agent.errors import SetupError
from tests.contract.terminal_tools import (
    lives,
    need_tmux,
    pid_in,
    raw_tmux,
    read_told,
    sleeper,
    told,
    window,
)
from tests.waiting import wait_until

OUTER_TMUX = "/nowhere/default,1,0"


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[TmuxTerminal]:
    need_tmux()
    terminal = TmuxTerminal(tmp_path / "t" / "tmux.sock")
    yield terminal
    terminal.kill_all()


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
    open_again(tmux, window(tmp_path, *told(tmp_path, "again")))
    assert read_told(tmp_path) == ["again"]


def open_again(tmux: TmuxTerminal, one: Window) -> str:
    """Open a window after a loss: the broken connection may be found by this very command."""

    def probe() -> str | None:
        with contextlib.suppress(TmuxLost):
            return tmux.open(one)
        return None

    return wait_until(probe, what="a window on the new server")


def test_tmux_never_takes_a_pane_of_an_earlier_server_for_its_own(
    tmux: TmuxTerminal, tmp_path: Path
) -> None:
    old = tmux.open(window(tmp_path, "sleep", "60"))
    kill_server(tmux)
    wait_until(lambda: not tmux.alive(), what="the loss to be noticed")
    new = open_again(tmux, window(tmp_path, *sleeper(tmp_path)))
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
    person = subprocess.Popen(
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


def test_tmux_ends_the_connection_of_an_owner_that_was_killed(tmp_path: Path) -> None:
    need_tmux()
    first = TmuxTerminal(tmp_path / "t" / "tmux.sock")
    first.ensure(["testing"])
    # As tmux leaves it when it misses the end of its input: attached, with nobody behind it.
    held, ours = os.pipe()
    words = ["tmux", "-S", str(first._socket), "-C", "attach-session", "-t", "=control"]
    orphan = subprocess.Popen(words, stdin=held, stdout=subprocess.DEVNULL)
    pids = ("list-clients", "-F", "#{client_pid}")
    wait_until(lambda: str(orphan.pid) in raw_tmux(first, *pids), what="the orphan's attachment")
    first.shutdown()
    second = TmuxTerminal(first._socket)
    try:
        second.ensure(["testing"])
        assert orphan.wait(5) == -signal.SIGKILL
        assert second.alive()
    finally:
        orphan.kill()
        orphan.wait()
        os.close(held)
        os.close(ours)
        second.kill_all()
