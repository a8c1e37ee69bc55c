"""The live view: a copy of the output in the tmux pane, which may go away at any time."""

import posix

WAITING_BYTES = 256 << 10
"""A pane that is stopped (Ctrl-S) gets no more than this later; the log has everything."""


class Pane:
    """Writes to standard output without ever waiting for it or failing with it."""

    def __init__(self, fd: int = 1) -> None:
        self._waiting = bytearray()
        self._line_open = False
        self._lost = False
        self._is_terminal = posix.isatty(fd)
        try:
            # An own open file: O_NONBLOCK on the shared one would change it for others too.
            self.fd = posix.open(
                f"/proc/self/fd/{fd}",
                posix.O_WRONLY
                | posix.O_APPEND
                | posix.O_NONBLOCK
                | posix.O_NOCTTY
                | posix.O_CLOEXEC,
            )
        except OSError:
            self.fd = -1
            self._lost = True
            return
        self._lost = posix.fstat(self.fd).st_rdev == posix.stat("/dev/null").st_rdev

    @property
    def wants_write(self) -> bool:
        """True while something waits for the pane to take it."""
        return not self._lost and bool(self._waiting)

    def show(self, data: bytes) -> None:
        """Show these bytes as they are; beyond what a stopped pane may keep they are left out."""
        if not self._lost and len(self._waiting) < WAITING_BYTES:
            self._waiting += data
            self._line_open = not data.endswith(b"\n")
            self.flush()

    def say(self, text: str) -> None:
        """Show one line of the shim's own, on a line by itself, without control characters."""
        clean = "".join(char if char.isprintable() else " " for char in text)
        if self._is_terminal:
            clean = f"\x1b[0;1m{clean}\x1b[0m"
        start = b"\n" if self._line_open else b""
        self.show(start + clean.encode("utf-8", "replace") + b"\n")

    def flush(self) -> None:
        """Write what the pane takes now."""
        try:
            while self.wants_write:
                del self._waiting[: posix.write(self.fd, self._waiting)]
        except BlockingIOError:
            return
        except OSError:  # the terminal is gone; the run is not
            self._lost = True
