"""Approvals on the whole product: what waits, who decides, and that nothing goes round them."""

import json
import queue
import signal
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.gates import gated, made
from tests.e2e.product import PROGRAM, Product

__all__ = ["gated", "made"]


def agent_token(gated: Product, name: str, agent: str = "testing") -> tuple[Any, str]:
    """Start a task that waits; return it and the token of its run."""
    task = gated.submit(gated.held(name), agent=agent, auto_approve=True)
    (entry,) = gated.started(name)
    return task, (gated.folder(entry["run_id"]) / "token").read_text()


def ask_for(gated: Product, token: str, run: str, **more: Any) -> Any:
    """Ask as the agent whose token this is; return the task."""
    body = {"run": run, "agent": "testing", "cwd": str(gated.work), **more}
    status, task = gated.ask("POST", "/tasks/submit", body, token=token)
    assert status == 201, task
    return task


def approval_of(gated: Product, task: Any) -> Any:
    """Return the approval of a task."""
    return gated.system.approvals.get(task["ref"])


def test_what_a_person_is_always_asked_waits_is_shown_and_runs_once_approved(
    gated: Product,
) -> None:
    run = f"# rm -rf\n{gated.entry('always')}"
    task = gated.submit(run, auto_approve=True, env={"SHADE": "blue"})
    assert (task["state"], task["shown"]["word"]) == ("held", "needs approval")
    assert "1 approval waits: claude-agent approval list" in gated.cli("status").stdout
    (listed,) = gated.json("approval", "list")["items"]
    assert (listed["rule"], listed["decide"]) == ("rule 4", "always_ask")
    shown = gated.cli("approval", "show", task["ref"]).stdout
    for line in ("# rm -rf", f"cwd        {gated.work}", "SHADE=blue", "CLAUDE_AGENT_TOKEN_FILE"):
        assert line in shown
    assert "Advisory" in shown
    refused = gated.cli("approval", "approve", listed["ref"], expect=2)
    assert "add --yes" in refused.stderr
    assert gated.entries("always") == []
    gated.cli("approval", "approve", listed["ref"], "--yes", "--note", "seen")
    gated.reaches(task["ref"], "succeeded")
    assert len(gated.entries("always")) == 1
    found = approval_of(gated, task)
    assert (found["state"], found["decided_by"], found["note"]) == ("used", "operator", "seen")
    told = gated.events(task["id"])
    assert told.index("task.approved") < told.index("task.starting")
    again = gated.cli("approval", "approve", listed["ref"], "--yes", expect=6)
    assert "is used already" in again.stderr


def test_watching_tells_what_waits_each_request_and_each_decision(gated: Product) -> None:
    before = gated.submit("# rm -rf one", title="first")
    words = [str(PROGRAM), "approval", "watch"]
    with subprocess.Popen(
        words, env=gated.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        reader = threading.Thread(target=lambda: [lines.put(one) for one in watching.stdout or ()])
        reader.start()
        first = gated.system.approvals.get(before["ref"])["ref"]
        assert lines.get(timeout=40) == f"{first}  waits  first\n"
        task = gated.submit("# rm -rf two", title="second")
        ref = gated.system.approvals.get(task["ref"])["ref"]
        assert lines.get(timeout=40) == f"{ref}  requested  second\n"
        gated.system.approvals.reject(ref)
        assert lines.get(timeout=40) == f"{ref}  rejected  second\n"
        watching.send_signal(signal.SIGINT)
        reader.join(40)
        assert (watching.wait(40), lines.qsize()) == (130, 0)
        assert watching.stderr is not None
        assert "Come back: claude-agent approval watch" in watching.stderr.read()
    cursor = gated.system.events.head()["cursor"]
    gated.system.approvals.reject(first)
    frames = gated.system.events.read(topic="approvals", after=cursor)["items"]
    assert [one["type"] for one in frames] == ["approval.rejected"]


def test_a_no_is_final_and_ends_the_task(gated: Product) -> None:
    task = gated.submit(f"# rm -rf\n{gated.entry('no')}")
    gated.cli("approval", "reject", task["ref"], "--yes", "--note", "not today")
    ended = gated.task(task["ref"])
    assert (ended["state"], ended["error"]["message"]) == ("rejected", "not today")
    gated.cli("approval", "approve", task["ref"], "--yes", expect=6)
    assert gated.entries("no") == []
    refused = gated.submit("mkfs /dev/null")
    assert (refused["state"], refused["reason"]) == ("rejected", "rejected")
    assert "rule 5" in refused["error"]["message"]
    waited = gated.cli("submit", "--run", "mkfs x", "--agent", "testing", "--wait", expect=3)
    assert waited.returncode == 3


def test_an_agent_asks_and_no_agent_but_the_supervisor_where_a_rule_names_it_decides(
    gated: Product,
) -> None:
    mine, token = agent_token(gated, "asks")
    _, other = agent_token(gated, "other", "database")
    _, boss = agent_token(gated, "boss", "supervisor")
    task = ask_for(gated, token, gated.entry("asked"), auto_approve=True)
    assert task["state"] == "held"
    ref = approval_of(gated, task)["ref"]
    for who in (token, other):
        status, problem = gated.ask("POST", f"/approvals/{ref}/approve", {}, token=who)
        assert (status, problem["code"]) == (403, "forbidden"), problem
        status, problem = gated.ask("POST", f"/approvals/{ref}/reject", {}, token=who)
        assert (status, problem["code"]) == (403, "forbidden"), problem
    assert gated.ask("GET", f"/approvals/{ref}", token=token)[0] == 200
    assert gated.ask("GET", f"/approvals/{ref}", token=other)[0] == 403
    assert gated.ask("GET", f"/tasks/{mine['ref']}", token=token)[0] == 200
    assert gated.ask("GET", f"/tasks/{task['ref']}", token=token)[0] == 403
    assert gated.ask("GET", "/tasks", token=token)[0] == 403
    assert gated.ask("POST", f"/tasks/{task['ref']}/cancel", {}, token=token)[0] == 403
    status, done = gated.ask("POST", f"/approvals/{ref}/approve", {"note": "ok"}, token=boss)
    assert (status, done["state"]) == (200, "approved")
    assert (done["decided_by"], done["decided_rule"]) == ("agent:supervisor", "rule 3")
    gated.reaches(task["ref"], "succeeded")
    assert len(gated.entries("asked")) == 1
    # The supervisor's own request, and one that no rule gives it.
    own = ask_for(gated, boss, "true", agent="testing")
    status, _ = gated.ask("POST", f"/approvals/{own['ref']}/approve", {}, token=boss)
    assert status == 403
    asked = gated.submit("true # rm -rf")
    status, _ = gated.ask("POST", f"/approvals/{asked['ref']}/approve", {}, token=boss)
    assert status == 403
    # A run that has ended has no token any more.
    gated.let_go("asks")
    gated.reaches(mine["ref"], "succeeded")
    assert gated.ask("GET", f"/approvals/{ref}", token=token)[0] == 401


def test_an_allow_list_lets_a_plain_command_through_and_nothing_behind_it(gated: Product) -> None:
    _, token = agent_token(gated, "lists")
    assert ask_for(gated, token, "echo hello")["state"] == "ready"
    for run in (
        "echo hello; id",
        "echo `id`",
        "echo $(id)",
        "X=1 echo a",
        "echo a > b",
        "echo a\nid",
    ):
        assert ask_for(gated, token, run)["state"] == "held", run
    assert ask_for(gated, token, "echo a", env={"PATH": "/opt"})["state"] == "held"
    assert ask_for(gated, token, "echo a", gates=["id"])["state"] == "held"
    urgent = ask_for(gated, token, gated.entry("urgent"), priority="CRITICAL")
    assert urgent["state"] == "held"
    assert approval_of(gated, urgent)["on_due"] == "approve"
    gated.reaches(urgent["ref"], "succeeded")
    assert approval_of(gated, urgent)["how"] == "countdown"
    stopped = ask_for(gated, token, gated.entry("stopped"), priority="CRITICAL")
    gated.cli("approval", "reject", stopped["ref"], "--yes")
    always = ask_for(gated, token, "rm   -rf x", priority="CRITICAL")
    assert approval_of(gated, always)["decide"] == "always_ask"
    assert gated.task(stopped["ref"])["state"] == "rejected"


def test_two_approvers_are_needed_and_roles_are_kept_apart(gated: Product) -> None:
    tokens = {}
    for name, role in (("ann", "approver"), ("ben", "approver"), ("vic", "viewer")):
        tokens[name] = gated.cli("token", "create", name, "--role", role).stdout.strip()
    gated.cli("token", "create", "ann", "--role", "viewer", expect=6)
    task = gated.submit(gated.entry("two"), agent="instagram")
    path = f"/approvals/{approval_of(gated, task)['ref']}/approve"
    assert gated.ask("POST", path, {})[0] == 403  # the rule names approvers, not the operator
    assert gated.ask("POST", path, {}, token=tokens["vic"])[0] == 403
    assert gated.ask("GET", "/approvals", token=tokens["vic"])[0] == 200
    assert gated.ask("GET", "/tokens", token=tokens["ann"])[0] == 403
    body = {"run": "true", "agent": "testing"}
    assert gated.ask("POST", "/tasks/submit", body, token=tokens["ann"])[0] == 403
    status, one = gated.ask("POST", path, {}, token=tokens["ann"])
    assert (status, one["state"], len(one["votes"])) == (200, "requested", 1)
    status, problem = gated.ask("POST", path, {}, token=tokens["ann"])
    assert (status, problem["code"]) == (409, "conflict")
    assert gated.task(task["ref"])["state"] == "held"
    assert gated.ask("POST", path, {}, token=tokens["ben"])[1]["state"] == "approved"
    gated.reaches(task["ref"], "succeeded")
    gated.cli("token", "revoke", "ben")
    assert gated.ask("GET", "/approvals", token=tokens["ben"])[0] == 401
    assert tokens["ann"] not in json.dumps(gated.json("token", "list"))


def test_what_has_run_out_is_not_decided_any_more(gated: Product) -> None:
    task = gated.submit(gated.entry("late"), agent="frontend-ui")
    ended = gated.reaches(task["ref"], "rejected")
    assert ended["reason"] == "approval_expired"
    refused = gated.cli("approval", "approve", task["ref"], "--yes", expect=6)
    assert "expired already" in refused.stderr
    assert gated.entries("late") == []


def test_a_hundred_racing_decisions_have_one_winner(gated: Product) -> None:
    task = gated.submit(f"# rm -rf\n{gated.entry('race')}")
    ref = approval_of(gated, task)["ref"]

    def decide(n: int) -> int:
        verb = "approve" if n % 2 else "reject"
        key = {"Idempotency-Key": f"race-{n}"}
        return gated.ask("POST", f"/approvals/{ref}/{verb}", {}, **key)[0]

    with ThreadPoolExecutor(20) as pool:
        found = Counter(pool.map(decide, range(100)))
    assert found == {200: 1, 409: 99}
    won = approval_of(gated, task)["state"]
    ended = gated.reaches(task["ref"], "succeeded", "rejected")["state"]
    assert (won in ("approved", "used")) == (ended == "succeeded")
    assert len(gated.entries("race")) == (ended == "succeeded")
    decided = [one for one in gated.events(approval_of(gated, task)["id"]) if "ed" in one]
    assert sum(one in ("approval.approved", "approval.rejected") for one in decided) == 1


def test_a_repeated_decision_gives_the_same_answer(gated: Product) -> None:
    task = gated.submit("true # rm -rf")
    key = {"Idempotency-Key": "the-same"}
    path = f"/approvals/{task['ref']}/approve"
    first, second = (gated.ask("POST", path, {}, **key) for _ in range(2))
    assert first == second
    assert first[0] == 200
    assert gated.ask("POST", path, {"note": "other"}, **key)[1]["code"] == "idempotency_mismatch"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_changed_script_voids_what_was_approved(gated: Product, when: str) -> None:
    script = gated.work / f"deploy-{when}.sh"
    script.write_text("#!/bin/sh\necho fine\n")
    run = f"# rm -rf\nsh {script.name}\n{gated.entry('script-' + when)}"
    gated.cli("queue", "pause", "testing")
    try:
        task = gated.submit(run)
        seen = approval_of(gated, task)
        assert str(script) in seen["what"]["files"]
        if when == "before":
            script.write_text("#!/bin/sh\necho evil\n")
            refused = gated.cli("approval", "approve", task["ref"], "--yes", expect=None)
            # The command looks first: what it saw is the new text, bound when it was approved.
            assert refused.returncode == 6
            assert "is not what was shown" in refused.stderr
            assert gated.task(task["ref"])["state"] == "held"
            return
        gated.cli("approval", "approve", task["ref"], "--yes")
        script.write_text("#!/bin/sh\necho evil\n")
    finally:
        gated.cli("queue", "resume", "testing")
    ended = gated.reaches(task["ref"], "dead")
    assert ended["error"]["kind"] == "digest_mismatch"
    assert gated.entries("script-after") == []
    assert approval_of(gated, task)["state"] == "voided"
    again = gated.json("deadletter", "retry", task["ref"])
    assert again["state"] == "held"
    fresh = approval_of(gated, task)
    assert (fresh["state"], fresh["id"] != seen["id"]) == ("requested", True)
    gated.cli("approval", "approve", task["ref"], "--yes")
    gated.reaches(task["ref"], "succeeded")


def test_a_run_folder_that_was_changed_is_refused_by_the_shim(gated: Product) -> None:
    """The digest comes with the shim's command line: changing folder and digest is no help."""
    task = gated.submit(f"# rm -rf\n{gated.entry('folder')}")
    gated.cli("approval", "approve", task["ref"], "--yes")
    gated.reaches(task["ref"], "succeeded")
    folder = gated.folder(f"{task['id']}.1")
    spec = json.loads((folder / "spec.json").read_text())
    assert spec["digest"] == approval_of(gated, task)["digest"]


def test_kill_between_approval_and_start_loses_nothing_and_starts_once(gated: Product) -> None:
    gated.cli("queue", "pause", "testing")
    task = gated.submit(f"# rm -rf\n{gated.entry('killed')}")
    waits = gated.submit("true # rm -rf")
    gated.cli("approval", "approve", task["ref"], "--yes")
    gated.kill_server()
    gated.cli("queue", "resume", "testing")
    gated.reaches(task["ref"], "succeeded")
    assert len(gated.entries("killed")) == 1
    assert gated.task(waits["ref"])["state"] == "held"
    assert approval_of(gated, waits)["state"] == "requested"
    gated.verify()
