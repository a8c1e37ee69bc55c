"""The queries as psycopg wants them: `:name` becomes `%(name)s`, a list becomes an array.

The comments `/* lock */` and `/* wait */` become lock clauses in a transaction that writes.
"""

import re
from functools import cache

from claude_agent.storage.queries import find

SKIP_LOCKED = "FOR UPDATE SKIP LOCKED"
_WAIT = "FOR UPDATE"
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')
      | (?P<remark>--[^\n]*|/\*.*?\*/)
      | (?P<cast>::)
      | \bIN\s*\(\s*:(?P<list>[a-z_][a-z0-9_]*)\s*\)
      | :(?P<name>[a-z_][a-z0-9_]*)
      | (?P<percent>%)""",
    re.VERBOSE | re.DOTALL,
)
_LOCKS = {"/* lock */": SKIP_LOCKED, "/* wait */": _WAIT}


@cache
def statement(name: str, *, locking: bool) -> str:
    """Return the named query for psycopg, with its lock clauses or without."""
    return translate(find(name).sql, locking=locking)


def translate(sql: str, *, locking: bool) -> str:
    """Return a statement with `:name` parameters in psycopg's spelling."""

    def spell(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind == "name":
            return f"%({match['name']})s"
        if kind == "list":
            return f"= ANY(%({match['list']})s)"
        if kind == "remark":
            return _LOCKS.get(match[0], "") if locking else ""
        return match[0].replace("%", "%%")

    return _TOKEN.sub(spell, sql)


def arrays(params: dict[str, object]) -> dict[str, object]:
    """Return the parameters with every tuple as a list: psycopg sends lists as arrays."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in params.items()}
