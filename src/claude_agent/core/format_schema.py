"""The JSON Schema of the workflow format, generated from the models of `domain/definition*.py`.

Keys come from the compiler, types, defaults and descriptions from the models: what is added there
is here, too, and in the reference page.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from functools import lru_cache
from itertools import pairwise
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

from claude_agent.core.format_shapes import (
    ANY_TEXT,
    DURATION,
    OBJECT,
    SCALAR,
    SCHEMA_KEYS,
    SHAPES,
    SIMPLE,
    SPECIAL,
    TEXT,
    WHOLE,
    WORDS,
    Shape,
    choice,
    ref,
    some,
)
from claude_agent.domain.compile import COMPENSATION_KEYS, DEFAULTS_KEYS, ORDERS
from claude_agent.domain.compile_steps import ALWAYS_KEYS, KINDS, WORKFLOW_KEYS
from claude_agent.domain.definition_kinds import TASKLESS
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.duration import format_duration

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXTENSIONS: JsonObject = {"^x-": True}
_PLAIN: Mapping[type, JsonObject] = {
    str: TEXT,
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
}


@lru_cache(maxsize=1)
def format_schema() -> JsonObject:
    """Return the schema (draft 2020-12) of a definition file, both forms; do not change it."""
    defs = {shape.name: _object(shape) for shape in SHAPES}
    _refine(defs)
    defs |= _unmodelled()
    return {
        "$schema": DIALECT,
        "title": "A workflow of claude-agent",
        "if": {
            "type": "object",
            "anyOf": [{"required": [key]} for key in defs["workflow"]["properties"]],
        },
        "then": ref("workflow"),
        "else": ref("chain"),
        "$defs": defs,
    }


def described(model: type) -> dict[str, str]:
    """Return what the docstrings below the fields of a model say, by field."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for before, after in pairwise(body):
        said = after.value if isinstance(after, ast.Expr) else None
        target = before.target if isinstance(before, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and isinstance(said, ast.Constant):
            found[target.id] = str(said.value)
    return found


def field_of(shape: Shape, key: str) -> "Field[object] | None":
    """Return the field of the model behind a key of the format."""
    known = {field.name: field for field in fields(shape.model)}
    return next((known[name] for name in (key, f"{key}_", f"{key}_ms") if name in known), None)


def default_of(field: "Field[object] | None") -> object:
    """Return a default as people write it; None: nothing to write."""
    value = None if field is None or field.default is MISSING else field.default
    if field is not None and field.name.endswith("_ms") and isinstance(value, int):
        return format_duration(value)
    return value if isinstance(value, str | int | float) and value != "" else None


def _object(shape: Shape) -> JsonObject:
    words = described(shape.model)
    hints = get_type_hints(shape.model)
    properties = {}
    for key in shape.keys:
        field = field_of(shape, key)
        found = dict(_shape_of(shape, key, hints[field.name] if field is not None else None))
        if (shape.name, key) in WORDS:
            found["description"] = WORDS[shape.name, key]
        elif field is not None and field.name in words:
            found["description"] = words[field.name].replace("None:", "without it:")
        default = default_of(field)
        if default is not None:
            found["default"] = default
        properties[key] = found
    made: JsonObject = {
        "type": "object",
        "description": WORDS.get((shape.name, ""), (shape.model.__doc__ or "").strip()),
        "properties": properties,
        "patternProperties": _EXTENSIONS,
        "additionalProperties": False,
    }
    return made | ({"required": list(shape.required)} if shape.required else {})


def _shape_of(shape: Shape, key: str, hint: object) -> JsonObject:
    if (shape.name, key) in SPECIAL:
        return SPECIAL[shape.name, key]
    field = field_of(shape, key)
    if field is not None and field.name.endswith("_ms"):
        return DURATION
    united = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    options = [one for one in united if one is not type(None)]
    modelled = {one.model: one.name for one in SHAPES}
    for option in [hint, *options]:
        if isinstance(option, type) and option in modelled:
            return ref(modelled[option])
        if option in _PLAIN and isinstance(option, type):
            return _PLAIN[option]
    wanted = get_origin(hint) or get_origin(options[0] if options else None)
    return some(TEXT) if wanted is tuple else OBJECT


def _refine(defs: dict[str, JsonObject]) -> None:
    """Add what hangs on several keys together."""
    defs["matrix"]["additionalProperties"] = {"anyOf": [WHOLE, {"type": "array", "minItems": 1}]}
    defs["matrix"]["minProperties"] = 1
    defs["compensate"]["oneOf"] = [{"required": [key]} for key in ("action", "run")]
    defs["budget"]["anyOf"] = [{"required": [key]} for key in ("usd", "tokens", "minutes")]
    defs["wait"]["oneOf"] = [{"required": [key]} for key in ("for", "until", "signal", "event")]
    defs["fallback"]["anyOf"] = [
        {"required": [key]} for key in ("agent", "action", "run", "prompt")
    ]
    defs["approval"]["if"] = {
        "required": ["on_reject"],
        "properties": {"on_reject": {"const": "rewind"}},
    }
    defs["approval"]["then"] = {"required": ["rewind_to"]}
    defs["approval"]["else"] = {"properties": {"rewind_to": False}}
    step = defs["step"]
    step["oneOf"] = [{"required": [key]} for key in (*KINDS, "type")]
    step["not"] = {"required": ["matrix", "foreach"]}
    step["allOf"] = [_of_kind(kind, step) for kind in (*TASKLESS, "workflow")]


def _of_kind(kind: str, step: JsonObject) -> JsonObject:
    """Return which keys a kind of step takes."""
    if kind == "workflow":
        known = {*ALWAYS_KEYS, *WORKFLOW_KEYS} - {"type"}
        condition: JsonObject = {"required": ["workflow"]}
        needed: list[str] = []
    else:
        known = {*ALWAYS_KEYS, kind, *(("timeout",) if kind == "wait" else ())}
        condition = {"required": ["type"], "properties": {"type": {"const": kind}}}
        needed = [kind] if kind != "approval" else []
    denied = dict.fromkeys(sorted(set(step["properties"]) - known), False)
    rule: JsonObject = {"if": condition, "then": {"properties": denied, "required": needed}}
    if kind != "workflow":
        rule["else"] = {"properties": {kind: False}}
    return rule


def _unmodelled() -> dict[str, JsonObject]:
    closed: JsonObject = {"patternProperties": _EXTENSIONS, "additionalProperties": False}
    step = {key: SPECIAL["step", key] for key in DEFAULTS_KEYS if ("step", key) in SPECIAL}
    return {
        **SIMPLE,
        "agent": {
            "description": "A name, several (the first that is healthy), or what it must know.",
            "anyOf": [
                TEXT,
                some(TEXT),
                {
                    "type": "object",
                    "properties": {"capabilities": some(TEXT)},
                    "required": ["capabilities"],
                    **closed,
                },
            ],
        },
        "env": {
            "type": "object",
            "propertyNames": {"pattern": "^(?!CLAUDE_AGENT_)[A-Za-z_][A-Za-z0-9_]*$"},
            "additionalProperties": SCALAR,
        },
        "defaults": {
            "type": "object",
            "description": "What steps take where they say nothing.",
            "properties": {"retry": ref("retry"), **step},
            **closed,
        },
        "compensation": {
            "type": "object",
            "description": "How everything is undone.",
            "properties": dict(zip(COMPENSATION_KEYS, (choice(ORDERS), DURATION), strict=True)),
            **closed,
        },
        "schema": {"type": "object", "properties": SCHEMA_KEYS, **closed},
        "input": {
            "type": "object",
            "description": "A JSON Schema; required unless it has a default.",
            "properties": SCHEMA_KEYS | {"required": {"type": ["boolean", "array"]}, "default": {}},
            **closed,
        },
        "chain": {
            "type": "object",
            "description": "The small form: step to agent, one after the other.",
            "minProperties": 1,
            "propertyNames": {"pattern": SPECIAL["step", "id"]["pattern"]},
            "additionalProperties": ANY_TEXT,
        },
    }
