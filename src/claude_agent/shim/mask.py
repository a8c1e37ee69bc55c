"""Takes known texts out of what is about to be written, wherever a stream is cut into pieces."""

import posix

from claude_agent.shim import machine

HIDDEN = b"***"
_PIECE = 1 << 16
_KIND, _REGULAR = 0o170000, 0o100000


class Mask:
    """Replaces every occurrence of the needles in a stream by `***`.

    What may be the beginning of a needle is held back until more comes: never more bytes than the
    longest needle has. However the stream is cut, the result is the same.
    """

    def __init__(self, needles: "list[bytes]") -> None:
        self._needles = [needle for needle in needles if needle]
        self.found = False
        self._held = b""
        self._covered = 0  # bytes at the start of what is held whose mask was given out already

    def feed(self, data: bytes) -> bytes:
        """Take more; return what is decided by now."""
        return self._give(self._held + data, final=False)

    def finish(self) -> bytes:
        """The stream has ended: return the rest."""
        return self._give(self._held, final=True)

    def _give(self, data: bytes, *, final: bool) -> bytes:
        if not self._needles:
            return data
        until = len(data) if final else self._undecided(data)
        parts = []
        at = end = self._covered
        for start, stop in self._spans(data):
            if start >= until:
                break
            self.found = True
            if start >= end:  # else it goes on with what is hidden already
                parts += [data[at:start], HIDDEN]
            at = end = max(end, stop)
        parts.append(data[at:until])
        self._covered = max(0, end - until)
        self._held = data[until:]
        return b"".join(parts)

    def _spans(self, data: bytes) -> "list[tuple[int, int]]":
        found = []
        for needle in self._needles:
            at = data.find(needle)
            while at >= 0:
                found.append((at, at + len(needle)))
                at = data.find(needle, at + 1)
        return sorted(found)

    def _undecided(self, data: bytes) -> int:
        """Return where the first needle may begin that is not whole yet."""
        first = len(data)
        for needle in self._needles:
            at = data.find(needle[:1], max(0, len(data) - len(needle) + 1))
            while 0 <= at < first:
                if needle.startswith(data[at:]):
                    first = at
                    break
                at = data.find(needle[:1], at + 1)
        return first


def masked(data: bytes, needles: "list[bytes]") -> bytes:
    """Return `data` without the needles."""
    mask = Mask(needles)
    return mask.feed(data) + mask.finish()


def mask_file(path: str, needles: "list[bytes]") -> None:
    """Write a file again without the needles; what is no regular file is left alone.

    Raises OSError: then the file is gone, for nobody may read it as it was.
    """
    try:
        fd = posix.open(
            path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NOFOLLOW | posix.O_NONBLOCK
        )
    except OSError:
        return
    try:
        if posix.fstat(fd).st_mode & _KIND != _REGULAR or not _copy(fd, path, needles):
            return
        posix.rename(path + ".masked", path)
    except OSError:
        machine.attempt(posix.unlink, path)
        raise
    finally:
        posix.close(fd)
        machine.attempt(posix.unlink, path + ".masked")


def _copy(fd: int, path: str, needles: "list[bytes]") -> bool:
    """Write the masked copy; say whether it differs."""
    mask = Mask(needles)
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_CLOEXEC
    out = posix.open(path + ".masked", flags, 0o600)
    try:
        more = True
        while more:
            piece = posix.read(fd, _PIECE)
            more = bool(piece)
            clean = mask.feed(piece) if more else mask.finish()
            rest = memoryview(clean)
            while rest:
                rest = rest[posix.write(out, rest) :]
        posix.fsync(out)
    finally:
        posix.close(out)
    return mask.found
