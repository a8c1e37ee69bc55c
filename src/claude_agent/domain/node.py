"""A definition's source as a tree that still knows where each piece stood."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from claude_agent.domain.definition import DefinitionError, Problem

MAX_DEPTH = 32
"""The deepest nesting of lists and mappings that a definition may have."""
MAX_INTEGER = 2**63 - 1
"""Whole numbers beyond this are refused: not every reader of our JSON keeps them exact."""

Scalar: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the source: a scalar, a list or a mapping."""

    kind: str = "scalar"
    """`scalar`, `list` or `map`."""
    value: Scalar = None
    """The value of a scalar."""
    items: "tuple[Node, ...]" = ()
    """The items of a list."""
    entries: "tuple[Entry, ...]" = ()
    """The entries of a mapping, in their order, each key once."""
    line: int = 0
    """From 1; 0 where the source is no text."""
    column: int = 0
    """From 1; 0 where the source is no text."""
    block: bool = False
    """A scalar written as a literal block (`|`): its text begins on the line below."""
    file: str = ""
    """The name of the source, as problems show it."""

    def plain(self) -> Any:
        """Return the same as plain Python data (dict, list, scalars)."""
        if self.kind == "map":
            return {entry.key: entry.node.plain() for entry in self.entries}
        if self.kind == "list":
            return [item.plain() for item in self.items]
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a mapping with its value."""

    key: str
    """The key; keys are always text."""
    node: Node
    """The value."""
    line: int = 0
    """Where the key stands."""
    column: int = 0
    """Where the key stands."""


def join(path: str, key: str) -> str:
    """Return the path of `key` below `path`: `steps[2].with` and `url` give `steps[2].with.url`."""
    return f"{path}.{key}" if path else key


def node_from_data(data: Any, *, file: str = "") -> Node:
    """Make a tree of plain Python data; raises DefinitionError for what JSON could not hold."""
    return _node(data, file, "", 0)


def _node(data: Any, file: str, path: str, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise _refused(path, f"is nested deeper than {MAX_DEPTH} levels")
    if isinstance(data, Mapping):
        entries = tuple(_entry(key, value, (file, path), depth) for key, value in data.items())
        return Node(kind="map", entries=entries, file=file)
    if isinstance(data, list | tuple):
        items = tuple(
            _node(item, file, f"{path}[{number}]", depth + 1) for number, item in enumerate(data)
        )
        return Node(kind="list", items=items, file=file)
    if not is_json_scalar(data):
        raise _refused(path, f"is {data!r:.60}, which a definition cannot hold")
    return Node(value=data, file=file)


def _entry(key: Any, value: Any, place: tuple[str, str], depth: int) -> Entry:
    file, path = place
    if not isinstance(key, str):
        raise _refused(path, f"has the key {key!r:.60}, which is not text")
    return Entry(key=key, node=_node(value, file, join(path, key), depth + 1))


def is_json_scalar(value: Any) -> bool:
    """Say whether every JSON reader gives this scalar back unchanged."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= MAX_INTEGER
    return value is None or isinstance(value, str)


def _refused(path: str, what: str) -> DefinitionError:
    return DefinitionError([Problem(message=f"{path or 'the definition'} {what}", path=path)])
