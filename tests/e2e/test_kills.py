"""kill -9 of every process of the product: each ends as the table of faults says."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.e2e.product import Product, lives
from tests.waiting import wait_until

FORGED = {"run_id": "01a0.1", "task_id": "01a0", "run": 1, "attempt": 1, "step": "forged"}


def flow(product: Product, name: str) -> Path:
    """Write a workflow like the main job whose tests wait to be let go."""
    steps = {
        "clone_repo": ("backend-api", "", product.entry()),
        "run_tests": ("testing", "clone_repo", product.held(f"{name}-tests")),
        "build_frontend": ("frontend-ui", "clone_repo", product.entry()),
        "deploy": ("deployment", "run_tests, build_frontend", product.entry()),
    }
    lines = [f"name: {name}", "steps:"]
    for step, (agent, after, run) in steps.items():
        text = "\n".join(f"      {line}" for line in run.splitlines())
        lines += [f"  - id: {step}", f"    agent: {agent}", f"    depends_on: [{after}]"]
        lines += ["    run: |", text]
    path = product.work / f"{name}.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_server_killed_in_the_middle_of_run_tests_adopts_the_same_run(shared: Product) -> None:
    path = flow(shared, "kill-server")
    started = shared.json("workflow", "--file", str(path))
    [line] = shared.started("kill-server-tests")
    shim = shared.shim(line["run_id"])
    shared.kill_server()
    again = shared.reaches(line["task_id"], "running")
    assert shared.shims() == {line["run_id"]: shim}, "the run goes on under the same shim"
    assert again["run_number"] == again["attempt"] == 1
    shared.let_go("kill-server-tests")
    ended = shared.execution_reaches(started["id"], "succeeded")
    assert [step["state"] for step in ended["steps"]] == ["succeeded"] * 4
    assert "task.adopted" in shared.events(line["task_id"])
    assert len(shared.entries("kill-server-tests")) == 1
    assert shared.verify()["ledger_lines"] >= 4


def test_verify_refuses_a_start_that_the_log_does_not_explain(shared: Product) -> None:
    task = shared.submit(shared.entry("honest"))
    shared.reaches(task["id"], "succeeded")
    assert shared.verify()["problems"] == []
    honest = shared.ledger.read_text()
    try:
        for forged in (FORGED, shared.entries("honest")[0]):
            shared.ledger.write_text(honest + json.dumps(forged) + "\n")
            verdict = shared.verify(expect=1)
            assert not verdict["ok"]
            assert len(verdict["problems"]) == 1
    finally:
        shared.ledger.write_text(honest)


def test_keeper_killed_server_hands_over_and_up_adopts_at_once(shared: Product) -> None:
    task = shared.submit(shared.held("keeper"))
    [line] = shared.started("keeper")
    shim, old_keeper, old_server = shared.shim(line["run_id"]), shared.keeper, shared.server
    shared.kill(old_keeper)
    shared.up()  # at once: it waits for the orphaned server itself
    assert not lives(old_server), "the server without a keeper has ended"
    assert shared.keeper != old_keeper
    assert shared.shims() == {line["run_id"]: shim}
    assert shared.reaches(task["id"], "running")["run_number"] == 1
    shared.let_go("keeper")
    assert shared.reaches(task["id"], "succeeded")["attempt"] == 1
    assert len(shared.entries("keeper")) == 1
    shared.verify()


def test_shim_killed_orphan_is_reaped_and_an_idempotent_task_runs_again(shared: Product) -> None:
    # The command dies with its shim; what the command left behind does not.
    left = shared.work / "orphan"
    task = shared.submit(
        f"setsid sleep 300 & echo $! > {left}\n{shared.held('idempotent')}", idempotent=True
    )
    [line] = shared.started("idempotent")
    orphan = int(left.read_text())
    shared.kill(shared.shim(line["run_id"]))
    first, second = shared.started("idempotent", times=2)
    assert not lives(orphan), "the earlier run was reaped before the second one began"
    assert (first["run"], second["run"]) == (1, 2)
    shared.let_go("idempotent")
    shared.reaches(task["id"], "succeeded")
    told = shared.events(task["id"])
    assert told.index("task.uncertain") < told.index("task.resolved") < told.index("task.succeeded")
    shared.verify()


@pytest.mark.parametrize(("answer", "state"), [("succeeded", "succeeded"), ("failed", "dead")])
def test_shim_killed_task_with_effects_waits_for_a_person(
    shared: Product, answer: str, state: str
) -> None:
    name = f"effects-{answer}"
    task = shared.submit(shared.held(name))
    [line] = shared.started(name)
    shared.kill(shared.shim(line["run_id"]))
    shared.reaches(task["id"], "uncertain")
    proof = shared.folder(line["run_id"]) / "reaped.json"
    wait_until(proof.exists, what="the proof that nothing of the run lives")
    shared.kill_server()
    assert shared.task(task["id"])["state"] == "uncertain", "it waits over a restart too"
    status, problem = shared.ask("POST", f"/tasks/{task['id']}/resolve", {"outcome": "who knows"})
    assert (status, problem["pointer"]) == (422, "/outcome"), problem
    status, _ = shared.ask("POST", f"/tasks/{task['id']}/resolve", {"outcome": answer})
    assert status in (200, 202)
    shared.reaches(task["id"], state)
    assert len(shared.entries(name)) == 1, "nobody started it again"
    shared.verify()


def test_tmux_killed_runs_go_on_and_sessions_are_made_again(shared: Product) -> None:
    task = shared.submit(shared.held("tmux"))
    [line] = shared.started("tmux")
    shim, old = shared.shim(line["run_id"]), shared.tmux()
    assert old is not None
    shared.kill(old)
    new = wait_until(shared.tmux, timeout=5, what="another tmux server")
    assert new != old
    wait_until(
        lambda: all(agent["session_alive"] for agent in shared.system.agents.list()),
        timeout=5,
        what="every session",
    )
    assert shared.shims() == {line["run_id"]: shim}
    shared.let_go("tmux")
    assert shared.reaches(task["id"], "succeeded")["run_number"] == 1
    after = shared.submit(shared.entry("after-tmux"))
    shared.reaches(after["id"], "succeeded")
    assert len(shared.entries("tmux")) == 1
    shared.verify()


def test_tmux_frozen_tasks_run_without_a_window_and_only_once(shared: Product) -> None:
    tmux = shared.tmux()
    assert tmux is not None
    os.kill(tmux, signal.SIGSTOP)
    try:
        task = shared.submit(shared.entry("windowless"))
        assert shared.reaches(task["id"], "succeeded")["run_number"] == 1
    finally:
        os.kill(tmux, signal.SIGCONT)
    # Awake again, tmux opens the window: its shim finds the run claimed and touches nothing.
    after = shared.submit(shared.entry("awake"))
    shared.reaches(after["id"], "succeeded")
    assert len(shared.entries("windowless")) == 1
    shared.verify()


@pytest.mark.parametrize("late", ["killed", "woken"])
def test_server_killed_before_a_run_began_seals_it_and_counts_no_attempt(
    shared: Product, late: str
) -> None:
    name = f"unbegun-{late}"
    tmux = shared.tmux()
    assert tmux is not None
    os.kill(tmux, signal.SIGSTOP)  # the window cannot open, so the shim cannot begin
    try:
        task = shared.submit(shared.entry(name))
        wait_until((shared.folder(f"{task['id']}.1") / "spec.json").exists, what="the run folder")
        shared.reaches(task["id"], "running")
        old = shared.server
        shared.kill(old)
    finally:
        # Woken, tmux opens the window after all: the shim meets the seal, or begins first.
        os.kill(tmux, signal.SIGKILL if late == "killed" else signal.SIGCONT)
    shared.serves(not_pid=old)
    ended = shared.reaches(task["id"], "succeeded")
    assert ended["attempt"] == 1
    assert len(shared.entries(name)) == 1, "begun or sealed, never both"
    if late == "killed":
        assert ended["run_number"] == 2
        assert "task.released" in shared.events(task["id"])
    shared.verify()


def test_server_killed_again_while_it_recovers_loses_nothing(shared: Product) -> None:
    task = shared.submit(shared.held("twice"))
    [line] = shared.started("twice")
    shim = shared.shim(line["run_id"])
    first = shared.server
    shared.kill(first)

    def next_one() -> int | None:
        found = [
            pid
            for pid, words in shared.processes().items()
            if "claude_agent.server" in words and pid != first
        ]
        return found[0] if found else None

    second = wait_until(next_one, what="the next server's process")
    shared.kill(second)
    third = shared.serves(not_pid=first)
    assert third not in (first, second)
    assert shared.shims() == {line["run_id"]: shim}
    shared.let_go("twice")
    assert shared.reaches(task["id"], "succeeded")["run_number"] == 1
    assert len(shared.entries("twice")) == 1
    shared.verify()


@pytest.mark.slow
def test_server_frozen_is_replaced_and_its_run_adopted(shared: Product) -> None:
    task = shared.submit(shared.held("frozen"))
    [line] = shared.started("frozen")
    shim, old = shared.shim(line["run_id"]), shared.server
    os.kill(old, signal.SIGSTOP)
    try:
        shared.serves(not_pid=old)  # after 10 s of silence
    finally:
        shared.kill(old, signal.SIGCONT)
    assert not lives(old)
    assert shared.shims() == {line["run_id"]: shim}
    shared.let_go("frozen")
    assert shared.reaches(task["id"], "succeeded")["run_number"] == 1
    assert len(shared.entries("frozen")) == 1
    shared.verify()
