"""The keeper against real processes: a stand-in server that lives, hangs, dies or refuses."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from claude_agent.keeper import keeper_pid, last_words
from tests.waiting import wait_until

STAND_IN = Path(__file__).with_name("keeper_stand_in.py")
RUN = """
import sys
from claude_agent.keeper import up
from claude_agent.keeper_child import Limits
home, port, detach, how, *settings = sys.argv[1:]
limits = Limits()
for setting in settings:
    name, _, value = setting.partition("=")
    setattr(limits, name, float(value))
sys.exit(up(home, port=int(port), detach=detach == "detach", limits=limits,
            command=[sys.executable, "-S", STAND_IN, how]))
"""


class Up:
    """One `up` with a stand-in server."""

    def __init__(
        self, home: Path, how: str, *settings: str, port: int = 0, detach: bool = False
    ) -> None:
        self.home = home
        argv = [sys.executable, "-P", "-c", f"STAND_IN = {str(STAND_IN)!r}\n{RUN}"]
        argv += [str(home), str(port), "detach" if detach else "stay", how, *settings]
        self.process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = ""

    def port(self) -> int:
        """Wait until it says its address; return the port."""
        assert self.process.stdout
        self.said += self.process.stdout.readline() + self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+) ", self.said)
        assert found, self.said
        return int(found[1])

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.code()

    def code(self) -> tuple[int, str]:
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, self.said + out + err


@pytest.fixture
def ups() -> Iterator[list[Up]]:
    started: list[Up] = []
    yield started
    for up in started:
        up.end(signal.SIGTERM)


def serving_pid(port: int) -> int | None:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
            return int(client.recv(100) or 0) or None
    except OSError:
        return None


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def test_keeper_starts_the_server_again_when_it_is_killed(tmp_path: Path, ups: list[Up]) -> None:
    up = Up(tmp_path, "serve", "quick=0")
    ups.append(up)
    port = up.port()
    first = wait_until(lambda: serving_pid(port), what="the first server")
    os.kill(first, signal.SIGKILL)
    begun = monotonic()
    second = wait_until(lambda: serving_pid(port), what="the second server")
    assert second != first
    assert monotonic() - begun < 1.0
    code, said = up.end()
    assert code == 0
    assert f"server pid {first} was killed by signal 9" in said
    assert f"server pid {second} serves again" in said
    assert not alive(second)


def test_keeper_answers_requests_late_rather_than_never_while_no_server_lives(
    tmp_path: Path, ups: list[Up]
) -> None:
    up = Up(tmp_path, "serve", "quick=0")
    ups.append(up)
    port = up.port()
    for _ in range(3):
        pid = serving_pid(port)
        assert pid, "the backlog of the keeper's socket held the request"
        os.kill(pid, signal.SIGKILL)


def test_keeper_kills_the_server_when_one_beat_is_silent(tmp_path: Path, ups: list[Up]) -> None:
    up = Up(tmp_path, f"once:mute:{tmp_path}/mark", "beat=0.6")
    ups.append(up)
    port = up.port()
    first = wait_until(lambda: serving_pid(port), what="the mute server")
    second = wait_until(
        lambda: pid if (pid := serving_pid(port)) != first else None, what="another server"
    )
    code, said = up.end()
    assert code == 0
    assert f"server pid {first} is hung (event loop silent): killed" in said
    assert second
    assert "dispatcher" not in said


def test_keeper_kills_a_server_that_is_stopped(tmp_path: Path, ups: list[Up]) -> None:
    up = Up(tmp_path, "serve", "beat=0.6", "quick=0")
    ups.append(up)
    port = up.port()
    first = wait_until(lambda: serving_pid(port), what="the server")
    os.kill(first, signal.SIGSTOP)
    wait_until(lambda: not alive(first), what="the frozen server's end")
    assert wait_until(lambda: serving_pid(port), what="another server") != first
    assert "event loop and dispatcher silent" in up.end()[1]


def test_keeper_does_not_blame_the_server_when_it_slept_itself(
    tmp_path: Path, ups: list[Up]
) -> None:
    up = Up(tmp_path, "serve", "beat=1.0", "pause=0.8")
    ups.append(up)
    port = up.port()
    first = wait_until(lambda: serving_pid(port), what="the server")
    for pid in (first, up.process.pid):
        os.kill(pid, signal.SIGSTOP)
    asleep = monotonic()
    wait_until(lambda: monotonic() - asleep > 1.5, what="a nap longer than the beat's limit")
    for pid in (up.process.pid, first):
        os.kill(pid, signal.SIGCONT)
    awake = monotonic()
    wait_until(lambda: monotonic() - awake > 0.5, what="a look of the keeper")
    still = serving_pid(port)
    _, said = up.end()
    assert still == first, said
    assert "hung" not in said


@pytest.mark.parametrize(("how", "code"), [("stop:0", 0), ("stop:3", 3), ("refuse:2", 2)])
def test_keeper_ends_with_the_servers_code_when_the_end_is_planned(
    tmp_path: Path, how: str, code: int
) -> None:
    ended, said = Up(tmp_path, how).code()
    assert ended == code
    assert "starting again" not in said


def test_keeper_ends_with_conflict_when_the_server_finds_its_home_taken(tmp_path: Path) -> None:
    assert Up(tmp_path, "conflict").code()[0] == 6


def test_keeper_gives_up_when_the_server_dies_quickly_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    lines = [
        '{"log.level":"error","message":"no tmux on this machine"}',
        '{"log.level":"info"}',
        "{",
    ]
    (tmp_path / "logs" / "server.jsonl").write_text("\n".join(lines))
    code, said = Up(tmp_path, "die:3", "quick_deaths=3", "backoff=0.05").code()
    assert code == 1
    assert said.count("ended with code 3") == 3
    assert "3 times in a row: giving up" in said
    assert "no tmux on this machine" in said


def test_keeper_gives_up_when_the_server_never_serves_however_long_it_tries(
    tmp_path: Path,
) -> None:
    code, said = Up(tmp_path, "vain", "quick=0.1", "quick_deaths=3", "backoff=0.05").code()
    assert code == 1
    assert "3 times in a row: giving up" in said


def test_keeper_kills_the_server_when_it_ignores_sigterm(tmp_path: Path) -> None:
    up = Up(tmp_path, "stubborn", "grace=0.3")
    port = up.port()
    pid = wait_until(lambda: serving_pid(port), what="the server")
    code, _ = up.end(signal.SIGINT)
    assert code == 1
    assert not alive(pid)


def test_server_ends_when_its_keeper_is_killed_and_up_works_at_once(
    tmp_path: Path, ups: list[Up]
) -> None:
    first = Up(tmp_path, "serve")
    port = first.port()
    server = wait_until(lambda: serving_pid(port), what="the server")
    first.end(signal.SIGKILL)
    second = Up(tmp_path, "serve", port=0)
    ups.append(second)
    new_port = second.port()
    assert wait_until(lambda: serving_pid(new_port), what="the new server") != server
    wait_until(lambda: not alive(server), what="the orphan's end")


def test_up_refuses_and_names_the_pid_when_the_home_is_up(tmp_path: Path, ups: list[Up]) -> None:
    up = Up(tmp_path, "serve")
    ups.append(up)
    up.port()
    assert keeper_pid(str(tmp_path)) == up.process.pid
    code, said = Up(tmp_path, "serve").code()
    assert code == 6
    assert f"already up on {tmp_path} (keeper pid {up.process.pid})" in said
    up.end()
    assert keeper_pid(str(tmp_path)) is None, "a left-over pid file does not count"


def test_up_refuses_and_names_the_port_when_it_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = Up(tmp_path, "serve", port=port).code()
    assert code == 6
    assert f"port {port} on 127.0.0.1 is in use" in said
    assert "--port" in said


def test_up_refuses_when_the_home_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, said = Up(tmp_path / "file" / "home", "serve").code()
    assert code == 1
    assert "cannot be written" in said


def test_up_detach_returns_when_the_server_serves(tmp_path: Path) -> None:
    up = Up(tmp_path, "serve", detach=True)
    port = up.port()
    code, said = up.code()
    keeper = keeper_pid(str(tmp_path))
    try:
        assert code == 0
        assert "claude-agent down" in said
        assert serving_pid(port)
        assert keeper
        assert os.getsid(keeper) != os.getsid(0)
        assert Path(f"/proc/{keeper}/fd/2").readlink() == tmp_path / "logs" / "keeper.log"
    finally:
        os.kill(keeper or 0, signal.SIGTERM)
    wait_until(lambda: serving_pid(port) is None, what="the end of the server")


def test_up_detach_says_why_when_the_server_does_not_start(tmp_path: Path) -> None:
    code, said = Up(tmp_path, "refuse:2", detach=True).code()
    assert code == 2
    assert "the server did not start" in said


def test_keeper_stays_small(tmp_path: Path, ups: list[Up]) -> None:
    up = Up(tmp_path, "serve")
    ups.append(up)
    up.port()
    status = Path(f"/proc/{up.process.pid}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+)", status)
    assert resident
    assert int(resident[1]) < 12_000, "the keeper's promise: under 12 MB"


def test_last_words_are_empty_when_nothing_was_logged(tmp_path: Path) -> None:
    assert last_words(str(tmp_path)) == "nothing was logged"
