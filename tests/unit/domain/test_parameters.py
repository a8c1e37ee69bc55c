from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.definition import DefinitionError
from claude_agent.domain.parameters import check_params, start_form
from tests.unit.domain.compiling import compiled

OPEN = compiled("name: x\nsteps: [{id: a, run: x}]")
DECLARED = compiled(
    """
name: x
inputs:
  env: {type: string, enum: [dev, staging, prod], default: staging}
  repo_url: {type: string, format: uri, description: Where the code is}
  count: {type: integer, required: false, maximum: 10}
  share: {type: number, required: false}
  fast: {type: boolean, default: false}
  tags: {type: array, items: {type: string}, default: [a]}
  more: {type: [object, "null"], required: false}
  any: {required: false}
  text_or_number: {type: [integer, string], required: false}
steps: [{id: a, run: x}]
"""
)
URL = "https://host/repo.git"


def refused(params: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(DefinitionError) as caught:
        check_params(DECLARED, params)
    return [(each.path, each.message, each.hint) for each in caught.value.found]


def test_a_definition_without_inputs_takes_any_parameters() -> None:
    assert check_params(OPEN, {"x": [1, {"y": None}]}) == {"x": [1, {"y": None}]}


def test_declared_inputs_get_their_defaults_and_null() -> None:
    assert check_params(DECLARED, {"repo_url": URL}) == {
        "env": "staging",
        "repo_url": URL,
        "count": None,
        "share": None,
        "fast": False,
        "tags": ["a"],
        "more": None,
        "any": None,
        "text_or_number": None,
    }


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("count", "7", 7),
        ("count", "-7", -7),
        ("share", "0.5", 0.5),
        ("share", "1e3", 1000.0),
        ("share", "5", 5),
        ("fast", "true", True),
        ("fast", "false", False),
        ("tags", '["b", "c"]', ["b", "c"]),
        ("more", '{"a": 1}', {"a": 1}),
        ("any", "7", "7"),
        ("text_or_number", "7", "7"),
        ("text_or_number", 7, 7),
        ("env", None, "staging"),
    ],
)
def test_texts_of_a_command_line_become_the_declared_type(
    name: str, given: Any, taken: Any
) -> None:
    found = check_params(DECLARED, {"repo_url": URL, name: given})[name]
    assert found == taken
    assert type(found) is type(taken)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("count", "7.5", "must be a whole number, not '7.5'"),
        ("count", "99999999999999999999", "must be a whole number"),
        ("count", "9223372036854775808", "must be a whole number"),
        ("count", 11, "must be at most 10, not 11"),
        ("share", "much", "must be a number, not 'much'"),
        ("share", "1e999", "must be a number"),
        ("fast", "yes", "must be true or false, not 'yes'"),
        ("tags", "b,c", "must be a list, not 'b,c'"),
        ("tags", '"b"', "must be a list"),
        ("tags", "[1e999]", "must be a list"),
        ("tags", "[" * 50_000, "must be a list"),
        ("more", "[1", "must be an object or nothing"),
        ("env", "live", "must be one of 'dev', 'staging', 'prod'"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, given: Any, said: str) -> None:
    ((path, message, _),) = refused({"repo_url": URL, name: given})
    assert path == f"params.{name}"
    assert message.startswith(f"parameter '{name}' ")
    assert said in message


def test_all_problems_come_at_once() -> None:
    assert refused({"evn": "prod", "zzzzz": 1, "tags": ["a", 5]}) == [
        ("params.evn", "the workflow has no input 'evn'", "did you mean 'env'?"),
        (
            "params.zzzzz",
            "the workflow has no input 'zzzzz'",
            "it takes env, repo_url, count, share, fast, tags, more, any, text_or_number",
        ),
        (
            "params.repo_url",
            "parameter 'repo_url' is missing: Where the code is",
            "give it with --params repo_url=VALUE",
        ),
        ("params.tags[1]", "parameter 'tags[1]' must be text, not 5", ""),
    ]


def test_an_input_without_description_is_missing_in_few_words() -> None:
    definition = compiled("name: x\ninputs: {a: }\nsteps: [{id: a, run: x}]")
    with pytest.raises(DefinitionError, match=r"^params\.a: parameter 'a' is missing$"):
        check_params(definition, {})


def test_parameters_that_json_cannot_hold_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"params\.a is .*, which a definition cannot hold"):
        check_params(OPEN, {"a": object()})


@given(st.dictionaries(st.sampled_from(sorted(DECLARED.inputs or {})) | st.text(), st.text()))
def test_any_texts_give_parameters_or_problems(params: dict[str, str]) -> None:
    try:
        found = check_params(DECLARED, params)
    except DefinitionError as error:
        found = {}
        assert all(each.path.startswith("params") for each in error.found)  # noqa: PT017
    assert set(found) in (set(), set(DECLARED.inputs or {}))


def test_the_start_form_is_a_schema_of_the_parameters() -> None:
    definition = compiled(
        "name: x\ninputs:\n  env: {type: string, enum: [dev, prod], default: dev, title: Where}\n"
        "  n: {type: integer, minimum: 1}\nsteps: [{id: a, run: x}]"
    )
    form = start_form(definition)
    assert form["properties"]["env"] == {
        "type": "string",
        "enum": ["dev", "prod"],
        "title": "Where",
        "default": "dev",
    }
    schema = jsonschema.Draft202012Validator(form)
    assert schema.is_valid({"n": 1, "env": "prod"})
    assert not schema.is_valid({"env": "prod"})
    assert not schema.is_valid({"n": 0})
    assert not schema.is_valid({"n": 1, "m": 2})


def test_the_start_form_of_an_open_definition_takes_anything() -> None:
    form = start_form(compiled("name: x\nsteps: [{id: a, run: x}]"))
    assert jsonschema.Draft202012Validator(form).is_valid({"any": [1]})
