import json
import threading

import pytest

from tests import wire_samples as samples
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


@pytest.fixture
def busy(server: WireServer) -> WireServer:
    server.world.agents = [
        samples.agent(
            "testing",
            state="working",
            shown=samples.shown("working"),
            running=[{"id": "i", "ref": "T1", "title": "pytest", "started_at": samples.NOW}],
            last_output_at=samples.NOW,
            capabilities=["python"],
        ),
        samples.agent("database", session_alive=False, fake=True, adapter="fake"),
    ]
    return server


def test_status_shows_agents_queues_and_workers(busy: WireServer, cli: Cli) -> None:
    out = cli("status").out
    assert "● working" in out
    assert "T1 pytest" in out
    assert "fake (fake)" in out
    assert "claude-database (lost)" in out
    assert "1/15 workers busy, 4 queued" in out
    assert f"{busy.url}/ui/" in out


def test_status_of_one_agent(busy: WireServer, cli: Cli) -> None:
    ran = cli("status", "--agent", "testing")
    assert "claude-testing" in ran.out
    assert "1 task running" in ran.out
    assert json.loads(cli("status", "--agent", "testing", "-o", "json").out)["name"] == "testing"
    assert cli("status", "--agent", "nobody").code == 5


def test_status_as_json_is_the_answer_of_the_api(busy: WireServer, cli: Cli) -> None:
    document = json.loads(cli("status", "-o", "json").out)
    assert set(document) == {"agents", "queues", "workers", "left_alone", "cursor"}
    assert cli("status", "-o", "name").out.split() == ["testing", "database"]


def test_agent_commands(busy: WireServer, cli: Cli) -> None:
    assert cli("agent", "list", "-o", "name").out.split() == ["testing", "database"]
    assert "python" in cli("agent", "show", "testing").out
    assert cli("agent", "logs", "testing").out == "testing says hi\n"
    # Off a terminal the command line is printed, not run.
    assert cli("agent", "attach", "testing").out == "tmux attach -t testing\n"
    assert cli("agent", "show", "nobody").code == 5


def test_task_commands(server: WireServer, cli: Cli) -> None:
    assert "No tasks" in cli("task", "list").out
    cli("submit", "--run", "true")
    cli("submit", "--run", "false")
    assert cli("task", "list", "-o", "name").out.split() == ["T1", "T2"]
    assert cli("task", "list", "--limit", "1", "-o", "name").out.split() == ["T1"]
    assert cli("task", "list", "--state", "dead", "-o", "name").out == ""
    shown = cli("task", "show", "T1").out
    assert "folder" in shown
    assert "21 tokens in (7 from cache), 7 out, $0.2500" in shown
    assert "rate: too many requests; reported late: succeeded" in shown
    assert "nothing was changed" in cli("task", "cancel", "T1", "--dry-run").err
    assert "cancelled" in cli("task", "cancel", "T1").out
    assert cli("task", "wait", "T1").code == 3
    assert cli("task", "wait", "T2", "--timeout", "50ms").code == 9
    server.world.end_task("T2", "succeeded", outputs={"sha": "abc"})
    result = cli("task", "result", "T2")
    assert "outputs.sha  abc" in result.out
    assert cli("task", "show", "nope").code == 5


def test_task_logs_print_everything_harmlessly(server: WireServer, cli: Cli) -> None:
    cli("submit", "--run", "true")
    server.world.logs["T1"] = "one\n\x1b[31mtwo\x1b[0m " + "x" * 40 + "\nlast"
    assert cli("task", "logs", "T1").out == "one\ntwo " + "x" * 40 + "\nlast\n"


def test_task_logs_follow_to_the_end(server: WireServer, cli: Cli) -> None:
    cli("submit", "--run", "true")
    server.world.logs["T1"] = "one\n"

    def end() -> None:
        server.world.logs["T1"] += "two\n"
        server.world.end_task("T1")

    threading.Timer(0.4, end).start()
    assert cli("task", "logs", "-f", "T1").out == "one\ntwo\n"


def test_app_commands(server: WireServer, cli: Cli) -> None:
    assert "No applications" in cli("app", "list").out
    server.world.apps = [samples.app("shop")]
    assert "http://127.0.0.1:8000" in cli("app", "list").out
    assert cli("app", "stop", "shop", "--dry-run").code == 0
    assert server.world.apps[0]["state"] == "running"
    assert cli("app", "stop", "shop").code == 0
    assert server.world.apps[0]["state"] == "stopped"
    assert cli("app", "stop", "nope").code == 5


def test_event_list_and_head(server: WireServer, cli: Cli) -> None:
    server.world.happen("task.started", "id-1", ref="T1", n=1)
    out = cli("event", "list").out
    assert "task.started" in out
    assert "T1" in out
    assert json.loads(cli("event", "list", "-o", "jsonl").out)["pos"] == 1
    assert cli("event", "list", "--topic", "agents").out == ""
    assert cli("event", "list", "--topic", "nope").code == 2
    assert cli("event", "export-head").out == f"e1:1  {'ab' * 32}\n"


def test_names_with_escapes_are_shown_harmlessly(server: WireServer, cli: Cli) -> None:
    cli("submit", "--run", "true", "--title", "evil\x1b[2J\x07\u202e name")
    for argv in (("task", "list"), ("task", "show", "T1"), ("event", "list")):
        out = cli(*argv).out
        assert "\x1b" not in out
        assert "\u202e" not in out
