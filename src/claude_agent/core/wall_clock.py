"""Sees jumps of the wall clock, also of the time in which no server was up."""

from claude_agent.clock import Clock
from claude_agent.core.claims import WorkerIdentity
from claude_agent.storage.database import Reader, Row, Tx

DRIFT_MS = 2_000
"""So far wall and monotonic time may part before it is a jump."""


class WallClock:
    """Compares wall time with the monotonic time of the host, which goes on over restarts.

    What the pending delays were made for stands in one row: a process that starts finds there
    what it did not see. After a reboot, or on another host, nothing can be compared.
    """

    def __init__(self, clock: Clock, identity: WorkerIdentity) -> None:
        self._clock = clock
        self._identity = identity
        self._known = self.parted()
        self._sure = False

    def parted(self) -> int:
        """Return how many milliseconds wall time is ahead of monotonic time now."""
        return int(self._clock.now() - self._clock.monotonic() * 1000)

    def leave(self) -> None:
        """Another process moves the delays: ask the row again when this one does."""
        self._known, self._sure = self.parted(), False

    def look(self, reader: Reader) -> None:
        """Find out, once, what the delays were made for."""
        if self._sure:
            return
        row = reader.row("clock.last")
        if row is not None and self._mine(row):
            self._known, self._sure = row["parted"], True

    def _mine(self, row: Row) -> bool:
        me = self._identity
        return bool(me.boot_id) and (row["host"], row["boot_id"]) == (me.host, me.boot_id)

    @property
    def sure(self) -> bool:
        """The row says what this process believes: nothing is to be written."""
        return self._sure

    def jump(self) -> int:
        """Return by how many milliseconds wall time jumped; 0: it did not."""
        jump = self.parted() - self._known
        return jump if abs(jump) >= DRIFT_MS else 0

    def keep(self, tx: Tx, jump: int) -> None:
        """Write that the delays are right after this jump, in the transaction that moved them."""
        me = self._identity
        parted = self._known + jump
        tx.execute("clock.put", host=me.host, boot_id=me.boot_id, parted=parted)

    def followed(self, jump: int) -> None:
        """Believe what was written."""
        self._known += jump
        self._sure = True
