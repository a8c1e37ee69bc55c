"""The live view: redrawn in place on a terminal, one line per change elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from claude_agent.cli.look import terminal_size
from claude_agent.cli.views.common import now_ms
from claude_sdk.errors import ServerUnreachable
from claude_sdk.live import RESET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_agent.cli.board import Board
    from claude_agent.cli.look import Look
    from claude_sdk.live import LiveEvents
    from claude_sdk.system import ClaudeSystem

_TICK = 1.0
_GATHER = 0.1
"""Seconds: events that come together are drawn together."""
_QUIET, _LOUD = "\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h"
"""Cursor and line wrap off while drawing, and on again."""


class Screen:
    """The lines that were drawn last, and how to replace them."""

    def __init__(self, look: Look, stream: TextIO) -> None:
        self._look = look
        self._stream = stream
        self._height = 0

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Prepare the terminal and leave it as it was."""
        if not self._look.terminal:
            yield
            return
        self._stream.write(_QUIET)
        try:
            yield
        finally:
            self._stream.write(_LOUD)
            self._stream.flush()

    def show(self, board: Board, *, last: bool = False) -> None:
        """Draw the board anew, or print what changed."""
        if self._look.terminal:
            self._redraw(board.draw(self._look, now_ms()), last=last)
        else:
            for line in board.changes(self._look, now_ms()):
                self._stream.write(line + "\n")
        self._stream.flush()

    def _redraw(self, lines: list[str], *, last: bool) -> None:
        room = terminal_size(self._stream)[1] - 2
        if len(lines) > room and not last:
            lines = [*lines[:1], f"  ({len(lines) - room + 1} more above)", *lines[-(room - 2) :]]
        up = f"\x1b[{self._height}A" if self._height else ""
        self._stream.write(up + "".join(f"\r\x1b[2K{line}\n" for line in lines) + "\x1b[J")
        self._height = len(lines)


def watch(
    system: ClaudeSystem,
    board: Board,
    look: Look,
    *,
    limit: float | None = None,
    stream: TextIO | None = None,
) -> bool:
    """Show the board until it has ended; False when `limit` seconds ran out before."""
    screen = Screen(look, stream or sys.stdout)
    deadline = None if limit is None else monotonic() + limit
    cursor = board.refresh()
    with screen.drawing(), system.live(after=cursor) as live:
        screen.show(board, last=board.ended)
        stale = False
        while not board.ended:
            if deadline is not None and monotonic() > deadline:
                return False
            stale = _gather(live, board, deadline) or stale
            if stale:
                stale = not _refreshed(board)
            screen.show(board, last=board.ended)
    return True


def _gather(live: LiveEvents, board: Board, deadline: float | None) -> bool:
    """Wait for events, up to a tick; whether one may have changed the board."""
    wait = _TICK if deadline is None else max(0.01, min(_TICK, deadline - monotonic()))
    frame = live.next(timeout=wait)
    touched = False
    until = monotonic() + _GATHER
    while frame is not None:
        touched = frame["type"] == RESET or board.concerned(frame) or touched
        left = until - monotonic()
        frame = live.next(timeout=left) if left > 0 else None
    return touched


def _refreshed(board: Board) -> bool:
    try:
        board.refresh()
    except ServerUnreachable:
        return False  # the event stream says when the server has been away too long
    return True
