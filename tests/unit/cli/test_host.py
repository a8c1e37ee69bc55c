import json

from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


def test_host_list_shows_workers_and_who_is_out_of_reach(server: WireServer, cli: Cli) -> None:
    out = cli("host", "list").out
    assert "head (here)" in out
    assert "unreachable (fencing failed, try 2)" in out
    assert "worker 7 (lost) [testing]" in out
    assert cli("host", "list", "-o", "name").out.split() == ["head", "far"]


def test_status_shows_the_workers_of_each_of_several_hosts(server: WireServer, cli: Cli) -> None:
    assert "worker 7 [testing]" in cli("status").out


def test_signal_is_sent_with_its_data_and_its_id(server: WireServer, cli: Cli) -> None:
    assert cli("execution", "signal", "X1", "go", "--data", '{"n": 1}', "--id", "7").code == 0
    [body] = server.bodies("/executions/X1/signals/go")
    assert body == {"data": {"n": 1}, "source": "", "message_id": "7"}
    assert cli("execution", "signal", "X1", "go", "--data", "{").code == 2
    assert cli("execution", "signal", "X1", "late").code == 6


def test_host_lost_is_refused_without_a_word_of_consent(server: WireServer, cli: Cli) -> None:
    assert cli("host", "lost", "far").code == 2
    assert "nothing was changed" in cli("host", "lost", "far", "--dry-run").err
    assert server.bodies("/hosts/far/lost") == []


def test_host_lost_names_the_tasks_that_are_decided(server: WireServer, cli: Cli) -> None:
    assert json.loads(cli("host", "lost", "far", "--yes", "-o", "json").out)["tasks"] == ["T1"]
    refused = cli("host", "lost", "head", "--yes")
    assert refused.code == 6
    assert "is alive" in refused.err
