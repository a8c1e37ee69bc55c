"""The append-only log: gathers events, numbers them, chains them, reads them again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from claude_agent.domain.events import Event
from claude_agent.storage.chain import GENESIS, canonical, data_hash, link
from claude_agent.storage.damage import UNREADABLE, damaged
from claude_agent.storage.database import Reader, Row, Stamp, Tx

_ENVELOPE = ("stream", "seq", "type", "v", "at", "actor", "trace", "causation")
"""What of an event is chained as it stands, in the order of the chain."""
_values = attrgetter(*_ENVELOPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the log ends."""

    epoch: str
    """Changes after a restore; part of every cursor."""
    pos: int
    """Position of the last event; 0 for an empty log."""
    hash: str
    """Head of the hash chain."""

    @property
    def cursor(self) -> str:
        """The text form that clients send back."""
        return f"{self.epoch}:{self.pos}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event with its place in the log."""

    pos: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Events of one transaction that wait for their positions."""

    events: tuple[Event, ...]
    stamp: Stamp | None


def head(reader: Reader) -> Head:
    """Return the end of the log as this reader sees it."""
    row = reader.row("log.head")
    if row is None:
        return Head(epoch="", pos=0, hash=GENESIS)
    return Head(epoch=row["epoch"], pos=row["pos"], hash=row["hash"])


def flush(tx: Tx, gathered: Sequence[Gathered]) -> int:
    """Append what a transaction gathered; return the new head position.

    It takes the counter row, so it runs last, just before the commit.
    """
    count = sum(len(part.events) for part in gathered)
    taken = tx.row("log.take", count=count)
    if taken is None:
        message = "the log has no counter row; the database was not migrated"
        raise RuntimeError(message)
    pos: int = taken["pos"] - count
    chain: str = taken["hash"]
    rows: list[dict[str, object]] = []
    stamps: list[tuple[Stamp, int]] = []
    for part in gathered:
        for event in part.events:
            pos += 1
            row = _row(event, pos, chain)
            chain = str(row["hash"])
            rows.append(row)
        if part.stamp is not None:
            stamps.append((part.stamp, pos))
    tx.execute_many("log.insert", rows)
    tx.execute("log.seal", hash=chain)
    for stamp, at in stamps:
        tx.execute(stamp.query, **stamp.params, pos=at)
    return pos


def _row(event: Event, pos: int, previous: str) -> dict[str, object]:
    text = canonical(event.data)
    digest = data_hash(text)
    values = _values(event)
    row: dict[str, object] = dict(zip(_ENVELOPE, values, strict=True))
    row["pos"], row["data"], row["data_hash"] = pos, text, digest
    row["hash"] = link(previous, pos, values, digest)
    return row


def envelope(row: Row) -> tuple[object, ...]:
    """Return the envelope of an event's row, as it is chained.

    From the row itself: data that was tampered with need not be JSON any more.
    """
    return tuple(row[name] for name in _ENVELOPE)


def recorded(row: Row) -> Recorded:
    """Turn a row of `events` into an event with its position. Raises `Corrupt`."""
    try:
        data = json.loads(row["data"])
    except UNREADABLE as error:
        what = f"event {row['pos']}"
        raise damaged(what, error) from error
    return Recorded(
        pos=row["pos"],
        event=Event(
            stream=row["stream"],
            seq=row["seq"],
            type=row["type"],
            v=row["v"],
            at=row["at"],
            actor=row["actor"],
            trace=row["trace"],
            causation=row["causation"],
            data=data,
        ),
    )


def after(reader: Reader, pos: int, limit: int) -> list[Recorded]:
    """Return up to `limit` events after a position."""
    return [recorded(row) for row in reader.rows("log.after", after=pos, limit=limit)]


def of_stream(reader: Reader, stream: str, *, after: int = 0, limit: int = -1) -> list[Recorded]:
    """Return the events of one stream after a number; no limit with -1."""
    rows = reader.rows(
        "log.of_stream", stream=stream, after=after, limit=limit if limit >= 0 else 2**31
    )
    return [recorded(row) for row in rows]


def everything(reader: Reader, *, chunk: int = 1000) -> Iterator[Recorded]:
    """Walk the whole log in order."""
    pos = 0
    while rows := after(reader, pos, chunk):
        yield from rows
        pos = _onwards(pos, rows[-1].pos)


def _onwards(pos: int, last: int) -> int:
    """Return where to go on; a damaged index must not lead in a circle."""
    if last <= pos:
        what = f"event {last}"
        raise damaged(what, ValueError("it is not in its place"))
    return last


def _broken(row: Row, chain: str) -> list[str]:
    """Return what is wrong with an event that follows `chain`."""
    pos, problems = row["pos"], list[str]()
    try:
        if data_hash(row["data"]) != row["data_hash"]:
            problems.append(f"the data of event {pos} was changed")
        if link(chain, pos, envelope(row), row["data_hash"]) != row["hash"]:
            problems.append(f"the chain breaks at event {pos}")
    except UNREADABLE:
        problems.append(f"event {pos} cannot be read")
    return problems


def verify(reader: Reader, *, chunk: int = 1000) -> tuple[int, str, list[str]]:
    """Check positions and the whole chain; return (events, head hash, problems)."""
    pos, chain, problems = 0, GENESIS, list[str]()
    while rows := reader.rows("log.after", after=pos, limit=chunk):
        _onwards(pos, rows[-1]["pos"])
        for row in rows:
            if row["pos"] != pos + 1:
                problems.append(f"positions {pos + 1} to {row['pos'] - 1} are missing")
            pos = row["pos"]
            problems += _broken(row, chain)
            chain = row["hash"]
    end = head(reader)
    if (end.pos, end.hash) != (pos, chain):
        problems.append(f"the counter row says {end.pos}, the events end at {pos}")
    return pos, chain, problems
