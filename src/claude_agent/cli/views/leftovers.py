"""What runs have left on this machine, as a table."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.output import View
from claude_agent.cli.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.leftovers import Leftover


def leftovers(found: Sequence[Leftover], done: Sequence[bool]) -> View:
    """Show each thing with what became of it; `done`: it was ended or removed."""
    items = [{**asdict(one), "cleaned": gone} for one, gone in zip(found, done, strict=True)]
    left = sum(one.fault and not gone for one, gone in zip(found, done, strict=True))

    def table(look: Look) -> list[str]:
        if not found:
            return ["Nothing is left of runs that are over."]
        rows: list[list[str | Cell]] = []
        for one, gone in zip(found, done, strict=True):
            where = str(one.pid) if one.pid is not None else one.path
            family = "ok" if gone or not one.fault else "failed"
            said = "cleaned" if gone else one.hint or "-"
            rows.append([one.kind, one.run, where, one.what, Cell(text=said, family=family)])
        head = ("what", "run", "where", "", "")
        foot = f"{counted(left, 'leftover')}." if left else "Nothing has to be done."
        return [*look.table(head, rows, elastic=3), "", foot]

    document = {"ok": not left, "leftovers": items}
    return View(document=document, items=items, name="kind", table=table)
