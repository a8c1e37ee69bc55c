"""What the command printed, as bytes: `output.log`, and `output.log.1` after it was rotated."""

import posix

from claude_agent.shim import machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class OutputLog:
    """Keeps the newest output on disk, never more than the limit, whatever is printed."""

    def __init__(self, limit: int, lost: "Callable[[int], None]") -> None:
        self._half = max(1, limit // 2)
        self._lost = lost
        self._fd = -1
        self._size = 0
        self.total = 0

    def write(self, data: bytes) -> None:
        """Append; what a full disk does not take is counted as lost, and nothing waits for it."""
        self.total += len(data)
        rest = memoryview(data)
        try:
            while rest:
                if self._fd < 0 or self._size >= self._half:
                    self._turn_page()
                done = posix.write(self._fd, rest[: self._half - self._size])
                self._size += done
                rest = rest[done:]
        except OSError:
            self._lost(len(rest))

    def sync(self) -> None:
        """Bring the log to the disk: it is evidence. A full disk keeps what it has."""
        if self._fd >= 0:
            machine.attempt(posix.fdatasync, self._fd)

    def _turn_page(self) -> None:
        if self._fd >= 0:
            posix.rename("output.log", "output.log.1")
            posix.close(self._fd)
            self._fd = -1
            self._size = 0
        self._fd = posix.open(
            "output.log",
            posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_CLOEXEC,
            0o600,
        )
