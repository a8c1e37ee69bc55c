"""Compile what makes a step many instances: matrix and foreach."""

from typing import Any

from claude_agent.domain.compile_does import Scope
from claude_agent.domain.compile_reader import Cursor
from claude_agent.domain.compile_schemas import check_name
from claude_agent.domain.definition_parts import Data, Foreach, Matrix
from claude_agent.domain.json_schema import same

MATRIX_KEYS = ("include", "exclude", "max_parallel", "fail_fast")
"""Keys of a matrix that are no axes."""
FOREACH_KEYS = ("items", "max_parallel", "fail_fast")
MAX_PARALLEL = 10_000
MAX_INSTANCES = 10_000
"""The most instances of one step."""
_COMPARED = 100  # each with all before it


def read_matrix(cursor: Cursor | None, scope: Scope, name: str) -> Matrix | None:
    """Read axes with their values, `include`, `exclude` and the limits."""
    fields = cursor.mapping() if cursor is not None else None
    if cursor is None or fields is None:
        return None
    own = {key: field for key, field in fields.items() if key in MATRIX_KEYS and not field.empty}
    axes = {key: field for key, field in fields.items() if key not in MATRIX_KEYS}
    for key, field in axes.items():
        check_name(key, "an axis", field)
        _values(field, scope, name)
    include = _combinations(own.get("include"), scope, name)
    if not axes and not include:
        cursor.fail(f"'{cursor.path}' has no axis", "write {suite: [unit, e2e]}")
    count = 1
    for field in axes.values():
        count *= len(field.node.items) or 1
    if count > MAX_INSTANCES:
        cursor.fail(f"'{cursor.path}' gives {count:,} instances; the limit is {MAX_INSTANCES:,}")
    return Matrix(
        axes={key: field.node.plain() for key, field in axes.items()},
        include=include,
        exclude=_excluded(own.get("exclude"), axes, scope, name),
        max_parallel=_parallel(own.get("max_parallel")),
        fail_fast=_flag(own.get("fail_fast")),
    )


def _values(field: Cursor, scope: Scope, name: str) -> None:
    if field.node.kind == "scalar":
        if scope.uses.whole(field, "before", name, or_else=" or a list") is None:
            return
        return
    values = field.sequence()
    if values is not None and not values:
        field.fail(f"'{field.path}' is empty")
    scope.uses.template(field, "before", name)
    plain = [each.node.plain() for each in values or ()]
    for number, each in enumerate(values or ()):
        if number < _COMPARED and any(same(plain[number], one) for one in plain[:number]):
            each.fail(f"the value {each.shown()} stands twice")


def _combinations(cursor: Cursor | None, scope: Scope, name: str) -> tuple[Data, ...]:
    if cursor is None:
        return ()
    scope.uses.template(cursor, "before", name)
    found = []
    for each in cursor.sequence() or ():
        fields = each.mapping()
        if fields is not None and not fields:
            each.fail(f"'{each.path}' is empty")
        found.append({key: field.node.plain() for key, field in (fields or {}).items()})
    return tuple(found)


def _excluded(
    cursor: Cursor | None, axes: dict[str, Cursor], scope: Scope, name: str
) -> tuple[Data, ...]:
    for each in (cursor.sequence() if cursor is not None else None) or ():
        each.fields(axes)  # notes what is no axis
    return _combinations(cursor, scope, name)


def read_foreach(cursor: Cursor | None, scope: Scope, name: str) -> Foreach | None:
    """Read a list, one whole expression, or `{items, max_parallel, fail_fast}`."""
    if cursor is None:
        return None
    if cursor.node.kind != "map":
        return Foreach(items=_items(cursor, scope, name))
    fields = cursor.fields(FOREACH_KEYS) or {}
    if "items" not in fields:
        cursor.fail(f"{cursor.path} has no 'items'", 'write items: "${{ … }}" or a list')
        return None
    return Foreach(
        items=_items(fields["items"], scope, name),
        max_parallel=_parallel(fields.get("max_parallel")),
        fail_fast=_flag(fields.get("fail_fast")),
    )


def _items(cursor: Cursor, scope: Scope, name: str) -> Any:
    if cursor.node.kind != "list":
        return scope.uses.whole(cursor, "before", name, or_else=" or a list")
    if not cursor.node.items:
        cursor.fail(f"'{cursor.path}' is empty")
    if len(cursor.node.items) > MAX_INSTANCES:
        count = len(cursor.node.items)
        cursor.fail(f"'{cursor.path}' has {count:,} items; the limit is {MAX_INSTANCES:,}")
    scope.uses.template(cursor, "before", name)
    return cursor.node.plain()


def _parallel(cursor: Cursor | None) -> int | None:
    return cursor.integer(1, MAX_PARALLEL) if cursor is not None else None


def _flag(cursor: Cursor | None) -> bool:
    return cursor is None or cursor.flag() is not False
