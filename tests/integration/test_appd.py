"""The process of an application, as real as it gets: processes, sockets, kill -9."""

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.appd import client, processes
from claude_agent.appd.errors import AppError, NotHealthy
from claude_agent.appd.paths import AppPaths
from claude_agent.appd.sockets import control_address
from tests.integration.deployed import App, ask, errors, visitors
from tests.waiting import wait_until

# Answers the probe with 500 for ever, like a release that lacks a setting.
SICK = (
    "import os, socket\n"
    "print('no DATABASE_URL', flush=True)\n"
    "probe = socket.socket(fileno=int(os.environ['APP_PROBE_FD']))\n"
    "while True:\n"
    "    one = probe.accept()[0]\n"
    "    one.recv(999)\n"
    "    one.sendall(b'HTTP/1.0 500 x\\r\\n\\r\\n')\n"
    "    one.close()\n"
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    found = App(tmp_path / "home")
    found.migrate()
    yield found
    found.close()


def test_appd_switches_without_a_refused_connection(app: App) -> None:
    first, second = app.make_release(), app.make_release()
    answer = app.deploy(first)
    port = app.state.port
    assert answer == {"url": f"http://127.0.0.1:{port}", "release": first, "previous": ""}
    with visitors(port) as seen:
        wait_until(lambda: seen[first] > 5, what="visits before")
        assert app.deploy(second, "e2")["previous"] == first
        wait_until(lambda: seen[second] > 5, what="visits after the deployment")
        assert app.rollback("e2")["changed"] is True
        before = seen[first]
        wait_until(lambda: seen[first] > before + 5, what="visits after the rollback")
    assert errors(seen) == {}
    assert app.state.port == port
    assert app.events == [
        ("started", first), ("healthy", first), ("switched", first),
        ("started", second), ("healthy", second), ("switched", second), ("ended", first),
        ("started", first), ("healthy", first), ("rolled_back", first), ("ended", second),
    ]  # fmt: skip


def test_appd_keeps_the_old_release_when_the_new_one_is_not_healthy(app: App) -> None:
    good = app.make_release()
    app.deploy(good)
    sick = app.make_release(start=("python", "-c", SICK))
    dead = app.make_release(start=("python", "-c", "raise SystemExit('no such table: t')"))
    with visitors(app.state.port) as seen:
        with pytest.raises(NotHealthy, match=r"did not answer /health with 200 in 0\.3 s") as found:
            client.change(app.paths, {"do": "deploy", "release": sick}, timeout_s=0.3)
        assert found.value.hint == "no DATABASE_URL"
        with pytest.raises(NotHealthy, match="ended with 1 at its start: no such table: t"):
            app.deploy(dead, "e3")
        with pytest.raises(AppError, match="cannot be started"):
            app.deploy(app.make_release(start=("/no/such/program",)), "e4")
        wait_until(lambda: seen[good] > 5, what="visits")
    assert errors(seen) == {}
    assert app.state.release == good
    assert app.rollback("e3")["changed"] is False
    assert ("failed", sick) in app.events


def test_appd_switches_once_for_one_effect_key(app: App) -> None:
    first, second = app.make_release(), app.make_release()
    app.deploy(first)
    once = app.deploy(second, "e2")
    pid = client.look(app.paths)["pid"]
    assert app.deploy(second, "e2") == once
    assert client.look(app.paths)["pid"] == pid
    assert app.rollback("e2") == {
        "release": first,
        "changed": True,
        "detail": f"from {second} to {first}",
    }
    assert app.rollback("e2")["changed"] is False
    with pytest.raises(AppError, match="was rolled back"):
        app.deploy(second, "e2")
    assert app.serves(first)


def test_appd_undoes_only_what_is_still_live(app: App) -> None:
    first, second, third = (app.make_release() for _ in range(3))
    app.deploy(first)
    app.deploy(second, "e2")
    app.deploy(third, "e3")
    answer = app.rollback("e2")
    assert (answer["changed"], answer["detail"]) == (False, f"{third} has replaced {second} since")
    assert app.rollback("never")["changed"] is False
    assert app.serves(third)


def test_appd_ends_when_the_first_deployment_is_undone(app: App) -> None:
    app.deploy(app.make_release())
    port, pid = app.state.port, processes.identify(app.appd_pid())
    assert app.rollback("e1")["release"] == ""
    wait_until(lambda: not pid.alive(), what="the end of appd")
    with pytest.raises(ConnectionRefusedError):
        ask(port)
    again = app.make_release()
    app.deploy(again, "e2")
    assert app.state.port == port
    assert app.serves(again)


def test_appd_ends_after_a_first_deployment_that_failed(app: App) -> None:
    with pytest.raises(NotHealthy):
        app.deploy(app.make_release(start=("python", "-c", "1/0")))
    pid = processes.identify(app.appd_pid())
    wait_until(lambda: not pid.alive(), what="the end of appd")
    assert client.look(app.paths)["state"] == "stopped"


def test_appd_restarts_a_crashed_release_without_a_refused_connection(app: App) -> None:
    name = app.make_release()
    app.deploy(name)
    crashed = int(str(client.look(app.paths)["pid"]))
    os.kill(crashed, signal.SIGKILL)
    # Connections wait in the backlog that appd holds, until the next process accepts them.
    assert ask(app.state.port)["release"] == name
    wait_until(lambda: client.look(app.paths)["state"] == "running", what="the restart")
    assert client.look(app.paths)["pid"] != crashed
    assert app.events[3:] == [
        ("crashed", name), ("started", name), ("healthy", name), ("restarted", name),
    ]  # fmt: skip


def test_appd_keeps_trying_while_a_release_cannot_start(app: App) -> None:
    name = app.make_release()
    app.deploy(name)
    code = app.paths.releases / name / "shop"
    code.rename(code.with_name("away"))
    os.kill(int(str(client.look(app.paths)["pid"])), signal.SIGKILL)
    wait_until(lambda: [e for e, _ in app.events].count("failed") >= 3, what="three tries")
    assert client.look(app.paths)["state"] in {"restarting", "starting"}
    code.with_name("away").rename(code)
    wait_until(lambda: ("restarted", name) in app.events, what="the restart", timeout=20)
    assert [e for e, _ in app.events].count("crashed") == 1
    assert app.serves(name)


def test_a_release_outlives_appd_and_is_taken_over_without_a_refused_connection(app: App) -> None:
    name = app.make_release()
    app.deploy(name)
    orphan = app.state.processes[0]
    with visitors(app.state.port) as seen:
        app.kill_appd()
        assert orphan.alive()
        told = client.look(app.paths)
        assert (told["state"], told["pid"]) == ("unattended", orphan.pid)
        client.ensure(app.paths)
        wait_until(lambda: not orphan.alive(), timeout=30, what="the end of the orphan")
        before = seen[name]
        wait_until(lambda: seen[name] > before + 10, what="visits after")
    assert errors(seen) == {}
    assert ("taken_over", name) in app.events
    assert client.look(app.paths)["state"] == "running"


def test_a_deployment_takes_over_from_a_killed_appd(app: App) -> None:
    first, second = app.make_release(), app.make_release()
    app.deploy(first)
    orphan = app.state.processes[0]
    app.kill_appd()
    app.deploy(second, "e2")
    wait_until(lambda: not orphan.alive(), timeout=30, what="the end of the orphan")
    assert app.serves(second)
    assert app.rollback("e2")["release"] == first
    assert len(app.state.processes) == 1


def test_a_stop_reaches_what_a_killed_appd_left_running(app: App) -> None:
    app.deploy(app.make_release())
    orphan = app.state.processes[0]
    app.kill_appd()
    assert client.stop(app.paths)["changed"] is True
    assert not orphan.alive()
    with pytest.raises(ConnectionRefusedError):
        ask(app.state.port)
    assert client.stop(app.paths)["changed"] is False


def test_appd_drops_a_deployment_whose_asker_is_gone(app: App) -> None:
    good = app.make_release()
    app.deploy(good)
    sick = app.make_release(start=("python", "-c", SICK))
    with control_address(app.paths.folder) as address, socket.socket(socket.AF_UNIX) as asker:
        asker.connect(address)
        request = {"do": "deploy", "release": sick, "execution": "e2", "timeout": 60}
        asker.sendall(json.dumps(request).encode() + b"\n")
        wait_until(lambda: ("started", sick) in app.events, what="the start")
    assert app.rollback("e2")["changed"] is False
    assert ("abandoned", sick) in app.events
    assert (app.state.release, len(app.state.processes)) == (good, 1)
    assert app.serves(good)


def test_a_candidate_ends_with_the_appd_that_started_it(app: App) -> None:
    good = app.make_release()
    app.deploy(good)
    waits = app.make_release(
        start=("python", "-c", "import os; os.read(int(os.environ['APP_GO_FD']), 9)")
    )
    with control_address(app.paths.folder) as address, socket.socket(socket.AF_UNIX) as asker:
        asker.connect(address)
        request = {"do": "deploy", "release": waits, "execution": "e2", "timeout": 60}
        asker.sendall(json.dumps(request).encode() + b"\n")
        wait_until(lambda: ("started", waits) in app.events, what="the start")
        lines = (app.paths.history).read_text().splitlines()
        candidate = processes.identify(json.loads(lines[-1])["pid"])
        app.kill_appd()
    wait_until(lambda: not candidate.alive(), what="the end of the candidate")
    assert app.serves(good)


@pytest.mark.prove
def test_appd_survives_kills_at_random_instants(app: App, prove_scale: int) -> None:
    seed = secrets.randbits(32)
    draw = random.Random(seed)  # noqa: S311 - no secret is made of it
    app.deploy(app.make_release(), "e0")
    last = "e0"
    with visitors(app.state.port, 2) as seen:
        for number in range(1, 4 * prove_scale + 1):
            doomed = threading.Timer(draw.uniform(0, 0.45), app.kill_appd)
            doomed.start()
            if number % 2:
                last = f"e{number}"
                wanted = str(app.deploy(app.make_release(), last)["release"])
            else:
                wanted = str(app.rollback(last)["release"])
            doomed.join()
            client.ensure(app.paths)
            _settled(app, wanted, seed)
    assert errors(seen) == {}, f"seed {seed}"


def _settled(app: App, wanted: str, seed: int) -> None:
    """See that the wanted release answers, by one process alone."""
    wait_until(
        lambda: (
            client.look(app.paths)["state"] == "running"
            and len([one for one in app.state.processes if one.alive()]) == 1
        ),
        what=f"one running process (seed {seed})",
        timeout=20,
    )
    assert (app.state.release, app.health()["release"]) == (wanted, wanted), f"seed {seed}"


def test_appd_belongs_to_no_run(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_RUN_ID", "run-7.1")
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    app.deploy(app.make_release())
    pids = (app.appd_pid(), int(str(client.look(app.paths)["pid"])))
    for pid in pids:
        told = Path(f"/proc/{pid}/environ").read_bytes().decode()
        assert "CLAUDE_AGENT" not in told
        assert "hidden" not in told
        assert os.getsid(pid) != os.getsid(0)
        assert Path(f"/proc/{pid}/fd/0").readlink() == Path("/dev/null")
    status = Path(f"/proc/{pids[0]}/status").read_text().split()
    assert int(status[status.index("VmRSS:") + 1]) <= 20 * 1024


def test_two_starts_at_once_leave_one_appd(app: App) -> None:
    name = app.make_release()
    app.deploy(name)
    app.kill_appd()
    code = (
        "import sys; from pathlib import Path; from claude_agent.appd import client, paths;"
        "client.ensure(paths.AppPaths(home=Path(sys.argv[1]), name='shop'))"
    )
    starts = [subprocess.Popen([sys.executable, "-c", code, str(app.paths.home)]) for _ in range(3)]
    assert [start.wait(20) for start in starts] == [0, 0, 0]
    wait_until(lambda: client.look(app.paths)["state"] == "running", what="the take-over")
    lines = app.paths.history.read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines].count("appd_started") == 2


def test_deploy_names_a_port_that_is_taken_and_one_that_differs(app: App) -> None:
    name = app.make_release()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(AppError, match=f"port {port} cannot be used: Address already in use"):
            client.ensure(app.paths, port)
    assert not (app.paths.folder / "state.json").exists()
    app.deploy(name)
    with pytest.raises(AppError, match="already has port"):
        client.ensure(app.paths, 1)
    assert app.serves(name)


def test_appd_ends_on_sigterm_and_comes_back_with_what_was_wanted(app: App) -> None:
    name = app.make_release()
    app.deploy(name)
    appd, live = processes.identify(app.appd_pid()), app.state.processes[0]
    os.kill(appd.pid, signal.SIGTERM)
    wait_until(lambda: not appd.alive() and not live.alive(), what="the end")
    client.ensure(app.paths)
    wait_until(lambda: app.serves(name), what="the return")


def test_appd_refuses_what_it_does_not_know(app: App) -> None:
    app.deploy(app.make_release())
    for request, complaint in (
        ({"do": "dance"}, "there is no request 'dance'"),
        ({"do": "deploy", "release": "9-9999999"}, "release 9-9999999 of shop cannot be used"),
        ({"do": "deploy", "release": "../x"}, "is no release of shop"),
        ({"do": "deploy"}, "KeyError"),
        ({"x": "y" * 70_000}, "JSONDecodeError"),
    ):
        with pytest.raises(AppError, match=complaint):
            client.ask(app.paths, request)
    assert client.look(app.paths)["state"] == "running"


def _by_hand(app: App, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "claude_agent.appd.main", *words, "--home", str(app.paths.home)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_shows_takes_over_and_stops_by_hand(app: App) -> None:
    unknown = _by_hand(app, "status", "shop")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("error: there is no application 'shop' in ")
    first, second = app.make_release(), app.make_release()
    app.deploy(first)
    app.deploy(second, "e2")
    told = json.loads(_by_hand(app, "list", "--json").stdout)
    assert [(one["name"], one["release"], one["previous"]) for one in told] == [
        ("shop", second, first)
    ]
    assert f"release={first} changed=True" in _by_hand(app, "rollback", "shop").stdout
    app.kill_appd()
    assert f"release={first}" in _by_hand(app, "status", "shop").stdout
    wait_until(lambda: client.look(app.paths)["state"] == "running", what="the take-over")
    assert "detail=stopped" in _by_hand(app, "stop", "shop").stdout
    assert "state=stopped" in _by_hand(app, "status", "shop").stdout
    assert "detail=started" in _by_hand(app, "start", "shop").stdout
    assert app.serves(first)
    assert "event=rolled_back" in _by_hand(app, "history", "shop").stdout


def test_apps_lists_every_application_of_a_home(app: App) -> None:
    assert client.apps(app.paths.home) == []
    app.deploy(app.make_release())
    (told,) = client.apps(app.paths.home)
    assert told["state"] == "running"
    with pytest.raises(AppError, match="there is no application bakery"):
        client.stop(AppPaths(home=app.paths.home, name="bakery"))
