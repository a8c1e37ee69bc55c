"""The standard input of a command that is spoken with: written without ever waiting for it."""

import posix

from claude_agent.shim.loop import WRITE, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FULL_BYTES = 1 << 20
"""With so much unread the command is not listened to until it has read some of it."""


class Inlet:
    """Our end of the pipe; `theirs` is the end for the command."""

    def __init__(self, loop: Loop, drained: "Callable[[], object]") -> None:
        self.theirs, self._fd = posix.pipe2(posix.O_CLOEXEC)
        posix.set_blocking(self._fd, False)
        self._loop = loop
        self._drained = drained
        self._waiting = bytearray()
        self._watched = False
        self._closing = False

    @property
    def full(self) -> bool:
        """The command does not read what it is told."""
        return len(self._waiting) > FULL_BYTES

    def write(self, data: bytes) -> None:
        """Hand over, now or as soon as the command reads; nothing after `close`."""
        if self._fd >= 0 and not self._closing:
            self._waiting += data
            self._flush()

    def close(self) -> None:
        """Close it once the command has what was written before."""
        self._closing = True
        if self._fd >= 0 and not self._waiting:
            self.cut()

    def cut(self) -> None:
        """Close it now."""
        if self._fd >= 0:
            self._loop.forget(self._fd)
            posix.close(self._fd)
            self._fd = -1
            self._waiting.clear()

    def _flush(self) -> None:
        was_full = self.full
        try:
            while self._waiting:
                del self._waiting[: posix.write(self._fd, self._waiting)]
        except BlockingIOError:
            pass
        except OSError:  # it reads no more
            self.cut()
            return
        wanted = bool(self._waiting)
        if wanted and not self._watched:
            self._loop.watch(self._fd, WRITE, self._flush)
        elif self._watched and not wanted:
            self._loop.forget(self._fd)
        self._watched = wanted
        if self._closing and not wanted:
            self.cut()
        if was_full and not self.full:
            self._drained()
