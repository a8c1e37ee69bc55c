"""When each job was sent and done, in a file that producer, worker and bench all map.

Times are `time.monotonic()`, one clock for the whole machine. A mark survives `kill -9`.
"""

import mmap
import struct
import threading
import time
from collections.abc import Sequence
from pathlib import Path

_TIME = struct.Struct("d")
LOOK_S = 0.002


class Marks:
    """For `size` jobs: when each was sent, when it was done last, how often it was done."""

    def __init__(self, path: Path, size: int) -> None:
        self._size = size
        bytes_needed = size * (2 * _TIME.size + 1)
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(bytes_needed)
            self._map = mmap.mmap(file.fileno(), bytes_needed)
        self._done = size * _TIME.size
        self._times = 2 * size * _TIME.size

    def sent(self, number: int) -> None:
        """Mark a job as about to be sent."""
        _TIME.pack_into(self._map, number * _TIME.size, time.monotonic())

    def done(self, number: int) -> None:
        """Mark a job as done once more."""
        _TIME.pack_into(self._map, self._done + number * _TIME.size, time.monotonic())
        self._map[self._times + number] = min(self._map[self._times + number] + 1, 255)

    def counts(self, first: int, count: int) -> bytes:
        """How often each of these jobs was done."""
        return self._map[self._times + first : self._times + first + count]

    def done_count(self, first: int, count: int) -> int:
        """How many of these jobs were done at least once."""
        return count - self.counts(first, count).count(0)

    def sent_at(self, numbers: Sequence[int]) -> list[float]:
        """When these jobs were sent."""
        return [_TIME.unpack_from(self._map, n * _TIME.size)[0] for n in numbers]

    def done_at(self, numbers: Sequence[int]) -> list[float]:
        """When these jobs were done."""
        return [_TIME.unpack_from(self._map, self._done + n * _TIME.size)[0] for n in numbers]

    def wait(self, first: int, count: int, *, share: float = 1.0, timeout: float) -> bool:
        """Wait until this share of the jobs was done; False when the time ran out."""
        pause = threading.Event()
        end = time.monotonic() + timeout
        while self.done_count(first, count) < count * share:
            if time.monotonic() > end:
                return False
            pause.wait(LOOK_S)
        return True
