"""The part of JSON Schema that inputs and outputs may use, checked without any library.

Left out on purpose: `$ref` (it could name a remote file) and `pattern` (a backtracking
expression over text that a command wrote).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from claude_agent.domain.definition_parts import Data

Finding: TypeAlias = tuple[str, str]
"""A path below the value, like `.a[2]` or empty, and what is wrong there."""

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}
"""How to know a value of each type."""
FORMATS: Mapping[str, re.Pattern[str]] = {
    "uri": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+"),
    "email": re.compile(r"[^\s@]+@[^\s@]+"),
    "date": re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"),
    "date-time": re.compile(
        r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt]"
        r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
        r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
    ),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "ipv4": re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?!$)|$)){4}"),
    "hostname": re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"),
}
"""How to know a text of each format."""
NOTES = ("title", "description", "examples", "default")
"""Keywords that check nothing."""
_COUNTS = {
    "minLength": ("string", True),
    "maxLength": ("string", False),
    "minItems": ("array", True),
    "maxItems": ("array", False),
}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
KEYWORDS = (
    *("type", "enum", "const", "format", "items", "properties", "required"),
    *("additionalProperties", *_COUNTS, *_BOUNDS, *NOTES),
)
"""Every keyword a schema may use."""
LATER = (
    *("pattern", "$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf", "not", "if", "then"),
    *("else", "patternProperties", "propertyNames", "contains", "prefixItems", "uniqueItems"),
    *("multipleOf", "dependentRequired", "dependentSchemas", "minProperties", "maxProperties"),
)
"""Keywords that are known and not available."""


def is_type(value: Any, name: str) -> bool:
    """Say whether `value` is of the JSON Schema type `name`."""
    return TYPES[name](value)


def types_of(schema: Data) -> tuple[str, ...]:
    """Return the types that a schema allows; empty: any."""
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def check_value(schema: Data, value: Any) -> list[Finding]:
    """Return everything in which `value` does not fit the (checked) schema."""
    types = types_of(schema)
    if types and not any(is_type(value, name) for name in types):
        return [("", f"must be {_either(types)}, not {shown(value)}")]
    found: list[Finding] = []
    if "enum" in schema and not any(same(value, each) for each in schema["enum"]):
        found.append(("", f"must be one of {', '.join(map(shown, schema['enum']))}"))
    if "const" in schema and not same(value, schema["const"]):
        found.append(("", f"must be {shown(schema['const'])}"))
    if isinstance(value, str):
        found += _check_text(schema, value)
    elif isinstance(value, Mapping):
        found += _check_object(schema, value)
    elif isinstance(value, list | tuple):
        found += _check_list(schema, value)
    elif is_type(value, "number"):
        found += _check_number(schema, value)
    return found


def same(left: Any, right: Any) -> bool:
    """JSON equality: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def shown(value: Any) -> str:
    """Return a short text for a value in a message."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f"'{value:.40}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else f"{value!r:.40}"


def _either(types: Sequence[str]) -> str:
    names = {"array": "a list", "object": "an object", "integer": "a whole number"}
    names |= {"string": "text", "number": "a number", "boolean": "true or false", "null": "nothing"}
    return " or ".join(names[name] for name in types)


def _check_text(schema: Data, value: str) -> list[Finding]:
    found = _check_count(schema, len(value), "string", "characters")
    name = schema.get("format")
    if name and not FORMATS[name].fullmatch(value):
        found.append(("", f"must be of the format {name}, not {shown(value)}"))
    return found


def _check_count(schema: Data, count: int, kind: str, noun: str) -> list[Finding]:
    found = []
    for keyword, (wanted, least) in _COUNTS.items():
        if wanted != kind or keyword not in schema:
            continue
        limit = schema[keyword]
        if count < limit if least else count > limit:
            word = "at least" if least else "at most"
            found.append(("", f"must have {word} {limit} {noun}, not {count}"))
    return found


def _check_number(schema: Data, value: float) -> list[Finding]:
    holds: Mapping[str, tuple[Callable[[float], bool], str]] = {
        "minimum": (lambda limit: value >= limit, "at least"),
        "maximum": (lambda limit: value <= limit, "at most"),
        "exclusiveMinimum": (lambda limit: value > limit, "more than"),
        "exclusiveMaximum": (lambda limit: value < limit, "less than"),
    }
    return [
        ("", f"must be {words} {schema[keyword]}, not {value!r:.40}")
        for keyword, (fits, words) in holds.items()
        if keyword in schema and not fits(schema[keyword])
    ]


def _check_list(schema: Data, value: Sequence[Any]) -> list[Finding]:
    found = _check_count(schema, len(value), "array", "items")
    if "items" in schema:
        for number, item in enumerate(value):
            found += [(f"[{number}]{at}", said) for at, said in check_value(schema["items"], item)]
    return found


def _check_object(schema: Data, value: Data) -> list[Finding]:
    known = schema.get("properties", {})
    found = [("", f"lacks '{name}'") for name in schema.get("required", ()) if name not in value]
    others = schema.get("additionalProperties", True)
    for name, each in value.items():
        inner = known.get(name, others)
        if inner is False:
            found.append((f".{name}", "is not among the declared properties"))
        elif inner is not True:
            found += [(f".{name}{at}", said) for at, said in check_value(inner, each)]
    return found
