"""kill -9 between the moments that matter: gates, a cancel, an undo, output, everything at once."""

import contextlib
import os
import signal
from typing import Any

import pytest

from tests.e2e.product import Product, lives
from tests.waiting import wait_until

UNDONE = """
name: {name}
steps:
  - id: migrate
    agent: database
    run: |
      {migrate}
    compensate: {{run: "{undo_migrate}"}}
  - id: switch
    agent: deployment
    depends_on: [migrate]
    run: |
      {switch}
    compensate: {{run: "{undo_switch}"}}
  - id: look
    agent: testing
    depends_on: [switch]
    run: |
      {look}
      exit 1
"""


def test_server_killed_during_gates_runs_them_again_and_not_the_task(shared: Product) -> None:
    task = shared.submit(shared.entry("gated"), gates=[shared.held("gate"), "true"])
    shared.started("gate")
    assert shared.task(task["id"])["state"] == "verifying"
    shared.kill_server()
    first, second = shared.started("gate", times=2)
    assert first["run_id"] != second["run_id"], "each run of the gates has a folder of its own"
    assert first["attempt"] == second["attempt"] == 1
    shared.let_go("gate")
    ended = shared.reaches(task["id"], "succeeded")
    assert ended["run_number"] == ended["attempt"] == 1
    assert len(shared.entries("gated")) == 1
    assert shared.events(task["id"]).count("task.gates_restarted") == 1
    shared.verify()


def test_server_killed_right_after_a_cancel_carries_it_out(shared: Product) -> None:
    mark = shared.work / "stopped"
    run = f"trap 'touch {mark}; exit 1' INT TERM\n{shared.held('cancelled')}"
    task = shared.submit(run)
    [line] = shared.started("cancelled")
    status, _ = shared.ask("POST", f"/tasks/{task['id']}/cancel", {})
    assert status == 202
    with contextlib.suppress(AssertionError):
        shared.kill(shared.server)
    shared.serves()
    ended = shared.reaches(task["id"], "cancelled")
    assert ended["run_number"] == 1
    assert mark.exists(), "the command was stopped by the ladder, not cut off"
    assert line["run_id"] not in shared.shims()
    assert len(shared.entries("cancelled")) == 1
    shared.verify()


def test_server_killed_twice_during_an_undo_finishes_it_in_order(shared: Product) -> None:
    steps = ("migrate", "switch", "look", "undo_switch", "undo_migrate")
    text = {step: shared.entry(step).replace("\n", "; ") for step in steps}
    undo = {step: f"sh {shared.work / step}.sh" for step in ("undo_switch", "undo_migrate")}
    for step in undo:
        (shared.work / f"{step}.sh").write_text(shared.held(step))
    path = shared.work / "undone.yaml"
    path.write_text(UNDONE.format(name="undone", **{**text, **undo}))
    started = shared.json("workflow", "--file", str(path))
    [line] = shared.started("undo_switch")
    shared.kill_server()
    assert shared.execution_reaches(started["id"], "compensating")
    assert not shared.entries("undo_migrate"), "in reverse order, one after the other"
    assert shared.shims()[line["run_id"]]
    shared.let_go("undo_switch")
    shared.started("undo_migrate")
    shared.kill_server()
    shared.let_go("undo_migrate")
    ended = shared.execution_reaches(started["id"], "compensated", "compensation_failed")
    assert ended["state"] == "compensated"
    assert [entry["step"] for entry in shared.entries() if entry["step"] in steps] == list(steps)
    shared.verify()


def test_output_over_two_kills_is_whole(shared: Product) -> None:
    count = 60
    run = f"{shared.entry('talks')}\nfor n in $(seq {count}); do echo line $n; sleep 0.05; done"
    task = shared.submit(run)
    shared.started("talks")
    seen = ""
    for wanted in (10, 30):
        wait_until(lambda: _last(shared, task) >= wanted, timeout=30, what=f"line {wanted}")  # noqa: B023
        seen = shared.system.tasks.log(task["id"])["text"]
        shared.kill_server()
    shared.reaches(task["id"], "succeeded")
    whole = shared.system.tasks.log(task["id"])["text"]
    assert whole.splitlines() == [f"line {n}" for n in range(1, count + 1)]
    assert whole.startswith(seen)


def _last(product: Product, task: Any) -> int:
    lines = product.system.tasks.log(task["id"])["text"].splitlines()
    return int(lines[-1].split()[-1]) if lines else 0


@pytest.mark.parametrize("idempotent", [True, False])
def test_everything_killed_at_once_is_reaped_and_decided(
    shared: Product,
    idempotent: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """As after a power cut: nothing of us lives, only what a command had left behind."""
    name = f"power-cut-{idempotent}"
    left = shared.work / name / "orphan"
    left.parent.mkdir()
    run = f"setsid sleep 300 & echo $! > {left}\n{shared.held(name + '-held')}"
    task = shared.submit(run, idempotent=idempotent)
    [line] = shared.started(f"{name}-held")
    orphan, tmux = int(left.read_text()), shared.tmux()
    assert tmux is not None
    victims = [shared.keeper, shared.server, tmux, *shared.shims().values()]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    for pid in victims:
        wait_until(lambda: not lives(pid), what=f"the end of {pid}")  # noqa: B023
    assert lives(orphan)
    shared.up()
    if idempotent:
        shared.started(f"{name}-held", times=2)
        assert not lives(orphan)
        shared.let_go(f"{name}-held")
        assert shared.reaches(task["id"], "succeeded")["run_number"] == 2
    else:
        shared.reaches(task["id"], "uncertain")
        wait_until((shared.folder(line["run_id"]) / "reaped.json").exists, what="the reaping")
        assert not lives(orphan)
        shared.cli("task", "resolve", task["ref"], "failed")
        assert shared.reaches(task["id"], "dead")["attempt"] == 1
        assert len(shared.entries(f"{name}-held")) == 1
    shared.verify()
