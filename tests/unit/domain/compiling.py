"""Names and short cuts for the tests of the compiler."""

import pytest

from claude_agent.core.definition_source import parse
from claude_agent.domain.compile import compile_definition
from claude_agent.domain.definition import (
    ActionSpec,
    Definition,
    DefinitionError,
    ParameterSpec,
    Problem,
    Step,
)

AGENTS = frozenset({"backend-api", "testing", "deployment", "database", "master"})
ACTIONS = {
    spec.name: spec
    for spec in (
        ActionSpec(name="run_tests", parameters={"path": ParameterSpec()}, idempotent=True),
        ActionSpec(name="build_docker"),
        ActionSpec(name="deploy_k8s"),
        ActionSpec(
            name="clone_repo",
            parameters={
                "url": ParameterSpec(required=True, from_input="repo_url"),
                "depth": ParameterSpec(type="integer"),
            },
            idempotent=True,
        ),
        ActionSpec(name="rollback_k8s"),
        ActionSpec(name="migrate_down", parameters={"to": ParameterSpec(required=True)}),
        ActionSpec(name="migrate", parameters={"to": ParameterSpec(required=True)}),
    )
}


def compiled(text: str, file: str = "deploy.yaml") -> Definition:
    return compile_definition(parse(text, file=file), agents=AGENTS, actions=ACTIONS)


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(DefinitionError) as caught:
        compiled(text)
    return caught.value.found


def only(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def step(text: str) -> Step:
    """Compile one step named `a`, given its further lines."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return compiled(f"name: one\nsteps:\n  - id: a\n{lines}\n").steps[0]
