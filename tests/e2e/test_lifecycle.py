"""up and down: a graceful end leaves agents at work, `--stop-agents` leaves nothing."""

import json
import os
import signal
from time import monotonic

import pytest

from tests.e2e.product import Product, lives
from tests.waiting import wait_until

GRACE_S = 15.0
STOP_S = 25.0
"""What is promised; a shared machine gets a little more on top."""
SLACK_S = 5.0


def test_down_leaves_a_running_agent_and_the_next_up_adopts_it(shared: Product) -> None:
    task = shared.submit(shared.held("goes-on"), agent="database", title="goes on")
    [line] = shared.started("goes-on")
    shim, keeper, server = shared.shim(line["run_id"]), shared.keeper, shared.server
    began = monotonic()
    said = shared.down()
    assert monotonic() - began < GRACE_S + SLACK_S
    assert "database" in said.stderr
    assert task["ref"] in said.stderr
    assert not lives(keeper)
    assert not lives(server)
    assert shared.shims() == {line["run_id"]: shim}
    assert shared.cli("status", expect=7).stderr  # unreachable, and says so
    shared.up()
    assert shared.reaches(task["id"], "running")["run_number"] == 1
    shared.let_go("goes-on")
    assert shared.reaches(task["id"], "succeeded")["attempt"] == 1
    assert "task.adopted" in shared.events(task["id"])
    assert len(shared.entries("goes-on")) == 1
    shared.verify()


def test_result_that_came_while_the_server_was_down_is_taken_in(shared: Product) -> None:
    task = shared.submit(shared.held("alone"))
    [line] = shared.started("alone")
    shared.down()
    shared.let_go("alone")
    wait_until((shared.folder(line["run_id"]) / "exit.json").exists, what="the verdict")
    shared.up()
    ended = shared.reaches(task["id"], "succeeded")
    assert ended["run_number"] == ended["attempt"] == 1
    assert "alone done" in shared.system.tasks.log(task["id"])["text"]
    shared.verify()


@pytest.mark.slow
def test_down_with_stop_agents_leaves_no_process(shared: Product, prove_scale: int) -> None:
    ignored = "INT HUP" if prove_scale == 1 else "INT HUP TERM"  # the last costs another 10 s
    stubborn = f"trap '' {ignored}; setsid sleep 300 & while :; do sleep 0.1; done"
    tasks = [
        shared.submit(f"{shared.entry('stubborn')}\n{stubborn}", agent="database"),
        shared.submit(shared.held("gentle"), agent="testing"),
    ]
    for step in ("stubborn", "gentle"):
        shared.started(step)
    began = monotonic()
    shared.down("--stop-agents")
    assert monotonic() - began < STOP_S + SLACK_S
    shared.is_gone()
    shared.up()
    for task in tasks:
        told = shared.events(task["id"])
        assert told.count("task.started") == 1, "what a person stopped is not started again"
    shared.verify()


def test_signals_end_it_as_down_does(shared: Product) -> None:
    task = shared.submit(shared.held("signal"))
    [line] = shared.started("signal")
    keeper, server = shared.keeper, shared.server
    os.kill(keeper, signal.SIGTERM)
    wait_until(lambda: not lives(keeper), timeout=GRACE_S + SLACK_S, what="the keeper's end")
    assert not lives(server)
    assert line["run_id"] in shared.shims()
    shared.up()
    shared.let_go("signal")
    assert shared.reaches(task["id"], "succeeded")["run_number"] == 1


def test_down_twice_and_up_twice_change_nothing(shared: Product) -> None:
    server = shared.server
    again = shared.cli("up", "--detach", "--port", "0", expect=6)
    assert str(shared.keeper) in again.stderr
    assert shared.serves() == server
    shared.down("--stop-agents")
    shared.is_gone()
    nothing = shared.down()
    assert "No server runs" in nothing.stderr
    assert not (shared.home / "server.json").exists()


def test_accepted_tasks_wait_for_the_next_up(shared: Product) -> None:
    first = shared.submit(shared.held("first"), agent="testing")
    shared.started("first")
    waiting = [shared.submit(shared.entry("waits"), agent="testing") for _ in range(5)]
    shared.down()
    shared.up()
    shared.let_go("first")
    for task in [first, *waiting]:
        assert shared.reaches(task["id"], "succeeded")["attempt"] == 1
    assert len(shared.entries("waits")) == len(waiting)
    shared.verify()


def test_home_is_private(shared: Product) -> None:
    names = ("", "token", "tmux.sock", "bell/journal.sock", "logs/server.jsonl", "server.json")
    open_to_others = {
        name: oct(mode)
        for name in names
        if (mode := (shared.home / name).stat().st_mode & 0o777) & 0o077
    }
    assert open_to_others == {}
    assert json.loads((shared.home / "server.json").read_text())["pid"] == shared.server
