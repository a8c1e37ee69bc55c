from importlib.resources import files

import pytest

from claude_agent.actions.registry import ACTIONS as REGISTRY
from claude_agent.core.definition_source import parse
from claude_agent.domain.compile import compile_definition
from claude_agent.domain.definition import (
    ActionSpec,
    Definition,
    DefinitionError,
    Gate,
    ParameterSpec,
    Step,
    Timeouts,
)
from claude_agent.domain.node import node_from_data
from claude_agent.domain.retry import RetryPolicy
from tests.unit.domain.compiling import ACTIONS, AGENTS, compiled, only, problems

SMALLEST = """
name: "Deploy Full Application"
steps:
  - id: test
    agent: testing
    action: "run_tests"
  - id: build
    agent: backend-api
    action: "build_docker"
    depends_on: [test]
  - id: deploy
    agent: deployment
    action: "deploy_k8s"
    depends_on: [build]
"""


def test_the_smallest_file_compiles_with_every_default() -> None:
    definition = compiled(SMALLEST)
    assert (definition.name, definition.slug) == (
        "Deploy Full Application",
        "deploy-full-application",
    )
    assert definition.inputs is None
    assert (definition.on_failure, definition.on_cancel) == ("fail", "stop")
    assert (definition.compensation_order, definition.priority) == ("reverse", "NORMAL")
    assert definition.steps == (
        Step(
            id="test",
            kind="action",
            action="run_tests",
            agent="testing",
            idempotent=True,
            on_uncertain="retry",
        ),
        Step(
            id="build",
            kind="action",
            action="build_docker",
            agent="backend-api",
            depends_on=("test",),
        ),
        Step(
            id="deploy",
            kind="action",
            action="deploy_k8s",
            agent="deployment",
            depends_on=("build",),
        ),
    )


def test_the_ordered_map_is_a_chain_of_actions_and_prompts() -> None:
    tree = node_from_data({"clone_repo": "backend-api", "write_docs": "master"}, file="x/site.json")
    definition = compile_definition(tree, agents=AGENTS, actions=ACTIONS)
    assert (definition.name, definition.slug, definition.inputs) == ("site", "site", None)
    clone, docs = definition.steps
    assert (clone.kind, clone.action, clone.agent) == ("action", "clone_repo", "backend-api")
    assert clone.with_ == {"url": "${{ inputs.repo_url }}"}
    assert (clone.idempotent, clone.on_uncertain) == (True, "retry")
    assert (docs.kind, docs.agent, docs.depends_on) == ("prompt", "master", ("clone_repo",))
    assert docs.prompt == "write docs\n\nParameters: ${{ inputs }}"


def test_the_ordered_map_takes_its_name_from_its_steps_without_a_file() -> None:
    definition = compiled("run_tests: testing\nbuild_docker: backend-api\n", file="")
    assert definition.name == "run_tests to build_docker"
    assert definition.slug == "run_tests-to-build_docker"


def test_command_that_yaml_takes_for_a_truth_value_is_to_be_quoted() -> None:
    (found,) = problems("name: x\nsteps: [{id: a, agent: testing, run: true}]\n")
    assert found.message == "'steps[0].run' must be text, not true"
    assert found.hint == 'put it into quotes: "true"'


def test_the_ordered_map_names_every_wrong_agent() -> None:
    found = problems("run_tests: testin\nbuild_docker: [testing]\n1st: testing\n")
    assert [(each.line, each.message, each.hint) for each in found] == [
        (1, "there is no agent 'testin'", "did you mean 'testing'?"),
        (2, "'build_docker' must be text, not a list", ""),
        (
            3,
            "'1st' cannot be the name of a step",
            "begin with a letter, then at most 63 letters, digits, '_' or '-'",
        ),
    ]


def test_json_compiles_like_yaml() -> None:
    text = '{"name":"J","steps":[{"id":"a","run":"true","depends_on":null}],"x-note":[1]}'
    assert compiled(text).steps == (Step(id="a", kind="run", run="true"),)


WHOLE = """
name: Whole
version: 3
description: Everything at once
labels: {team: platform, level: 2}
x-note: {any: thing}
inputs:
  env: {type: string, enum: [dev, prod], default: dev, description: Where}
  repo_url: {type: string, format: uri}
  note: {type: string, required: false}
  free:
env: {APP: shop, CI: true, WHERE: "${{ inputs.env }}", REF: "${{ execution.ref }}"}
priority: HIGH
timeout: 2h
defaults:
  retry: {max_attempts: 3, delay: 5s, factor: 3, max_delay: 2m, jitter: 0.1}
  timeout: {run: 20m, start: 10m}
  agent: backend-api
  workspace: shared
on_cancel: compensate
compensation: {order: parallel}
steps:
  - id: clone
    action: clone_repo
    with: {url: "${{ inputs.repo_url }}", depth: 1}
    outputs: {sha: {type: string, minLength: 7}, extra: }
  - id: build-image
    run: make image
    depends_on: [clone]
    if: "${{ inputs.env == 'prod' && !steps.clone.outputs.extra }}"
    env: {SHA: "${{ steps.clone.outputs.sha }}", APP: "${{ env.APP }}-x"}
    retry: {max_attempts: 2, on: [timeout, crash], not_on: [exit], exit_codes: [1, 75],
            deadline: 1h}
    timeout: {run: 90, total: 1h30m, idle: 250ms}
    gates: ["test -f image", {name: lint, run: make lint}]
    outputs: {image: {type: string}}
    priority: CRITICAL
    queue: heavy
  - id: deploy
    agent: deployment
    action: deploy_k8s
    depends_on: [build-image]
    verify: kubectl rollout status
    idempotent: false
    workspace: none
    compensate:
      action: migrate
      with: {to: "${{ self.outputs.previous }} ${{ steps['build-image'].outputs.image }}"}
      retry: {max_attempts: 5}
      timeout: 1m
      on: attempted
  - id: tell
    when: always
    prompt: "It ended: ${{ success() }} ${{ steps.deploy.status }} ${{ steps.deploy }}"
    depends_on: [deploy]
    on_uncertain: fail
outputs: {image: "${{ steps['build-image'].outputs.image }}", where: "${{ env.WHERE }}"}
"""


def test_a_whole_definition_resolves_everything() -> None:
    definition = compiled(WHOLE)
    assert (definition.version, definition.labels) == ("3", {"team": "platform", "level": "2"})
    assert definition.env["CI"] == "true"
    assert (definition.priority, definition.timeout_ms) == ("HIGH", 7_200_000)
    assert (definition.on_failure, definition.on_cancel) == ("compensate", "compensate")
    assert definition.compensation_order == "parallel"
    assert definition.inputs is not None
    assert {name: each.required for name, each in definition.inputs.items()} == {
        "env": False,
        "repo_url": True,
        "note": False,
        "free": True,
    }
    assert definition.inputs["env"].default == "dev"
    assert definition.inputs["env"].description == "Where"
    clone, build, deploy, tell = definition.steps
    assert (clone.agent, clone.workspace, clone.idempotent) == ("backend-api", "shared", True)
    assert clone.outputs == {"sha": {"type": "string", "minLength": 7}, "extra": {}}
    assert clone.retry == RetryPolicy(
        max_attempts=3, delay_ms=5_000, factor=3.0, max_delay_ms=120_000, jitter=0.1
    )
    assert build.if_ == "inputs.env == 'prod' && !steps.clone.outputs.extra"
    assert build.retry == RetryPolicy(
        max_attempts=2,
        delay_ms=5_000,
        factor=3.0,
        max_delay_ms=120_000,
        jitter=0.1,
        deadline_ms=3_600_000,
        on=("timeout", "crash"),
        not_on=("exit",),
        exit_codes=(1, 75),
    )
    assert build.timeout == Timeouts(
        start_ms=600_000, run_ms=90_000, total_ms=5_400_000, idle_ms=250
    )
    assert build.gates == (
        Gate(name="gate-1", run="test -f image"),
        Gate(name="lint", run="make lint"),
    )
    assert (build.priority, build.queue) == ("CRITICAL", "heavy")
    assert (deploy.on_uncertain, deploy.verify) == ("verify", "kubectl rollout status")
    assert (deploy.agent, deploy.workspace) == ("deployment", "none")
    undo = deploy.compensate
    assert undo is not None
    assert (undo.kind, undo.action, undo.on) == ("action", "migrate", "attempted")
    assert (undo.retry.max_attempts, undo.timeout.run_ms) == (5, 60_000)
    assert (tell.when, tell.on_uncertain) == ("always", "fail")
    assert definition.by_id["deploy"] is deploy
    assert definition.dependents["build-image"] == ("deploy",)


def test_a_whole_definition_survives_its_stored_form() -> None:
    definition = compiled(WHOLE)
    again = Definition.from_data(definition.to_data())
    assert again == definition
    assert again.digest == definition.digest


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        "name: Bad\n"
        "stpes: 5\n"
        "priority: high\n"
        "steps:\n"
        "  - id: a\n"
        "    action: run_test\n"
        "    agnet: testing\n"
        "  - id: b\n"
        "    run: echo ${{ inputs.x }}\n"
        "    agent: teting\n"
        "    depends_on: [c, a]\n"
        "    timeout: 5 parsecs\n"
    )
    assert [(str(each), each.path, each.hint) for each in found] == [
        ("deploy.yaml:2:1: unknown key 'stpes'", "stpes", "did you mean 'steps'?"),
        (
            (
                "deploy.yaml:3:11: 'priority' must be one of"
                " LOW, NORMAL, HIGH, CRITICAL, EMERGENCY, not 'high'"
            ),
            "priority",
            "did you mean 'HIGH'?",
        ),
        (
            "deploy.yaml:6:13: there is no action 'run_test'",
            "steps[0].action",
            "did you mean 'run_tests'?",
        ),
        ("deploy.yaml:7:5: unknown key 'agnet'", "steps[0].agnet", "did you mean 'agent'?"),
        (
            "deploy.yaml:9:10: 'steps[1].run': an expression never becomes shell text",
            "steps[1].run",
            'write env: {X: "${{ inputs.x }}"} and use "$X" here',
        ),
        (
            "deploy.yaml:10:12: there is no agent 'teting'",
            "steps[1].agent",
            "did you mean 'testing'?",
        ),
        (
            "deploy.yaml:11:18: there is no step 'c'",
            "steps[1].depends_on[0]",
            "there are a, b",
        ),
        (
            (
                "deploy.yaml:12:14: 'steps[1].timeout':"
                " '5 parsecs' is no duration between 0 and a year"
            ),
            "steps[1].timeout",
            "write 250ms, 30s, 5m, 1h30m, 7d, or a number of seconds",
        ),
    ]


def test_the_error_says_the_first_problem_and_how_many_more() -> None:
    with pytest.raises(DefinitionError) as caught:
        compiled("name: x\nstep: 1\nsteps: []\n")
    assert caught.value.detail == "deploy.yaml:2:1: unknown key 'step' (and 1 more)"
    assert (caught.value.pointer, caught.value.hint) == ("step", "did you mean 'steps'?")
    assert caught.value.problems[0] == {
        "message": "unknown key 'step'",
        "path": "step",
        "line": 2,
        "column": 1,
        "file": "deploy.yaml",
        "hint": "did you mean 'steps'?",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "the definition must be a mapping, not a list"),
        ("just text", "the definition must be a mapping, not 'just text'"),
        ("name: x", "the definition has no 'steps'"),
        ("name: x\nsteps:", "the definition has no 'steps'"),
        ("name: x\nsteps: []", "'steps' is empty"),
        ("name: x\nsteps: {a: testing}", "'steps' must be a list, not a mapping"),
        ("name: x\nsteps: [5]", "'steps[0]' must be a mapping, not 5"),
        ("steps: [{id: a, run: x}]", "the definition has no 'name'"),
        ("name: ''\nsteps: [{id: a, run: x}]", "'name' is empty"),
        ("name: 5\nsteps: [{id: a, run: x}]", "'name' must be text, not 5"),
        (f"name: {'x' * 201}\nsteps: [{{id: a, run: x}}]", "'name' has 201 characters"),
        ("name: x\nsteps: [{run: x}]", "steps[0] has no 'id'"),
        ("name: x\nsteps: [{id: a b, run: x}]", "'a b' cannot be the name of a step"),
        ("name: x\nsteps: [{id: a}]", "steps[0] does nothing"),
        ("name: x\nsteps: [{id: a, run: x, prompt: y}]", "steps[0] says both run and prompt"),
        ("name: x\nlabels: [a]\nsteps: [{id: a, run: x}]", "'labels' must be a mapping"),
        ("name: x\nversion: [a]\nsteps: [{id: a, run: x}]", "'version' must be text, not a list"),
        ("name: x\ntimeout: 0\nsteps: [{id: a, run: x}]", "must be longer than nothing"),
        ("name: x\nenv: {9: x}\nsteps: [{id: a, run: x}]", "'9' cannot be the name of an env"),
        ("name: x\nenv: {CLAUDE_AGENT_X: x}\nsteps: [{id: a, run: x}]", "set by the system"),
        ("name: x\non_failure: stop\nsteps: [{id: a, run: x}]", "'on_failure' must be one of"),
        (
            "name: x\ncompensation: {order: up}\nsteps: [{id: a, run: x}]",
            "one of reverse, parallel",
        ),
        ("name: x\n<<: {a: b}\nsteps: [{id: a, run: x}]", "there are no merge keys"),
        ("name: x\ndefaults: {agent: x}\nsteps: [{id: a, run: x}]", "there is no agent 'x'"),
    ],
)
def test_the_top_level_is_checked(text: str, message: str) -> None:
    assert message in only(text).message


def test_null_for_an_optional_key_is_as_if_it_were_not_there() -> None:
    data = {"name": "x", "steps": [{"id": "a", "run": "x", "agent": None, "retry": None}]}
    definition = compile_definition(node_from_data(data), agents=AGENTS, actions=ACTIONS)
    assert definition.steps == (Step(id="a", kind="run", run="x"),)


def test_the_shipped_workflow_compiles_with_the_shipped_actions() -> None:
    actions = {
        info.name: ActionSpec(
            name=info.name,
            parameters={
                name: ParameterSpec(required=each.required, type=each.type)
                for name, each in info.parameters.items()
            },
            idempotent=info.idempotent,
        )
        for info in REGISTRY.values()
    }
    text = (files("claude_agent") / "workflows" / "deploy_web_app.yaml").read_text()
    agents = AGENTS | {"frontend-ui"}
    definition = compile_definition(parse(text), agents=agents, actions=actions)
    assert [one.id for one in definition.steps if one.compensate] == ["setup_database", "deploy"]
    assert definition.on_failure == "compensate"
