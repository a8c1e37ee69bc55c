import json

import pytest

from tests import wire_samples as samples
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


@pytest.fixture
def full(server: WireServer) -> WireServer:
    step = {"redrivable": False, "execution_id": "X1", "step_id": "build"}
    message = {"title": "notify", "agent": "notify", "queue": "default", "reason": "failed"}
    message |= {"payload": {"args": [1]}, "history": [{"event": "dead"}], "tail": ""}
    server.world.letters = [
        samples.letter("T1"),
        samples.letter("m-1", "message", **message),
        samples.letter("T2", **step),
    ]
    return server


def test_deadletter_list_shows_both_kinds(full: WireServer, cli: Cli) -> None:
    out = cli("deadletter", "list").out
    assert "2 tasks, 1 message" in out
    assert "notify" in out
    assert cli("deadletter", "list", "-o", "name").out.split() == ["T1", "m-1", "T2"]
    assert cli("deadletter", "list", "--kind", "message", "-o", "name").out.split() == ["m-1"]
    assert "--cursor 1" in cli("deadletter", "list", "--limit", "1").out
    cli("deadletter", "list", "--since", "1h", "--reason", "exit", "--agent", "testing")
    query = full.seen[-1].query
    assert (query["reason"], query["agent"]) == (["exit"], ["testing"])
    assert int(query["since"][0]) > 0
    full.world.letters = []
    assert "No dead letters" in cli("deadletter", "list").out


def test_deadletter_show_tells_why_and_what_to_do(full: WireServer, cli: Cli) -> None:
    out = cli("deadletter", "show", "T1").out
    for part in ("It exited with 1.", "1 failed", "run: pytest", "HOME, PATH", "attempt 2"):
        assert part in out
    assert "\x1b" not in out
    assert "claude-agent deadletter retry T1" in out
    of_message = cli("deadletter", "show", "m-1").out
    assert "actor" in of_message
    assert '{"event": "dead"}' in of_message
    assert "claude-agent execution show X1" in cli("deadletter", "show", "T2").out
    assert cli("deadletter", "show", "NIX").code == 5
    assert cli("deadletter", "show", "T1", "--kind", "message").code == 5


def test_deadletter_retry_of_one_may_change_it(full: WireServer, cli: Cli) -> None:
    assert "nothing was changed" in cli("deadletter", "retry", "T1", "--dry-run").err
    path = "/dead-letters/task/id-T1/redrive"
    assert full.bodies(path) == []
    words = ("--set", "run=exit 0", "--set", 'env:={"A":"1"}', "--note", "fixed")
    out = cli("deadletter", "retry", "T1", *words).out
    assert "task T1 is ready again in testing (generation 2)" in out
    changes = {"run": "exit 0", "env": {"A": "1"}}
    assert full.bodies(path) == [{"reason": "fixed", "changes": changes}]
    assert "is ready again" in cli("deadletter", "retry", "m-1").out
    refused = cli("deadletter", "retry", "T2")
    assert refused.code == 6
    assert "belongs to step a" in refused.err


def test_deadletter_retry_of_many_goes_at_a_rate(full: WireServer, cli: Cli) -> None:
    assert "Would re-drive 3 dead letters" in cli("deadletter", "retry", "--all", "--dry-run").err
    refused = cli("deadletter", "retry", "--all")
    assert refused.code == 2
    assert "--yes" in refused.err
    words = ("--all", "--kind", "task", "--rate", "5/s", "--yes")
    begun = cli("deadletter", "retry", *words).out
    assert "0 of 2" in begun
    assert "5/s" in begun
    assert full.bodies("/dead-letters/redrive") == [{"rate": "5/s", "kind": "task"}]
    assert "2 of 2" in cli("deadletter", "retry", "--all", "--yes", "--wait").out
    assert cli("deadletter", "redrives", "-o", "name").out.split() == ["r1", "r2"]
    assert "r1" in cli("deadletter", "redrives").out
    assert "ended" in cli("deadletter", "redrives", "r1", "--stop").out
    assert cli("deadletter", "retry", "--all", "--yes", "--rate", "fast").code == 2


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("T1", "--all"),
        ("T1", "--rate", "5/s"),
        ("--all", "--yes", "--set", "run=x"),
        ("T1", "--set", "run"),
    ],
)
def test_deadletter_retry_refuses_what_it_cannot_mean(
    full: WireServer, cli: Cli, words: tuple[str, ...]
) -> None:
    assert cli("deadletter", "retry", *words).code == 2
    assert len(full.world.letters) == 3


def test_deadletter_discard_wants_a_reason(full: WireServer, cli: Cli) -> None:
    assert cli("deadletter", "discard", "T1").code == 2
    words = ("deadletter", "discard", "T1", "--reason", "obsolete")
    assert "nothing was changed" in cli(*words, "--dry-run").err
    assert "task T1 is discarded" in cli(*words).out
    assert full.bodies("/dead-letters/task/id-T1/discard") == [{"reason": "obsolete"}]
    assert cli(*words).code == 5


def test_deadletter_export_is_json_lines_of_everything(full: WireServer, cli: Cli) -> None:
    full.world.letters += [samples.letter(f"E{n}") for n in range(60)]
    lines = cli("deadletter", "export").out.splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == 63
    assert found[0]["errors"][0]["message"] == "It exited with 1."
    assert len(cli("deadletter", "export", "--kind", "message").out.splitlines()) == 1


def test_deadletter_redrives_without_any(server: WireServer, cli: Cli) -> None:
    assert "No re-drives" in cli("deadletter", "redrives").out
    assert cli("deadletter", "redrives", "--stop").code == 2
    assert cli("deadletter", "redrives", "NIX").code == 5
