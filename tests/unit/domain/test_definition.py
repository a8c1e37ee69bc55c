import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_agent.domain.definition import (
    Compensate,
    Definition,
    DefinitionError,
    Gate,
    InputSchema,
    Problem,
    Step,
    Timeouts,
    slug_of,
)
from claude_agent.domain.priority import NAMES
from claude_agent.domain.retry import RetryPolicy
from claude_agent.errors import DefinitionInvalid

TEXT = st.text(max_size=8)
MS = st.none() | st.integers(min_value=0, max_value=10**9)
VALUES = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=2)
TIMEOUTS = st.builds(Timeouts, start_ms=MS, run_ms=MS, total_ms=MS, idle_ms=MS)
RETRIES = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 9),
    factor=st.floats(1, 9),
    deadline_ms=MS,
    on=st.lists(TEXT, max_size=2).map(tuple),
    exit_codes=st.lists(st.integers(0, 255), max_size=2).map(tuple),
)
COMPENSATES = st.builds(
    Compensate,
    kind=st.sampled_from(["action", "run"]),
    action=st.none() | TEXT,
    run=st.none() | TEXT,
    with_=VALUES,
    retry=RETRIES,
    timeout=TIMEOUTS,
    on=st.sampled_from(["succeeded", "attempted"]),
)


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    names = draw(st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=4))
    found = []
    for number, name in enumerate(names):
        before = st.lists(st.sampled_from(names[:number]), unique=True) if number else st.just([])
        kind = draw(st.sampled_from(["action", "run", "prompt"]))
        does: dict[str, Any] = {kind: draw(TEXT)}
        found.append(
            Step(
                id=name,
                kind=kind,
                **does,
                with_=draw(VALUES),
                agent=draw(st.none() | TEXT),
                priority=draw(st.none() | st.sampled_from(NAMES)),
                depends_on=tuple(draw(before)),
                if_=draw(st.none() | TEXT),
                retry=draw(RETRIES),
                timeout=draw(TIMEOUTS),
                env=draw(TEXTS),
                outputs=draw(VALUES),
                gates=tuple(draw(st.lists(st.builds(Gate, name=TEXT, run=TEXT), max_size=2))),
                verify=draw(st.none() | TEXT),
                idempotent=draw(st.booleans()),
                compensate=draw(st.none() | COMPENSATES),
                workspace=draw(st.none() | st.just("none")),
            )
        )
    return tuple(found)


DEFINITIONS = st.builds(
    Definition,
    name=TEXT,
    slug=TEXT,
    steps=steps(),
    description=TEXT,
    version=TEXT,
    labels=TEXTS,
    inputs=st.none()
    | st.dictionaries(
        TEXT,
        st.builds(InputSchema, schema=VALUES, required=st.booleans(), default=st.none() | TEXT),
        max_size=2,
    ),
    env=TEXTS,
    priority=st.sampled_from(NAMES),
    timeout_ms=MS,
    defaults=VALUES,
    outputs=VALUES,
)


# Drawing a whole definition is slow; few of them show what there is to see.
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@FEW
@given(DEFINITIONS)
def test_definition_reads_back_what_it_wrote_also_through_json(definition: Definition) -> None:
    stored = json.loads(json.dumps(definition.to_data()))
    again = Definition.from_data(stored)
    assert again == definition
    assert again.to_data() == definition.to_data() == stored
    assert again.digest == definition.digest


@FEW
@given(DEFINITIONS, TEXT)
def test_digest_differs_where_anything_differs(definition: Definition, name: str) -> None:
    other = Definition.from_data(definition.to_data() | {"name": name})
    assert (other.digest == definition.digest) == (name == definition.name)


def test_digest_is_sha256_and_never_changes_for_the_same_definition() -> None:
    definition = Definition(name="x", slug="x", steps=(Step(id="a", kind="run", run="true"),))
    assert definition.digest == "38b8a3cffddfe0d4ceab30e5c34bfd2ebc8b0d1ee25d9921f32562a7544af618"


def test_definition_knows_steps_by_id_and_who_depends_on_them() -> None:
    first = Step(id="a", kind="run", run="x")
    second = Step(id="b", kind="run", run="x", depends_on=("a",))
    third = Step(id="c", kind="run", run="x", depends_on=("a", "b"))
    definition = Definition(name="x", slug="x", steps=(first, second, third))
    assert definition.by_id == {"a": first, "b": second, "c": third}
    assert definition.dependents == {"a": ("b", "c"), "b": ("c",), "c": ()}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Deploy Full Application", "deploy-full-application"),
        ("deploy_web_app", "deploy_web_app"),
        ("  Größe & mehr!  ", "gr-e-mehr"),
        ("---", "workflow"),
        ("", "workflow"),
        ("x" * 200, "x" * 80),
    ],
)
def test_slug_is_a_plain_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(message="m", file="f.yaml", line=3, column=5, path="a.b"), "f.yaml:3:5: m"),
        (Problem(message="m", line=3, column=5), "3:5: m"),
        (Problem(message="m", file="f.yaml"), "f.yaml: m"),
        (Problem(message="m", path="a.b"), "a.b: m"),
        (Problem(message="m"), "m"),
    ],
)
def test_problem_says_where(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_definition_error_carries_every_problem() -> None:
    first, second = Problem(message="one", path="a", hint="do"), Problem(message="two")
    error = DefinitionError([first, second])
    assert isinstance(error, DefinitionInvalid)
    assert (error.found, error.detail) == ((first, second), "a: one (and 1 more)")
    assert (error.pointer, error.hint) == ("a", "do")
    assert error.problems == (first.to_data(), second.to_data())
    assert DefinitionError([second]).pointer is None


def test_input_schema_tells_its_type_and_description() -> None:
    named = InputSchema(schema={"type": "string", "description": "d"})
    assert (named.type, named.description) == ("string", "d")
    several = InputSchema(schema={"type": ["string", "null"]})
    assert (several.type, several.description) == (None, "")
