"""Reads a run's journal from where the reader stood: by segment and byte, never failing on content.

A torn last line is left for the next time; a line that cannot be read becomes one of a kind of its
own and takes the next number, so that every line is passed exactly once.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

LINE_BYTES = (1 << 20) + 4096
"""The longest protocol line and what the shim puts around it."""
READ_BYTES = 2 << 20
"""At most this much is read at a time; the caller asks until it gets no lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a reader stands; the first position is `Position()`."""

    segment: int = 1
    byte: int = 0
    n: int = 0
    """Number of the last line that was read."""


def read(folder: Path, position: Position) -> tuple[list[dict[str, Any]], Position]:
    """Return the lines after `position` and the position after them; no lines: nothing new.

    A line is `{"n", "at", "kind", ...}`. Instead of a line that cannot be read stands
    `{"n", "kind": "garbled", "bytes"}`, of one over 1 MiB `{"n", "kind": "oversized", "bytes"}`.
    """
    while True:
        # Looked at before the read: when there is a next segment, this one is complete.
        complete = _segment(folder, position.segment + 1).exists()
        try:
            with _segment(folder, position.segment).open("rb") as file:
                file.seek(position.byte)
                lines, position = _read_on(file, position, complete=complete)
        except FileNotFoundError:
            lines = []
        if lines or not complete:
            return lines, position
        position = Position(segment=position.segment + 1, byte=0, n=position.n)


def _read_on(
    file: BinaryIO, position: Position, *, complete: bool
) -> tuple[list[dict[str, Any]], Position]:
    data = file.read(READ_BYTES)
    end = data.rfind(b"\n") + 1
    if not end and len(data) == READ_BYTES:
        return _pass_over(file, position)
    if complete and len(data) < READ_BYTES:
        end = len(data)  # a torn line at the end of a complete segment is never finished
    # Not splitlines(): a line of JSON may hold a carriage return.
    texts = data[:end].removesuffix(b"\n").split(b"\n") if end else []
    lines = []
    n = position.n
    for text in texts:
        line = _line(text, n)
        n = max(n, line["n"])
        lines.append(line)
    return lines, Position(segment=position.segment, byte=position.byte + end, n=n)


def _pass_over(file: BinaryIO, position: Position) -> tuple[list[dict[str, Any]], Position]:
    """Pass over a line longer than one read, once its end is there; keep none of it."""
    size = READ_BYTES
    while chunk := file.read(READ_BYTES):
        end = chunk.find(b"\n")
        if end >= 0:
            size += end
            line = {"n": position.n + 1, "kind": "oversized", "bytes": size}
            byte = position.byte + size + 1
            return [line], Position(segment=position.segment, byte=byte, n=position.n + 1)
        size += len(chunk)
    return [], position


def _segment(folder: Path, number: int) -> Path:
    return folder / f"events-{number:06d}.jsonl"


def _line(text: bytes, last: int) -> dict[str, Any]:
    if len(text) > LINE_BYTES:
        return {"n": last + 1, "kind": "oversized", "bytes": len(text)}
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        line = None
    if isinstance(line, dict) and type(line.get("n")) is int and type(line.get("kind")) is str:
        return line
    return {"n": last + 1, "kind": "garbled", "bytes": len(text)}
