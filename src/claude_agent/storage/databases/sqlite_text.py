"""The queries as SQLite takes them quickest: places in order instead of names.

A name is looked up for each value of each statement; with forty columns that takes longer than
the rest of the call.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from operator import itemgetter

from claude_agent.storage.queries import find

_TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|:(?P<name>[a-z_][a-z0-9_]*)", re.DOTALL)
Values = tuple[object, ...]
Pick = Callable[[Mapping[str, object]], Values]
"""Parameters by name to the values of a statement. Raises KeyError where one is missing."""


@cache
def statement(query: str) -> tuple[str, Pick] | None:
    """Return the named query with numbered places, and what puts its values in order.

    None: it takes lists, so its text is another one each time. Raises LookupError.
    """
    found = find(query)
    return None if found.takes_lists else numbered(found.sql)


def numbered(sql: str) -> tuple[str, Pick]:
    """Return a statement with `:name` as `?1`, …, and what puts its values in order."""
    names: dict[str, int] = {}

    def spell(match: re.Match[str]) -> str:
        name = match["name"]
        return match[0] if name is None else f"?{names.setdefault(name, len(names) + 1)}"

    return _TOKEN.sub(spell, sql), _picker(tuple(names))


def _picker(names: tuple[str, ...]) -> Pick:
    if not names:
        return lambda _: ()
    if len(names) == 1:
        (only,) = names
        return lambda params: (params[only],)
    return itemgetter(*names)
