"""Icons, colours and tables, as plain as the place they go to asks for."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from claude_agent.cli.text import fit, one_line, width

if TYPE_CHECKING:
    from claude_sdk.wire import Shown

_ICONS = {
    "running": ("●", "*"),
    "waiting": ("◐", "?"),
    "ok": ("✓", "+"),
    "failed": ("✗", "x"),
    "healing": ("↻", "~"),
    "idle": ("○", "-"),
}
_UNDONE = ("↶", "<")
_UNDO_ICONS = frozenset({"undo-2", "undo"})
# The terminal's own 16 colours: every theme of the reader is kept.
_COLOURS = {"running": 34, "waiting": 33, "ok": 32, "failed": 31, "healing": 35}
_DIM = 2
_BOLD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Some text and the colour family it is shown in (or `dim`, `bold`)."""

    text: str
    family: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a stream can show."""

    terminal: bool
    colour: bool
    unicode: bool
    columns: int
    lines: int = 24

    def icon(self, shown: "Shown") -> str:
        """Return the sign of a state."""
        pair = _ICONS.get(shown["family"], _ICONS["idle"])
        if shown["icon"] in _UNDO_ICONS:
            pair = _UNDONE
        return pair[0] if self.unicode else pair[1]

    def state(self, shown: "Shown") -> Cell:
        """Return icon and word in the state's colour."""
        return Cell(text=f"{self.icon(shown)} {shown['word']}", family=shown["family"])

    def paint(self, text: str, family: str) -> str:
        """Return the text in a colour family, plain where colours are not wanted."""
        code = {"dim": _DIM, "bold": _BOLD}.get(family) or _COLOURS.get(family)
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text

    @property
    def ellipsis(self) -> str:
        """The mark for cut text."""
        return "…" if self.unicode else "..."

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str | Cell]],
        *,
        elastic: int | None = None,
    ) -> list[str]:
        """Return aligned lines; on a terminal the `elastic` column gives way to fit the width."""
        cells = [[_cell(value) for value in row] for row in rows]
        titles = [Cell(text=title.upper(), family="dim") for title in head]
        lines = [titles, *cells] if any(head) else cells
        sizes = [max(width(row[column].text) for row in lines) for column in range(len(head))]
        if self.terminal and elastic is not None:
            over = sum(sizes) + 2 * (len(sizes) - 1) - self.columns
            if over > 0:
                sizes[elastic] = max(8, sizes[elastic] - over)
        return [self._row(row, sizes) for row in lines]

    def _row(self, row: Sequence[Cell], sizes: Sequence[int]) -> str:
        parts = []
        for cell, size in zip(row, sizes, strict=True):
            text = fit(cell.text, size, more=self.ellipsis)
            parts.append(self.paint(text, cell.family) + " " * (size - width(text)))
        return "  ".join(parts).rstrip()


def _cell(value: str | Cell) -> Cell:
    if isinstance(value, Cell):
        return Cell(text=one_line(value.text), family=value.family)
    return Cell(text=one_line(value))


def look_at(stream: TextIO | None = None) -> Look:
    """Return what a stream (standard output by default) can show."""
    stream = stream or sys.stdout
    terminal = stream.isatty() and os.environ.get("TERM", "") != "dumb"
    # Python takes LC_ALL=C for UTF-8; the person who set it does not.
    names = (stream.encoding or "ascii", os.environ.get("LC_ALL") or "utf8")
    columns, lines = terminal_size(stream)
    return Look(
        terminal=terminal,
        colour=terminal and not os.environ.get("NO_COLOR"),
        unicode=all("utf" in name.lower() for name in names),
        columns=max(20, columns),
        lines=max(5, lines),
    )


def terminal_size(stream: TextIO) -> tuple[int, int]:
    """Return columns and lines; COLUMNS and LINES win, 80 by 24 where there is no terminal."""
    try:
        found = tuple(os.get_terminal_size(stream.fileno()))
    except (OSError, ValueError):
        found = (80, 24)
    told = [os.environ.get(name, "") for name in ("COLUMNS", "LINES")]
    given = [int(text) if text.isdigit() and int(text) else 0 for text in told]
    return given[0] or found[0] or 80, given[1] or found[1] or 24
