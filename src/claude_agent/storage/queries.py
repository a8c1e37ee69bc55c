"""Reads the `.sql` files: each query has a name and a sentence that says what it is for."""

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

_NAME = re.compile(r"^--\s*name:\s*([a-z_]+\.[a-z_]+)\s*$")
_LIST = re.compile(r"\(\s*:([a-z_]+)\s*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One named statement."""

    name: str
    """`file.query`."""
    description: str
    """What it is for."""
    sql: str
    """The statement with `:name` placeholders."""
    takes_lists: bool = field(default=False, compare=False)
    """Some placeholder stands alone in brackets: a list may be given for it."""

    def with_lists(self, params: dict[str, object]) -> tuple[str, dict[str, object]]:
        """Expand each `(:name)` whose value is a list or tuple into one placeholder an item."""
        if not self.takes_lists or not any(
            isinstance(value, (list, tuple)) for value in params.values()
        ):
            return self.sql, params
        flat = {k: v for k, v in params.items() if not isinstance(v, (list, tuple))}

        def expand(match: re.Match[str]) -> str:
            name = match[1]
            value = params.get(name)
            if not isinstance(value, (list, tuple)):
                return match[0]
            for index, item in enumerate(value):
                flat[f"{name}__{index}"] = item
            marks = ", ".join(f":{name}__{index}" for index in range(len(value)))
            return f"({marks})" if value else "(NULL)"

        return _LIST.sub(expand, self.sql), flat


def parse(text: str) -> list[Query]:
    """Split the text of one file into its queries. Raises ValueError for an undescribed one."""
    found: list[Query] = []
    name, description, lines = "", "", list[str]()

    def close() -> None:
        sql = "\n".join(lines).strip().rstrip(";")
        if name:
            if not description or not sql:
                message = f"query {name} has no description or no statement"
                raise ValueError(message)
            lists = _LIST.search(sql) is not None
            found.append(Query(name=name, description=description, sql=sql, takes_lists=lists))

    for line in text.splitlines():
        if match := _NAME.match(line):
            close()
            name, description, lines = match[1], "", []
        elif line.startswith("--") and not lines:
            description = f"{description} {line.lstrip('- ').strip()}".strip()
        else:
            lines.append(line)
    close()
    return found


@cache
def catalogue() -> dict[str, Query]:
    """Return every query of the package by name."""
    folder = resources.files("claude_agent.storage") / "sql"
    queries = [
        query
        for file in folder.iterdir()
        if file.name.endswith(".sql")
        for query in parse(file.read_text(encoding="utf-8"))
    ]
    return {query.name: query for query in queries}


def find(name: str) -> Query:
    """Return the query of this name. Raises LookupError."""
    try:
        return catalogue()[name]
    except KeyError:
        message = f"there is no query named {name}"
        raise LookupError(message) from None


def migrations() -> list[tuple[int, str, str]]:
    """Return (number, name, script) of every migration, in order."""
    folder = resources.files("claude_agent.storage") / "sql" / "migrations"
    found = [
        (int(file.name[:4]), file.name, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found)
