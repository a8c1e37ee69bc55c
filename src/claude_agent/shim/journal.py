"""The journal of a run: numbered lines in numbered segments, read by the server.

Lifecycle lines are on disk before `lifecycle` returns True; other lines within 50 ms. When the disk
is full the lines wait in memory and are written later: lifecycle lines are never given up.
"""

import posix

from claude_agent.shim import codec, machine
from claude_agent.shim.bell import Bell
from claude_agent.shim.machine import monotonic

SEGMENT_BYTES = 8 << 20
SYNC_S = 0.05
RETRY_S = 1.0
WAITING_BYTES = 256 << 10
"""With this much waiting for a full disk, ordinary lines are dropped and counted."""


class Journal:
    """Appends lines; owns the running number `n` and the counts of what was dropped."""

    def __init__(self, bell: Bell, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._bell = bell
        self._segment_bytes = segment_bytes
        self._segment = 1
        self._fd = -1
        self._size = 0
        self._waiting = bytearray()
        self._dropped_told = 0
        self.n = 0
        self.dropped_count = 0
        self.dropped_bytes = 0
        self.durable = True
        self.due: float | None = None

    def lifecycle(self, kind: str, **fields: object) -> bool:
        """Append a line that matters; True when it is on disk (else it is retried by `tick`)."""
        self.later(kind, **fields)
        return self.sync()

    def later(self, kind: str, **fields: object) -> None:
        """Append a line that reaches the disk with the next sync, within 50 ms."""
        self.n += 1
        line = {"n": self.n, "at": machine.now(), "kind": kind, **fields}
        self._append(codec.dumps(line).encode("ascii") + b"\n")

    def protocol(self, text: bytes) -> bool:
        """Append one line of the command, a JSON object as it was printed; False when dropped.

        Its text goes in as it is: it was parsed already, and encoding it again costs more.
        """
        if len(self._waiting) > WAITING_BYTES and not self.flush():
            self.drop(len(text))
            return False
        self.n += 1
        head = b'{"n":%d,"at":%d,"kind":"protocol","line":' % (self.n, machine.now())
        self._append(head + text + b"}\n")
        return True

    def drop(self, size: int, count: int = 1) -> None:
        """Count something that is kept nowhere; the first time is told at once."""
        self.dropped_count += count
        self.dropped_bytes += size
        if not self._dropped_told:
            self.tell_dropped()

    def tell_dropped(self) -> None:
        """Append the totals of what was dropped, if they grew since they were last told."""
        if self.dropped_bytes != self._dropped_told:
            self._dropped_told = self.dropped_bytes
            self.later("dropped", count=self.dropped_count, bytes=self.dropped_bytes)

    def flush(self) -> bool:
        """Hand what waits to the kernel, so that readers see it; True when nothing waits."""
        if not self._waiting:
            return True
        try:
            while self._waiting:
                if self._fd < 0:
                    self._fd = self._open()
                done = posix.write(self._fd, self._waiting)
                self._size += done
                del self._waiting[:done]
        except OSError:
            self.due = monotonic() + RETRY_S
            return False
        self._bell.ring_soon()
        return True

    def sync(self) -> bool:
        """Bring everything to the disk; True when it is there."""
        if not self.flush():
            return False
        try:
            if self._fd >= 0:
                posix.fdatasync(self._fd)
        except OSError:
            self.due = monotonic() + RETRY_S
            return False
        self.durable = True
        self.due = None
        return True

    def tick(self, now: float) -> None:
        """Do the gathered sync, or try again after a full disk, when it is time."""
        if self.due is not None and now >= self.due:
            self.sync()

    def _append(self, line: bytes) -> None:
        if self._size + len(self._waiting) >= self._segment_bytes and self.sync():
            posix.close(self._fd)
            self._fd = -1
            self._segment += 1
            self._size = 0
        self._waiting += line
        self.durable = False
        if self.due is None:
            self.due = monotonic() + SYNC_S

    def _open(self) -> int:
        return posix.open(
            f"events-{self._segment:06d}.jsonl",
            posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_CLOEXEC,
            0o600,
        )
