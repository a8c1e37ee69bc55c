"""Is a worker process still alive? Observations in, verdict out.

Beats, not dates: nobody compares clocks of two machines. What this observer has not seen itself
proves nothing, and whatever may have blinded it (a gap between its looks, an error of the
database, its own pause) starts the count again. So an outage of the database, a laptop's sleep or
a jump of the clock seizes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

LOOKS = 4
"""The same beat in at least so many looks ..."""
OVER_S = 15.0
"""... over at least so many seconds of the observer's own clock: three beats are missing."""
GAP_S = 5.0
"""Two looks further apart than this do not belong to one count."""


class Lock(StrEnum):
    """What can be seen of a worker's file lock."""

    HELD = "held"
    FREE = "free"
    UNKNOWN = "unknown"
    """It is on another host, or its file is not there: that proves nothing."""


class Verdict(StrEnum):
    """What is known of a worker process."""

    ALIVE = "alive"
    """Nothing proves that it is lost."""
    UNLOCKED = "its file lock is free"
    REBOOTED = "its host was started anew"
    SILENT = "its beat stands still"

    @property
    def lost(self) -> bool:
        """Its ownership has ended."""
        return self is not Verdict.ALIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A worker process as one look saw it."""

    id: str
    host: str
    boot_id: str
    beat: int
    lock: Lock = Lock.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    beat: int
    since: float
    looks: int


class Observer:
    """One process's own view of the others. `look` is called every few seconds."""

    def __init__(self, *, host: str, boot_id: str) -> None:
        """Take the observer's own host: file locks and boot ids mean something only there."""
        self._host = host
        self._boot_id = boot_id
        self._counts: dict[str, _Count] = {}
        self._looked: float | None = None

    def blind(self) -> None:
        """Start every count again: a look failed, or we were paused."""
        self._counts.clear()
        self._looked = None

    def look(self, at: float, workers: Iterable[Seen]) -> Mapping[str, Verdict]:
        """Take one look, begun at `at` seconds of our monotonic clock; return a verdict for each.

        `at` is read before the rows are: a pause between the two makes the look later than it
        says, which can only make the count begin again.
        """
        if self._looked is not None and not 0.0 <= at - self._looked <= GAP_S:
            self._counts.clear()
        self._looked = at
        seen = list(workers)
        self._counts = {one.id: self._counted(one, at) for one in seen}
        return {one.id: self._verdict(one, at) for one in seen}

    def _counted(self, one: Seen, at: float) -> _Count:
        count = self._counts.get(one.id)
        if count is None or count.beat != one.beat:
            return _Count(beat=one.beat, since=at, looks=1)
        return _Count(beat=one.beat, since=count.since, looks=count.looks + 1)

    def _verdict(self, one: Seen, at: float) -> Verdict:
        if one.host == self._host:
            if one.boot_id != self._boot_id:
                return Verdict.REBOOTED
            if one.lock == Lock.FREE:
                return Verdict.UNLOCKED
        count = self._counts[one.id]
        silent = count.looks >= LOOKS and at - count.since >= OVER_S
        return Verdict.SILENT if silent else Verdict.ALIVE
