"""Six kinds of waiting on the real product, explained at the command line, each then ended."""

import json
from typing import Any

from tests.e2e.product import Product
from tests.waiting import wait_until

FLOW = """
name: e2e explained
inputs: {{go: {{type: boolean, default: true}}}}
concurrency: {{key: e2e-explained}}
on_failure: compensate
steps:
  - id: made
    agent: testing
    run: "true"
    compensate: {{run: "true"}}
  - id: held
    agent: testing
    depends_on: [made]
    lock: e2e-explained
    run: |
      {held}
  - id: locked
    agent: testing
    depends_on: [made]
    lock: e2e-explained
    run: "true"
  - {{id: bake, type: wait, depends_on: [made], wait: {{for: 1h, or_signal: skip_bake}}}}
  - id: flaky
    agent: testing
    depends_on: [made]
    retry: {{max_attempts: 2, delay: 10m}}
    run: "exit 3"
  - id: paused
    agent: database
    depends_on: [made]
    run: "true"
  - id: after
    agent: testing
    depends_on: [held, bake]
    if: "${{{{ inputs.go }}}}"
    run: "true"
"""


def reasons(product: Product, ref: str, *step: str) -> dict[str, Any]:
    found = product.json("execution", "explain", ref, *step)
    steps = {one["id"]: one for one in found["steps"]}
    return steps[step[0]] if step else found


def code_of(product: Product, ref: str, step: str) -> str:
    found = reasons(product, ref)
    steps = {one["id"]: one for one in found["steps"]}
    return steps[step]["reasons"][0]["code"] if step in steps else ""


def _started(shared: Product) -> tuple[str, str]:
    """Return two executions of which the second waits for the first."""
    path = shared.work / "explained.yaml"
    path.write_text(FLOW.format(held="\n      ".join(shared.held("explained").splitlines())))
    shared.cli("queue", "pause", "database")
    ref = shared.json("workflow", "--file", str(path))["ref"]
    shared.started("explained")
    second = shared.json("workflow", "--file", str(path))["ref"]
    wait_until(lambda: code_of(shared, ref, "flaky") == "backoff", timeout=30, what="the backoff")
    return ref, second


def test_explain_tells_six_kinds_of_waiting_and_what_follows(shared: Product) -> None:
    ref, second = _started(shared)
    # 1: a lock and its holder
    locked = reasons(shared, ref, "locked")
    holder = reasons(shared, ref, "held")["task_ref"]
    assert locked["reasons"][0]["text"] == f"Task {holder} holds the lock e2e-explained."
    # 2 and 3: a timer with the time left, a signal with its command
    bake = reasons(shared, ref, "bake")
    assert [one["code"] for one in bake["reasons"]] == ["timer", "signal"]
    assert bake["reasons"][0]["text"].startswith("It waits for a time: in 59m")
    command = bake["reasons"][1]["command"]
    assert command == f"claude-agent execution signal {ref} skip_bake"
    # 4: backoff with the next attempt
    flaky = reasons(shared, ref, "flaky")
    assert flaky["reasons"][0]["text"].startswith("Attempt 1 of 2 failed")
    # 5: a paused queue
    assert code_of(shared, ref, "paused") == "queue_paused"
    # 6: dependencies by name and state
    after = reasons(shared, ref, "after")
    needed = [(one["code"], one["about"]) for one in after["reasons"]]
    assert needed == [("dependency", ["held"]), ("dependency", ["bake"])]
    # 7: a concurrency key and its holder
    key = reasons(shared, second)["reasons"][0]
    assert key["text"] == f"The concurrency key e2e-explained is held by execution {ref}."

    _what_follows(shared, ref, locked["task_ref"])
    _ends(shared, ref, second, command)


def _what_follows(shared: Product, ref: str, locked: str) -> None:
    failed = reasons(shared, ref, "held")["if_failed"]
    assert failed["undoes"] == [["made"]]
    assert set(failed["stops"]) == {"locked", "bake", "flaky", "paused"}
    shown = shared.cli("execution", "explain", ref).stdout
    assert "if it failed: stopped:" in shown
    assert "undone: made" in shown
    task = json.loads(shared.cli("task", "explain", locked, "-o", "json").stdout)
    assert task["reasons"][0]["code"] == "lock"
    assert "holds the lock" in shared.cli("task", "explain", locked).stdout


def _ends(shared: Product, ref: str, second: str, command: str) -> None:
    """Each command that is named does what it says."""
    shared.cli(*command.split()[1:])
    assert code_of(shared, ref, "bake") == ""
    told = reasons(shared, ref, "held")["if_well"]
    assert told["starts"] == ["after"]
    shared.let_go("explained")
    wait_until(
        lambda: code_of(shared, ref, "locked") == "", timeout=30, what="the lock's hand-over"
    )
    shared.cli("queue", "resume", "database")
    unknown = shared.cli("execution", "explain", ref, "nothing", expect=2)
    assert "There is no step named nothing" in unknown.stderr
    assert shared.cli("execution", "explain", "ZZZZ", expect=5).stderr
    for one in (ref, second):
        shared.system.executions.cancel(one, compensate=False)
        shared.execution_reaches(one, "cancelled")
    ended = shared.cli("execution", "explain", ref).stdout
    assert "It has ended." in ended
