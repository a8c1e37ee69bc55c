"""What the shim asks the machine: the time, small files, who a process is, two kernel favours."""

import posix
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

monotonic = time.monotonic


def now() -> int:
    """Return the wall time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def read_bytes(path: str, limit: int = 1 << 26) -> bytes:
    """Return a whole file of at most `limit` bytes. Raises OSError."""
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        parts = []
        while limit > 0 and (part := posix.read(fd, min(limit, 1 << 16))):
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)
    finally:
        posix.close(fd)


def write_whole(path: str, data: bytes, *, mode: int = 0o600) -> None:
    """Make or replace `path` with `data`, on disk when this returns. Raises OSError."""
    fd = posix.open(path, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_CLOEXEC, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[posix.write(fd, rest) :]
        posix.fsync(fd)
    finally:
        posix.close(fd)


def sync_folder() -> None:
    """Make the names in the current folder durable."""
    fd = posix.open(".", posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        posix.fsync(fd)
    finally:
        posix.close(fd)


def attempt(act: "Callable[..., object]", *words: object) -> bool:
    """Do something that may fail without harm; say whether it was done."""
    try:
        act(*words)
    except OSError:
        return False
    return True


def start_time(pid: int) -> int:
    """Return when the kernel started this process (field 22 of its stat), in clock ticks."""
    stat = read_bytes(f"/proc/{pid}/stat")
    # The name (field 2) may hold spaces and brackets: count from its last bracket.
    return int(stat[stat.rindex(b")") + 2 :].split()[19])


def parent_of(pid: int) -> int:
    """Return the parent of a process (field 4 of its stat). Raises OSError."""
    stat = read_bytes(f"/proc/{pid}/stat")
    return int(stat[stat.rindex(b")") + 2 :].split()[1])


def boot_id() -> str:
    """Return the id of this boot of the machine."""
    return read_bytes("/proc/sys/kernel/random/boot_id").decode("ascii").strip()


def find_prctl() -> "Callable[[int, int], bool]":
    """Return a function that asks the kernel for a favour and says whether it was granted.

    `ctypes` costs over 5 ms to import; its C part below 1 ms, and that is all this needs.
    """
    try:
        from _ctypes import call_function, dlopen, dlsym  # noqa: PLC0415 - missing in some

        address = dlsym(dlopen(None, 0), "prctl")  # type: ignore[arg-type]
    except (ImportError, OSError):
        return lambda _option, _value: False
    return lambda option, value: call_function(address, (option, value, 0, 0, 0)) == 0
