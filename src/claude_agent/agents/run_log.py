"""A piece of what a run wrote, from the files of its folder."""

from dataclasses import dataclass
from pathlib import Path

from claude_agent.agents.judge import plain_text


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Some of a run's output; all numbers are bytes."""

    offset: int
    next: int
    total: int
    text: str
    """Harmless: no escapes, no bad bytes."""


def read_piece(folder: Path, offset: int, limit: int) -> LogPiece:
    """Return at most `limit` bytes from byte `offset` on; a negative one counts from the end.

    A folder that is not there has an empty log.
    """
    pieces = [folder / "output.log.1", folder / "output.log"]
    sizes = [piece.stat().st_size if piece.is_file() else 0 for piece in pieces]
    total = sum(sizes)
    begin = start = offset if offset >= 0 else max(0, total + offset)
    raw = b""
    for piece, size in zip(pieces, sizes, strict=True):
        if start < size and len(raw) < limit:
            with piece.open("rb") as file:
                file.seek(start)
                raw += file.read(limit - len(raw))
            start = 0
        else:
            start = max(0, start - size)
    after = min(total, begin + len(raw))
    return LogPiece(offset=begin, next=after, total=total, text=plain_text(raw))
