"""One life of the server process as the keeper sees it, and how long the keeper waits for what.

Standard library only: part of the keeper's small process.
"""

import socket
from time import monotonic


class Limits:
    """How long the keeper waits for what, in seconds; tests shorten them."""

    beat = 10.0
    """Silence of the event loop or the dispatcher after which the server counts as hung."""
    start = 60.0
    """Silence allowed before the server says `ready`."""
    grace = 15.0
    """Between SIGTERM and SIGKILL when a person ends the keeper."""
    stop = 45.0
    """Between the server's own `stop` and SIGKILL (stopping agents takes up to 25 s)."""
    quick = 2.0
    """A life shorter than this counts as a quick death, as does one that never served."""
    quick_deaths = 5
    """Quick deaths in a row after which the keeper gives up."""
    backoff = 5.0
    """The longest wait before a restart."""
    pause = 5.0
    """A gap in the keeper's own looks (laptop asleep) after which counting begins again."""
    handover = 5.0
    """How long `up` waits for an orphaned server of this home to end."""


class Child:
    """One life of the server process."""

    def __init__(self, pid: int, pipe: socket.socket) -> None:
        self.pid = pid
        self.pipe = pipe
        self.open = True
        self.born = monotonic()
        self.ready = False
        self.stopping = False
        self.refused = False
        self.kill_at: float | None = None
        self.heard = {b"loop": self.born, b"disp": self.born}
        self._rest = b""

    def lines(self) -> list[bytes]:
        """Return the whole lines that have arrived; never waits."""
        lines: list[bytes] = []
        while self.open:
            try:
                data = self.pipe.recv(65536)
            except BlockingIOError:
                break
            except ConnectionResetError:
                data = b""
            self.open = data != b""
            *whole, self._rest = (self._rest + data).split(b"\n")
            lines += whole
        return lines

    def hear(self, now: float) -> None:
        """Count both beats as heard at `now`."""
        for who in self.heard:
            self.heard[who] = now

    def silent(self, now: float, limits: Limits) -> str | None:
        """Return who has been silent for too long, or None."""
        allowed = limits.beat if self.ready else limits.start
        names = {b"loop": "event loop", b"disp": "dispatcher"}
        late = [names[who] for who, at in self.heard.items() if now - at > allowed]
        return " and ".join(late) or None
