import json

from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


def test_execution_explain_shows_reasons_commands_and_what_follows(
    server: WireServer, cli: Cli
) -> None:
    out = cli("execution", "explain", "X1").out
    assert "It waits for the signal go." in out
    assert "claude-agent execution signal X1 go" in out
    assert "then: c starts; skipped: e (condition_false); its outputs decide about d" in out
    assert (
        "if it failed: stopped: x; started: f; not run: c; undone: b, a; not undone: y; "
        "the execution is compensating" in out
    )
    assert "and 2 more" in out
    assert json.loads(cli("execution", "explain", "X1", "a", "-o", "json").out)["total"] == 3
    assert cli("execution", "explain", "X1", "none").code == 2


def test_task_explain_shows_reasons_and_commands(server: WireServer, cli: Cli) -> None:
    out = cli("task", "explain", "T1").out
    assert "Task T9 holds the lock db." in out
    assert "claude-agent task explain T9" in out
    assert cli("task", "explain", "T1", "-o", "name").out == "lock\n"
