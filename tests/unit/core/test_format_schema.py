"""The schema of the format takes what the compiler takes."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from claude_agent.core.definition_source import parse
from claude_agent.core.format_schema import format_schema
from claude_agent.core.format_shapes import SHAPES, SPECIAL
from tests.unit.domain.broken import SHAPELESS
from tests.unit.domain.test_compile import SMALLEST, WHOLE
from tests.unit.domain.test_compile_example import EXAMPLE

SCHEMA = jsonschema.Draft202012Validator(format_schema())


def said(data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in SCHEMA.iter_errors(data)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(format_schema())


@pytest.mark.parametrize("text", [SMALLEST, WHOLE, EXAMPLE.read_text()])
def test_what_compiles_fits_the_schema(text: str) -> None:
    assert said(parse(text).plain()) == []


SHIPPED = [
    Path(str(each)) for each in (files("claude_agent") / "workflows").iterdir() if each.is_file()
]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_workflows_fit_the_schema(file: Path) -> None:
    assert said(parse(file.read_text()).plain()) == []


def test_the_small_form_fits_the_schema() -> None:
    assert said({"clone_repo": "backend-api", "run_tests": "testing"}) == []
    assert said({"clone_repo": 5}) != []


@pytest.mark.parametrize("text", SHAPELESS)
def test_what_has_a_wrong_shape_does_not_fit_the_schema(text: str) -> None:
    assert said(parse(text).plain()) != []


def test_special_shapes_belong_to_keys_that_there_are() -> None:
    known = {(shape.name, key) for shape in SHAPES for key in shape.keys}
    assert set(SPECIAL) <= known


def test_every_key_is_described_and_no_reference_leads_nowhere() -> None:
    defs = format_schema()["$defs"]
    bare = [
        f"{shape.name}.{key}"
        for shape in SHAPES
        for key in shape.keys
        if "description" not in defs[shape.name]["properties"][key]
        and "$ref" not in defs[shape.name]["properties"][key]
    ]
    assert bare == []
    text = str(format_schema())
    named = {part.partition("'")[0] for part in text.split("#/$defs/")[1:]}
    assert named <= set(defs)
