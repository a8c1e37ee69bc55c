import json

from tests import approval_samples as samples
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


def test_approval_list_shows_what_waits_and_how_to_go_on(server: WireServer, cli: Cli) -> None:
    assert cli("approval", "list").out == "No approvals.\n"
    used = samples.approval(ref="AP02", id="2", task_id="t2", state="used")
    server.world.approvals += [samples.approval(), used]
    assert cli("approval", "list", "-o", "name").out.split() == ["AP01"]
    assert cli("approval", "list", "--all", "-o", "name").out.split() == ["AP01", "AP02"]
    assert "Advisory: there is no sandbox here." in cli("approval", "list").out
    assert "1 approval waits: claude-agent approval list" in cli("status").out


def test_approval_show_prints_exactly_what_would_run(server: WireServer, cli: Cli) -> None:
    evil = samples.approval()
    evil["what"] |= {"text": "rm -rf build\x1b[2J\necho done", "diff": "-old\n+new\x1b]0;x\x07\n"}
    server.world.approvals.append(evil)
    out = cli("approval", "show", "AP01").out
    for line in (
        *("    rm -rf build\n    echo done\n", "cwd        /srv/shop\n"),
        *("env        SHADE=blue\n", "env names  PATH\n", "limits     1 attempt, run 1m 00s\n"),
        *("commit     c0ffee in /srv/shop\n", "    -old\n    +new\n", f"digest     {'ab' * 32}\n"),
    ):
        assert line in out
    assert "\x1b" not in out
    assert cli("approval", "show", "NONE").code == 5


def test_approval_approve_asks_and_names_what_was_seen(server: WireServer, cli: Cli) -> None:
    server.world.approvals.append(samples.approval(form={"version": {"type": "integer"}}))
    refused = cli("approval", "approve", "AP01")
    assert refused.code == 2
    assert "add --yes" in refused.err
    assert "digest" in cli("approval", "approve", "AP01", "--dry-run").out
    assert server.bodies("/approvals/AP01/approve") == []
    changed = cli("approval", "approve", "AP01", "--yes", "--digest", "cd" * 32)
    assert changed.code == 6
    done = cli("approval", "approve", "AP01", "--yes", "--note", "ok", "--answer", "version:=3")
    assert (done.code, done.err) == (0, "AP01 approved.\n")
    sent = server.bodies("/approvals/AP01/approve")[-1]
    assert sent == {"note": "ok", "answers": {"version": 3}, "digest": "ab" * 32}
    assert cli("approval", "reject", "AP01", "--yes").code == 6


def test_approval_reject_says_no(server: WireServer, cli: Cli) -> None:
    server.world.approvals.append(samples.approval())
    out = cli("approval", "reject", "t1", "--yes", "--note", "no", "-o", "json").out
    assert json.loads(out)["state"] == "rejected"


def test_approval_rules_and_tokens(server: WireServer, cli: Cli) -> None:
    out = cli("approval", "rules").out
    assert "requester agent, priority CRITICAL" in out
    assert "countdown 10s" in out
    assert cli("token", "create", "ben", "--role", "approver").out == "person.secret\n"
    assert "ann" in cli("token", "list").out
    assert "nothing was changed" in cli("token", "revoke", "ann", "--dry-run").err
    assert cli("token", "revoke", "ann").code == 0
    assert server.bodies("/tokens/ann/revoke") == [{}]


def test_submit_hands_on_what_is_wanted_of_approvals(server: WireServer, cli: Cli) -> None:
    cli("submit", "--run", "true", "--agent", "testing", "--approve", "manual")
    assert server.bodies("/tasks/submit")[-1]["approve"] == "manual"
