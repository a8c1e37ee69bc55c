import json

from tests import wire_samples as samples
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


def test_queue_list_and_show(server: WireServer, cli: Cli) -> None:
    assert cli("queue", "list", "-o", "name").out.split() == ["testing"]
    assert "0/∞" in cli("queue", "list").out
    (line,) = [one for one in cli("queue", "list").out.splitlines() if "default" in one]
    assert line.split() == ["default", "message", "2", "dead", "1", "0", "0"]
    out = cli("queue", "show", "testing").out
    assert "2 ready, 1 scheduled, 1 running" in out
    assert "(configured)" in out
    assert cli("queue", "show", "nobody").code == 5


def test_queue_is_paused_and_resumed(server: WireServer, cli: Cli) -> None:
    assert "nothing was changed" in cli("queue", "pause", "testing", "--dry-run").err
    assert server.bodies("/queues/testing/pause") == []
    out = cli("queue", "pause", "testing", "--reason", "a release").out
    assert "paused" in out
    assert "operator  reason a release" in out
    assert json.loads(cli("queue", "show", "testing", "-o", "json").out)["paused"] is True
    assert "nothing was changed" in cli("queue", "resume", "testing", "--dry-run").err
    assert "open" in cli("queue", "resume", "testing").out


def test_queue_limit_takes_a_number_or_default(server: WireServer, cli: Cli) -> None:
    assert "0/2 (set by a person)" in cli("queue", "limit", "testing", "2").out
    assert "nothing was changed" in cli("queue", "limit", "testing", "9", "--dry-run").err
    assert "0/3 (configured)" in cli("queue", "limit", "testing", "default").out
    assert server.bodies("/queues/testing/limit") == [{"limit": 2}, {"limit": None}]
    wrong = cli("queue", "limit", "testing", "0")
    assert wrong.code == 2
    assert "queue pause" in wrong.err


def test_queue_purge_wants_a_yes(server: WireServer, cli: Cli) -> None:
    assert "Would cancel 3 tasks" in cli("queue", "purge", "testing", "--dry-run").err
    refused = cli("queue", "purge", "testing")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert server.bodies("/queues/testing/purge") == []
    assert "3 tasks of testing cancelled" in cli("queue", "purge", "testing", "--yes").out


def test_status_shows_a_paused_queue(server: WireServer, cli: Cli) -> None:
    plain = samples.status

    def paused(agents: list[samples.Json], cursor: str) -> samples.Json:
        found = plain(agents, cursor)
        found["queues"][0] |= {"paused": True, "shown": samples.shown("paused")}
        return found

    samples.status = paused
    try:
        assert "2 (paused)" in cli("status").out
    finally:
        samples.status = plain
