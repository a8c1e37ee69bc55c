import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent import keeper
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])


@pytest.fixture
def processes(server: WireServer, tmp_path: Path) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Stand-ins for the server's process and its keeper, which end when told to stop."""
    pair = [sleeper(), sleeper()]

    def stop() -> None:
        for process in pair:
            process.terminate()

    server.write_home(tmp_path / "home", pid=pair[0].pid, keeper_pid=pair[1].pid)
    server.world.on_stop = stop
    yield pair
    for process in pair:
        process.kill()
        process.wait()


def test_down_waits_for_both_processes_and_says_what_goes_on(
    server: WireServer, cli: Cli, processes: "list[subprocess.Popen[bytes]]"
) -> None:
    server.world.left_running = [{"ref": "T1", "agent": "testing", "title": "pytest"}]
    ran = cli("down")
    assert ran.code == 0
    assert "testing goes on with T1 pytest" in ran.err
    assert server.bodies("/server/stop") == [{"stop_agents": False}]
    assert all(process.wait(timeout=1) is not None for process in processes)


def test_down_can_stop_the_agents_and_answer_as_json(
    server: WireServer, cli: Cli, processes: "list[subprocess.Popen[bytes]]"
) -> None:
    ran = cli("down", "--stop-agents", "-o", "json")
    assert json.loads(ran.out) == {"left_running": []}
    assert server.bodies("/server/stop") == [{"stop_agents": True}]


def test_down_dry_run_stops_nothing(
    server: WireServer, cli: Cli, processes: "list[subprocess.Popen[bytes]]"
) -> None:
    assert "Would stop" in cli("down", "--dry-run").err
    assert not server.bodies("/server/stop")
    assert all(process.poll() is None for process in processes)


def test_down_without_a_server_is_done_already(cli: Cli) -> None:
    ran = cli("down")
    assert ran.code == 0
    assert "No server runs" in ran.err


def test_down_of_a_server_that_does_not_answer_names_its_pid(
    server: WireServer, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = sleeper()
    try:
        server.write_home(tmp_path / "home", pid=process.pid)
        server.stop()
        ran = cli("down")
        assert ran.code == 7
        assert f"kill {process.pid}" in ran.err
    finally:
        process.kill()
        process.wait()


def test_up_hands_its_settings_to_the_keeper(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []

    def become(home: str, *, port: int, detach: bool, host: str) -> int:
        called.append((home, port, detach, host))
        return 6

    monkeypatch.setattr(keeper, "become", become)
    (tmp_path / "claude-agent.toml").write_text("[server]\nport = 7999\n")
    assert cli("up").code == 6
    assert cli("up", "--port", "0", "--detach").code == 6
    home = str(tmp_path / "home")
    assert called == [(home, 7999, False, "127.0.0.1"), (home, 0, True, "127.0.0.1")]


def test_up_refuses_a_port_that_is_none(cli: Cli) -> None:
    assert cli("up", "--port", "99999").code == 2


def test_up_on_an_unusable_home_is_exit_1(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = cli("--home", str(tmp_path / "file"), "up")
    assert ran.code == 1
    assert "is not a folder" in ran.err
    assert "CLAUDE_AGENT_HOME" in ran.err


def test_doctor_lists_its_findings(cli: Cli, tmp_path: Path) -> None:
    ran = cli("doctor", "-o", "json")
    document = json.loads(ran.out)
    assert ran.code == (0 if document["ok"] else 1)
    assert {"python", "tmux"} <= {finding["name"] for finding in document["findings"]}
    (tmp_path / "claude-agent.toml").write_text("nonsense")
    ran = cli("doctor")
    assert ran.code == 1
    assert "✗" in ran.out
