"""The doctor on machines made for it: folders, ports, locks and programs that are really there."""

import fcntl
import json
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from claude_agent import doctor
from claude_agent.doctor import Finding


def found(home: Path, name: str) -> Finding:
    (finding,) = [finding for finding in doctor.run(str(home)) if finding.name == name]
    return finding


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with programs of the test's own and no settings of the person's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, said in {"tmux": "tmux 3.3a", "git": "git version 2.39.5", "node": "v20.1"}.items():
        program(programs, name, said)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "claude-agent.toml").write_text(f"[server]\nport = {port}\n")
    return programs


def program(folder: Path, name: str, said: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\necho '{said}'\n")
    (folder / name).chmod(0o755)


def test_doctor_finds_nothing_wrong_and_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    findings = doctor.run(str(home))
    assert [finding for finding in findings if not finding.ok] == []
    assert {"python", "tmux", "git", "node", "sqlite", "home", "port"} <= {f.name for f in findings}
    assert not home.parent.exists()


def test_doctor_says_what_to_install_when_tmux_is_missing(tmp_path: Path, machine: Path) -> None:
    (machine / "tmux").unlink()
    finding = found(tmp_path / "home", "tmux")
    assert not finding.ok
    assert "apt install tmux" in finding.hint


def test_doctor_refuses_a_tmux_that_is_too_old(tmp_path: Path, machine: Path) -> None:
    program(machine, "tmux", "tmux 2.9")
    assert not found(tmp_path / "home", "tmux").ok


def test_doctor_is_content_without_node(tmp_path: Path, machine: Path) -> None:
    (machine / "node").unlink()
    assert found(tmp_path / "home", "node") == Finding(
        ok=True,
        name="node",
        detail="not found",
        hint="front ends are built with it; 20 or newer",
    )


def test_doctor_lists_the_agent_clis_that_are_there(tmp_path: Path, machine: Path) -> None:
    assert "prompts wait" in found(tmp_path / "home", "agent CLIs").detail
    program(machine, "claude", "2.1.0 (Claude Code)")
    program(machine, "aider", "")
    detail = found(tmp_path / "home", "agent CLIs").detail
    assert "claude 2.1.0 (Claude Code)" in detail
    assert "aider" in detail


def test_doctor_waits_no_longer_than_its_patience_for_a_program(
    tmp_path: Path, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PATIENCE_S", 0.2)
    (machine / "codex").write_text("#!/bin/sh\nread line </dev/tty; exec /bin/sleep 30\n")
    (machine / "codex").chmod(0o755)
    assert "does not answer" in found(tmp_path / "home", "agent CLIs").detail


def test_doctor_says_how_to_close_a_home_that_is_open(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    finding = found(home, "home")
    assert not finding.ok
    assert finding.hint == f"chmod 700 {home}"


def test_doctor_refuses_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is not a folder" in found(tmp_path / "file", "home").detail


def test_doctor_says_what_is_wrong_with_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "claude-agent.toml").write_text("[sever]\n")
    finding = found(tmp_path / "home", "configuration")
    assert not finding.ok
    assert "server" in finding.hint


def test_doctor_names_the_port_when_another_program_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (tmp_path / "claude-agent.toml").write_text(f"[server]\nport = {port}\n")
        finding = found(tmp_path / "home", "port")
    assert not finding.ok
    assert str(port) in finding.detail


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HTTPServer]:
    """A home that looks up: a held lock and an address that answers."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "ok", "version": "9.9"}')

        @override
        def log_message(self, *_: object) -> None:
            pass

    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with (home / "server.lock").open("w") as lock, HTTPServer(("127.0.0.1", 0), Health) as http:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(json.dumps({"pid": 4711, "started_at": 1}))
        lock.flush()
        url = f"http://127.0.0.1:{http.server_address[1]}"
        (home / "server.json").write_text(json.dumps({"url": url}))
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def test_doctor_says_where_the_server_answers(tmp_path: Path, server: HTTPServer) -> None:
    finding = found(tmp_path / "home", "server")
    assert finding.ok
    assert "version 9.9, pid 4711, no keeper" in finding.detail


def test_doctor_says_that_a_server_does_not_answer(tmp_path: Path, server: HTTPServer) -> None:
    (tmp_path / "home" / "server.json").write_text('{"url": "http://127.0.0.1:1"}')
    finding = found(tmp_path / "home", "server")
    assert not finding.ok
    assert "pid 4711 does not answer at http://127.0.0.1:1" in finding.detail


def test_doctor_says_that_the_broker_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (tmp_path / "claude-agent.toml").open("a") as settings:
        settings.write(f'broker_url = "redis://me:secret@127.0.0.1:{port}/0"\n')
    finding = found(tmp_path / "home", "broker")
    assert not finding.ok
    assert f"Redis at 127.0.0.1:{port}/0 does not answer" in finding.detail
    assert "secret" not in finding.detail
    assert finding.hint


def test_postgresql_is_asked_and_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    place = postgres_url.partition("@")[2]
    for url, ok in ((f"postgresql://postgres:word@{place}", True), (f"{postgres_url}-not", False)):
        monkeypatch.setenv("CLAUDE_AGENT_SERVER_DATABASE_URL", url)
        [found] = [one for one in doctor.run(str(tmp_path)) if one.name == "database"]
        assert (found.ok, "word" in found.detail) == (ok, False)
        assert place.partition("/")[0] in found.detail
        assert bool(found.hint) is not ok


def test_doctor_tells_of_secrets_that_wait_for_no_shim_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "memory"  # another server would sweep the one that all share
    monkeypatch.setattr("claude_agent.agents.handover_sweep.handovers", lambda: folder)
    monkeypatch.setattr(doctor, "handovers", lambda: folder)
    assert not [one for one in doctor.run(str(tmp_path / "home")) if one.name == "secrets"]
    folder.mkdir()
    place = folder / "waits"
    place.write_text("{}")
    os.utime(place, (1, 1))
    finding = found(tmp_path / "home", "secrets")
    assert finding.ok
    assert finding.detail == f"1 handed over in {folder}, of runs that are over"
    assert place.exists()  # a doctor changes nothing
