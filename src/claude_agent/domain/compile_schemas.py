"""Compile the JSON Schemas of a definition: its inputs and the outputs of its steps."""

import re
from collections.abc import Callable, Mapping

from claude_agent.domain.compile_reader import Cursor, read_each
from claude_agent.domain.definition import InputSchema
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.json_schema import FORMATS, KEYWORDS, LATER, TYPES, check_value

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""What inputs, outputs and steps may be called."""
_LARGEST = 2**53


def schemas(cursor: Cursor | None) -> JsonObject:
    """Read a JSON Schema for each output."""
    cursors = (cursor.mapping() if cursor is not None else None) or {}
    for name, each in cursors.items():
        check_name(name, "an output", each)
        if not each.empty:  # `sha:` alone asks for an output of any type
            check_schema(each)
    return {key: {} if each.empty else each.node.plain() for key, each in cursors.items()}


def result_schema(cursor: Cursor) -> JsonObject:
    """Read the JSON Schema of a whole result, which is an object."""
    fields = cursor.mapping()
    kind = (fields or {}).get("type")
    if fields is not None and (kind is None or kind.node.value != "object"):
        cursor.fail(f"'{cursor.path}' must say 'type: object'", "a result is one JSON object")
    if not check_schema(cursor):
        return {}
    found: JsonObject = cursor.node.plain()
    return found


def inputs(cursor: Cursor | None) -> dict[str, InputSchema] | None:
    """Read the declared inputs; None where there is no declaration."""
    cursors = cursor.mapping() if cursor is not None else None
    if cursors is None:
        return None
    for name, each in cursors.items():
        check_name(name, "an input", each)
    return read_each(cursors, _input)


def check_name(name: str, what: str, place: Cursor) -> bool:
    """Note a problem where `name` cannot be what an input, output or step is called."""
    fits = bool(NAME.fullmatch(name))
    if not fits:
        hint = "begin with a letter, then at most 63 letters, digits, '_' or '-'"
        place.fail(f"'{name:.70}' cannot be the name of {what}", hint)
    return fits


def _input(cursor: Cursor) -> InputSchema:
    if cursor.empty:  # `ref:` alone declares an input of any type
        return InputSchema(schema={})
    fields = cursor.mapping()
    if fields is None:
        return InputSchema(schema={})
    required = "default" not in fields
    own = fields.get("required")
    # A list belongs to JSON Schema: the properties that an object must have.
    if own is not None and own.node.kind != "list":
        required = bool(own.flag())
        del fields["required"]
    if not _check_fields(cursor, fields):
        return InputSchema(schema={}, required=required)
    default = fields.pop("default", None)
    schema = {key: field.node.plain() for key, field in fields.items()}
    if default is None or default.empty:
        return InputSchema(schema=schema, required=required)
    value = default.node.plain()
    for at, said in check_value(schema, value):
        default.fail(f"'{default.path}{at}' {said}")
    return InputSchema(schema=schema, required=required, default=value)


def check_schema(cursor: Cursor) -> bool:
    """Check a JSON Schema; return whether values can be checked against it."""
    fields = cursor.mapping()
    return fields is not None and _check_fields(cursor, fields)


def _check_fields(cursor: Cursor, fields: Mapping[str, Cursor]) -> bool:
    cursor.fields(KEYWORDS, LATER)  # notes the unknown ones
    checked = {key: field for key, field in fields.items() if not key.startswith("x-")}
    good = [key in _CHECKS and _check_keyword(key, field) for key, field in checked.items()]
    return all(good)


def _check_keyword(key: str, field: Cursor) -> bool:
    if field.empty and key not in {"const", "default"}:
        field.fail(f"'{field.path}' has no value")
        return False
    return _CHECKS[key](field)


def _types(field: Cursor) -> bool:
    if field.node.kind == "list":
        return _list(field) and _all(_types, field)
    return field.name_of("type", TYPES) is not None


def _properties(field: Cursor) -> bool:
    good = [check_schema(each) for each in (field.mapping() or {}).values()]
    return field.node.kind == "map" and all(good)


def _names(field: Cursor) -> bool:
    return field.sequence() is not None and _all(_note, field)


def _others(field: Cursor) -> bool:
    return isinstance(field.node.value, bool) or check_schema(field)


def _all(check: Callable[[Cursor], bool], field: Cursor) -> bool:
    """Check every item, also after the first that does not fit."""
    return False not in [check(each) for each in field.sequence() or ()]


def _count(field: Cursor) -> bool:
    return field.integer(0, _LARGEST) is not None


def _bound(field: Cursor) -> bool:
    return field.number(-_LARGEST, _LARGEST) is not None


def _list(field: Cursor) -> bool:
    each = field.sequence()
    if each is not None and not each:
        field.fail(f"'{field.path}' is empty")
    return bool(each)


def _note(field: Cursor) -> bool:
    return field.text(empty=True) is not None


_CHECKS: Mapping[str, Callable[[Cursor], bool]] = {
    "type": _types,
    "enum": _list,
    "const": lambda _: True,
    "default": lambda _: True,
    "format": lambda field: field.name_of("format", FORMATS) is not None,
    "items": check_schema,
    "properties": _properties,
    "required": _names,
    "additionalProperties": _others,
    "title": _note,
    "description": _note,
    "examples": _list,
    "minLength": _count,
    "maxLength": _count,
    "minItems": _count,
    "maxItems": _count,
    "minimum": _bound,
    "maximum": _bound,
    "exclusiveMinimum": _bound,
    "exclusiveMaximum": _bound,
}


def literal_fits(cursor: Cursor, type_: str) -> None:
    """Check a value that is written out against the type of a parameter."""
    for at, said in check_value({"type": type_} if type_ in TYPES else {}, cursor.node.plain()):
        cursor.fail(f"'{cursor.path}{at}' {said}")
