"""The language, end to end: checked with all problems at once, described, built, evaluated."""

import json
from pathlib import Path

from claude_sdk import Workflow
from tests.e2e.product import Product

BAD = """
name: Bad
stpes: 5
steps:
  - {id: a, action: run_test}
  - {id: b, run: "echo ${{ inputs.x }}", depends_on: [c]}
"""
LATER = """
name: e2e later
budget: {usd: 1}
steps: [{id: a, run: "true"}]
"""


def write(product: Product, name: str, text: str) -> Path:
    path = product.work / f"{name}.yaml"
    path.write_text(text)
    return path


def test_validate_names_every_problem_with_its_place_and_exits_2(shared: Product) -> None:
    told = shared.cli("workflow", "validate", str(write(shared, "bad", BAD)), expect=2).stderr
    assert "bad.yaml:3:1 unknown key 'stpes' (did you mean 'steps'?)" in told
    assert "bad.yaml:5:21 there is no action 'run_test' (did you mean 'run_tests'?)" in told
    assert "bad.yaml:6:18 'steps[1].run': an expression never becomes shell text" in told
    assert "bad.yaml:6:55 there is no step 'c'" in told


def test_the_schema_of_the_format_is_served(shared: Product) -> None:
    printed = json.loads(shared.cli("workflow", "schema").stdout)
    assert printed == shared.system.workflows.schema()
    assert "approval" in printed["$defs"]["step"]["properties"]


def test_a_workflow_built_in_python_runs_with_its_expressions(shared: Product) -> None:
    flow = Workflow(
        "e2e built",
        outputs={"said": "${{ steps.say.outputs.said }}", "many": "${{ size(inputs.list) }}"},
        inputs={"n": {"type": "integer"}, "list": {"type": "array", "default": [1, 2, 3]}},
        env={"DOUBLED": "${{ inputs.list.map(x, x * 2) }}"},
    )
    say = flow.step(
        "say",
        agent="testing",
        run='printf \'{"said": "%s %s"}\' "$DOUBLED" "$NEXT" > "$CLAUDE_AGENT_OUTPUTS"',
        env={"NEXT": "${{ inputs.n + 1 }}"},
        outputs={"said": {"type": "string"}},
    )
    flow.step("never", agent="testing", run="false", depends_on=[say], if_="inputs.n > 100")
    started = shared.system.workflows.execute(source=flow, params={"n": 41})
    ended = shared.execution_reaches(started["id"], "succeeded")
    assert ended["outputs"] == {"said": "[2,4,6] 42", "many": 3}
    assert {step["id"]: step["state"] for step in ended["steps"]}["never"] == "skipped"


def test_what_this_version_does_not_run_is_stored_named_and_not_started(shared: Product) -> None:
    checked = shared.system.workflows.validate(LATER)
    if not checked["not_yet"]:
        return  # it runs by now
    assert "'budget' is not available yet" in checked["not_yet"][0]
    shared.system.workflows.define(LATER)
    told = shared.cli("workflow", "run", "e2e-later", expect=2).stderr
    assert "'budget' is not available yet" in told
