"""Writes a golden history: `python -m tests.golden.make NAME`. It never writes over one.

A history is made once, by the version of its day: `NNNN-NAME.jsonl` with a line about the version
and a line for each event, and `NNNN-NAME.folded.json` with what it folds to. Make a new one where
a type of event or a field of one is new; never change one that is there.
"""

import contextlib
import json
import logging
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import claude_agent
from claude_agent.core import cel
from claude_agent.domain.events import kinds
from claude_agent.storage import log
from claude_agent.storage.database import Row
from claude_agent.storage.queries import migrations
from tests.golden.folding import folded
from tests.integration.every_event import play
from tests.unit.core.stand import Stand

HISTORIES = Path(__file__).parent / "histories"
HOME = Path(tempfile.gettempdir()) / "golden"
"""Where it happens: the path stands in the events."""
ENVELOPE = ("pos", "stream", "seq", "type", "v", "at", "actor", "trace", "causation", "hash")
DEFINITIONS = "SELECT hash, slug, name, data, source, origin, created_at FROM definitions"


def write(name: str) -> Path:
    """Write the history of everything that there is under the next number; return its file."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        message = f"'{name}' is no name of a history: lower-case letters, digits and '-'"
        raise SystemExit(message)
    number = len(list(HISTORIES.glob("*.jsonl"))) + 1
    file = HISTORIES / f"{number:04}-{name}.jsonl"
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    try:
        stand = Stand(HOME)
        play(stand)
        rows = stand.database.read(lambda r: r.rows("log.after", after=0, limit=2**31))
        history = [log.recorded(row) for row in rows]
        stand.close()
        with contextlib.closing(sqlite3.connect(stand.path)) as connection:
            connection.row_factory = sqlite3.Row
            head = about(rows, [dict(row) for row in connection.execute(DEFINITIONS)])
    finally:
        shutil.rmtree(HOME)
    HISTORIES.mkdir(exist_ok=True)
    with file.open("x", encoding="utf-8") as out:
        out.writelines(f"{text(line)}\n" for line in (head, *map(line_of, rows)))
    after = {table: columns for table, columns in folded(history).items() if columns}
    with file.with_suffix(".folded.json").open("x", encoding="utf-8") as out:
        out.writelines(pages(after))
    return file


def about(rows: Iterable[Row], definitions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what must be known of the version that wrote these events."""
    types = {row["type"] for row in rows}
    schema = {
        type_: {"v": kind.V, "optional": optional(kind)}
        for type_, kind in sorted(kinds().items())
        if type_ in types
    }

    return {
        "version": claude_agent.__version__,
        "migrations": max(number for number, _, _ in migrations()),
        "types": schema,
        "definitions": definitions,
    }


def optional(kind: type) -> dict[str, Any]:
    """Return the fields that events of before may lack, with what counts then."""
    found = {}
    for one in fields(kind):
        if one.default is not MISSING:
            found[one.name] = one.default
        elif one.default_factory is not MISSING:
            found[one.name] = one.default_factory()
    return found


def line_of(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ENVELOPE} | {"data": json.loads(row["data"])}


def text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def pages(found: dict[str, dict[str, Any]]) -> Iterable[str]:
    """Write one line for each thing, so that a difference can be read."""
    yield "{\n"
    for n, (table, rows) in enumerate(sorted(found.items())):
        lines = ",\n".join(f"  {text(name)}: {text(row)}" for name, row in sorted(rows.items()))
        yield f"{', ' if n else ''}{text(table)}: {{\n{lines}\n}}\n"
    yield "}\n"


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    cel.install()
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print(write(sys.argv[1]))  # noqa: T201 - a script
