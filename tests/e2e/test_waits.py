"""Waits, signals and sub-workflows of the real product; the server is killed in between."""

import json
from pathlib import Path

from tests.e2e.product import Product

CHILD = """
name: e2e child
inputs: {{n: {{type: integer}}}}
steps:
  - id: work
    agent: testing
    with: {{n: "${{{{ inputs.n }}}}"}}
    outputs: {{n: {{type: integer}}}}
    run: |
      {entry}
      printf '{{"n": %s}}' "$CLAUDE_AGENT_WITH_N" > "$CLAUDE_AGENT_OUTPUTS"
outputs: {{n: "${{{{ steps.work.outputs.n }}}}"}}
"""
FLOW = """
name: e2e waits
steps:
  - id: bake
    type: wait
    wait: {for: 1h, or_signal: skip_bake}
  - id: way
    type: switch
    depends_on: [bake]
    switch:
      - {if: "${{ steps.bake.outputs.data.fast }}", then: [many]}
      - {then: [slow]}
  - {id: slow, agent: testing, run: "false", depends_on: [way]}
  - id: many
    workflow: e2e-child
    depends_on: [way]
    foreach: [1, 2, 3]
    with: {n: "${{ item }}"}
  - id: told
    type: emit
    depends_on: [many]
    emit: {type: e2e.done, data: {of: "${{ execution.id }}"}}
"""
LISTENER = """
name: e2e listener
steps:
  - {id: w, type: wait, wait: {event: e2e.done}}
"""


def write(product: Product, name: str, text: str) -> Path:
    path = product.work / f"{name}.yaml"
    path.write_text(text)
    return path


def test_wait_ends_by_a_signal_and_children_run_over_two_deaths_of_the_server(
    shared: Product,
) -> None:
    entry = "\n      ".join(shared.held("child").splitlines())
    shared.system.workflows.define(CHILD.format(entry=entry))
    path = write(shared, "waits", FLOW)
    started = shared.json("workflow", "--file", str(path))
    listener = shared.system.workflows.execute(source=LISTENER)
    shared.execution_reaches(started["id"], "waiting")
    assert "waits until" in shared.cli("execution", "show", started["ref"]).stdout
    shared.kill_server()
    shared.execution_reaches(started["id"], "waiting")
    data = json.dumps({"fast": True})
    for _ in range(2):
        shared.cli(
            "execution", "signal", started["ref"], "skip_bake", "--data", data, "--id", "one"
        )
    shared.started("child", times=3)
    shared.kill_server()
    shared.let_go("child")
    ended = shared.execution_reaches(started["id"], "succeeded")
    steps = {step["id"]: step for step in ended["steps"]}
    assert steps["slow"]["reason"] == "not_chosen"
    outputs = [one["outputs"] for one in steps["many"]["instances"]["items"]]
    assert outputs == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert shared.execution_reaches(listener["id"], "succeeded")
    assert len(shared.entries("child")) == 3
    refused = shared.cli("execution", "signal", started["ref"], "skip_bake", expect=None)
    assert refused.returncode == 6
    assert "takes no signal any more" in refused.stderr
    shared.verify()
