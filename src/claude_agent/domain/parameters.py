"""Check what a caller gives an execution against the inputs that its definition declares."""

import json
import re
from collections.abc import Mapping
from typing import Any

from claude_agent.domain.compile_reader import nearest
from claude_agent.domain.definition import Definition, DefinitionError, InputSchema, Problem
from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.json_schema import check_value, types_of
from claude_agent.domain.node import MAX_INTEGER, node_from_data

_INTEGER = re.compile(r"[-+]?[0-9]{1,19}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?")


def check_params(definition: Definition, params: Data) -> JsonObject:
    """Return the parameters with their types and defaults.

    A definition without `inputs` takes anything. One with `inputs` takes only those; a text is
    read as the declared type, because a command line has only texts; an input that is neither
    given nor required is its default, or null. Raises DefinitionError with every problem, each
    with a path like `params.env`.
    """
    plain: JsonObject = node_from_data({"params": dict(params)}).plain()["params"]
    if definition.inputs is None:
        return plain
    problems = [
        _unknown(name, definition.inputs) for name in plain if name not in definition.inputs
    ]
    found = {}
    for name, schema in definition.inputs.items():
        value = _typed(schema, plain.get(name))
        if value is not None:
            problems += _problems(name, schema, value)
        elif schema.required:
            problems.append(_missing(name, schema))
        else:
            value = schema.default
        found[name] = value
    if problems:
        raise DefinitionError(problems)
    return found


def start_form(definition: Definition) -> JsonObject:
    """Return the JSON Schema of the parameters: what a form for starting shows and checks."""
    inputs = definition.inputs
    if inputs is None:
        return {"type": "object", "additionalProperties": True}
    defaults = {name: {"default": one.default} for name, one in inputs.items() if not one.required}
    return {
        "type": "object",
        "properties": {
            name: {**one.schema, **defaults.get(name, {})} for name, one in inputs.items()
        },
        "required": [name for name, one in inputs.items() if one.required],
        "additionalProperties": False,
    }


def _problems(name: str, schema: InputSchema, value: Any) -> list[Problem]:
    return [
        Problem(message=f"parameter '{name}{at}' {said}", path=f"params.{name}{at}")
        for at, said in check_value(schema.schema, value)
    ]


def _unknown(name: str, known: Mapping[str, InputSchema]) -> Problem:
    near = nearest(name, known)
    hint = f"did you mean '{near}'?" if near else f"it takes {', '.join(known) or 'none'}"
    return Problem(
        message=f"the workflow has no input '{name:.60}'", path=f"params.{name:.60}", hint=hint
    )


def _missing(name: str, schema: InputSchema) -> Problem:
    about = f": {schema.description}" if schema.description else ""
    return Problem(
        message=f"parameter '{name}' is missing{about}",
        path=f"params.{name}",
        hint=f"give it with --params {name}=VALUE",
    )


def _typed(schema: InputSchema, value: Any) -> Any:
    """Read a text as the declared type, where it is not text that is declared."""
    types = types_of(schema.schema)
    if not isinstance(value, str) or not types or "string" in types:
        return value
    for name in types:
        read = _READERS.get(name, _as_it_is)(value)
        if read is not value:
            return read
    return value


def _integer(text: str) -> Any:
    if _INTEGER.fullmatch(text) and abs(int(text)) <= MAX_INTEGER:
        return int(text)
    return text


def _number(text: str) -> Any:
    whole = _integer(text)
    if whole is text and _NUMBER.fullmatch(text):
        real = float(text)
        return real if abs(real) != float("inf") else text
    return whole


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text, text)


def _json(text: str) -> Any:
    try:
        read = json.loads(text)
        node_from_data(read)
    except (ValueError, RecursionError, DefinitionError):
        return text
    return read if isinstance(read, list | dict) else text


def _as_it_is(text: str) -> Any:
    return text


_READERS = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _json,
    "object": _json,
}
