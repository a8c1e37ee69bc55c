import json
from pathlib import Path

import pytest

from claude_agent.domain.compile import TOP_KEYS
from claude_agent.domain.compile_kinds import APPROVAL_KEYS, WAIT_KEYS
from claude_agent.domain.compile_steps import ALWAYS_KEYS, TASK_KEYS
from claude_sdk import Workflow
from claude_sdk.workflow import ApprovalKeys, StepKeys, WaitKeys, WorkflowKeys
from tests.unit.domain.compiling import compiled

TEXT = """
name: Ship it
inputs: {env: {type: string, default: dev}}
secrets: [TOKEN]
on_failure: compensate
steps:
  - {id: test, agent: testing, action: run_tests, matrix: {suite: [unit, e2e]}}
  - id: build-image
    run: make image
    depends_on: [test]
    if: "${{ inputs.env == 'dev' }}"
    outputs: {image: {type: string}}
    secrets: [TOKEN]
  - id: ok
    type: approval
    depends_on: [build-image]
    approval: {prompt: Sure?, on_reject: rewind, rewind_to: test}
  - {id: soon, type: wait, depends_on: [ok], timeout: 1h, wait: {signal: go, if: event.data.ok}}
  - id: ways
    type: switch
    depends_on: [soon]
    switch: [{if: inputs.env == 'dev', then: [say]}, {then: [deploy]}]
  - id: say
    type: emit
    depends_on: [ways]
    emit: {type: build.ready, data: {ok: "${{ success() }}"}}
  - id: deploy
    action: deploy_k8s
    depends_on: [ways]
    with: {}
    env: {IMAGE: "${{ steps['build-image'].outputs.image }}", HOW: "${{ steps.ok.status }}"}
    compensate: {action: rollback_k8s}
outputs: {image: "${{ steps['build-image'].outputs.image }}"}
"""


def built() -> Workflow:
    flow = Workflow(
        "Ship it",
        inputs={"env": {"type": "string", "default": "dev"}},
        secrets=["TOKEN"],
        on_failure="compensate",
        outputs={"image": "${{ steps['build-image'].outputs.image }}"},
    )
    test = flow.step("test", agent="testing", action="run_tests", matrix={"suite": ["unit", "e2e"]})
    build = flow.step(
        "build-image",
        run="make image",
        depends_on=[test],
        if_="${{ inputs.env == 'dev' }}",
        outputs={"image": {"type": "string"}},
        secrets=["TOKEN"],
    )
    ok = flow.approval("ok", depends_on=[build], prompt="Sure?", on_reject="rewind", rewind_to=test)
    soon = flow.wait("soon", depends_on=[ok], timeout="1h", signal="go", if_="event.data.ok")
    ways = flow.switch(
        "ways", ("inputs.env == 'dev'", ["say"]), (None, ["deploy"]), depends_on=[soon]
    )
    flow.emit("say", "build.ready", {"ok": "${{ success() }}"}, depends_on=[ways])
    flow.step(
        "deploy",
        action="deploy_k8s",
        depends_on=[ways],
        with_={},
        env={"IMAGE": build.output("image"), "HOW": ok.status},
        compensate={"action": "rollback_k8s"},
    )
    return flow


def test_what_is_built_means_the_same_as_the_file() -> None:
    assert compiled(built().source()) == compiled(TEXT)


def test_the_text_of_a_workflow_is_its_data() -> None:
    flow = built()
    assert json.loads(flow.source()) == flow.to_data()


def test_a_second_step_of_the_same_name_is_refused() -> None:
    flow = Workflow("x")
    flow.step("a", run="true")
    with pytest.raises(ValueError, match="There is a step a already"):
        flow.step("a", run="false")


def keys(of: type) -> set[str]:
    return {name.removesuffix("_") for name in of.__annotations__}


def test_the_keywords_are_the_keys_of_the_format() -> None:
    always = set(ALWAYS_KEYS) - {"id", "type"}
    assert keys(WorkflowKeys) == set(TOP_KEYS) - {"name", "steps"}
    assert keys(StepKeys) == {*TASK_KEYS, "workflow", *always}
    assert keys(ApprovalKeys) == {*APPROVAL_KEYS, *always}
    assert keys(WaitKeys) == {*WAIT_KEYS, *always, "timeout"}


def test_the_workflow_of_the_how_to_compiles() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "workflow-in-python.md"
    code = page.read_text().partition("```python\n")[2].partition("\nwith ClaudeSystem")[0]
    told: dict[str, Workflow] = {}
    exec(code, told)  # noqa: S102 - our own page
    steps = [step.id for step in compiled(told["flow"].source()).steps]
    assert steps == ["test", "build", "bake", "tell"]
