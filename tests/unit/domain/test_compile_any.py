from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_agent.domain.compile import COMPENSATION_KEYS, TOP_KEYS, compile_definition
from claude_agent.domain.compile_kinds import APPROVAL_KEYS, CASE_KEYS, EMIT_KEYS, WAIT_KEYS
from claude_agent.domain.compile_many import FOREACH_KEYS, MATRIX_KEYS
from claude_agent.domain.compile_start import (
    BUDGET_KEYS,
    CONCURRENCY_KEYS,
    SCHEDULE_KEYS,
    TRIGGERS,
    WEBHOOK_KEYS,
)
from claude_agent.domain.compile_steps import CACHE_KEYS, STEP_KEYS
from claude_agent.domain.compile_values import RETRY_KEYS, RETRY_OF_STEPS, TIMEOUT_KEYS
from claude_agent.domain.compile_who import WORKSPACE_KEYS
from claude_agent.domain.definition import Definition, DefinitionError
from claude_agent.domain.definition_kinds import TASKLESS
from claude_agent.domain.json_schema import KEYWORDS, LATER
from claude_agent.domain.node import node_from_data
from tests.unit.domain.compiling import ACTIONS, AGENTS

INNER = (
    *(*APPROVAL_KEYS, *WAIT_KEYS, *EMIT_KEYS, *CASE_KEYS, *MATRIX_KEYS, *FOREACH_KEYS),
    *(*SCHEDULE_KEYS, *WEBHOOK_KEYS, *TRIGGERS, *CONCURRENCY_KEYS, *BUDGET_KEYS, *WORKSPACE_KEYS),
    *(*CACHE_KEYS, *COMPENSATION_KEYS, "capabilities", "x-a", "name"),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-1, 300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(
        sorted(AGENTS) + sorted(ACTIONS) + ["a", "b", "5m", "string", "always", *TASKLESS]
    )
    | st.sampled_from(["${{ inputs.a }}", "x ${{ steps.a.outputs.b }}", "${{ ", "${{ self }}"])
)
KEYS = st.sampled_from(
    [*STEP_KEYS, *RETRY_KEYS, *RETRY_OF_STEPS, *TIMEOUT_KEYS, *KEYWORDS, *LATER, *INNER]
)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
STEPS = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abc")},
        optional={key: ANY for key in STEP_KEYS if key != "id"},
    )
    | ANY,
    max_size=4,
)
TREES = ANY | st.fixed_dictionaries(
    {"name": st.just("x"), "steps": STEPS | ANY},
    optional={key: ANY for key in TOP_KEYS if key not in {"name", "steps"}},
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(TREES)
def test_any_data_compiles_or_is_refused_with_reasons(data: Any) -> None:
    try:
        definition = compile_definition(node_from_data(data), agents=AGENTS, actions=ACTIONS)
    except DefinitionError as error:
        assert all(problem.message for problem in error.found)  # noqa: PT017 - either is right
        return
    assert Definition.from_data(definition.to_data()) == definition


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(STEP_KEYS), ANY)
def test_any_value_of_any_key_of_a_step_is_taken_or_refused(key: str, value: Any) -> None:
    data = {"name": "x", "steps": [{"id": "a", "run": "true", key: value}]}
    try:
        definition = compile_definition(node_from_data(data), agents=AGENTS, actions=ACTIONS)
    except DefinitionError as error:
        assert all(problem.path.startswith("steps") for problem in error.found)  # noqa: PT017
        return
    assert len(definition.steps) == 1
