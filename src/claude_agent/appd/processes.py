"""Which process is meant: a pid alone may be another one tomorrow."""

import os
import select
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_STATE, _START_TIME = 0, 19  # counted from field 3 of /proc/PID/stat


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process for all time: pid, start time (clock ticks since boot) and boot."""

    pid: int
    start_time: int
    boot_id: str

    def to_data(self) -> dict[str, object]:
        """Return it as JSON data."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> "Identity":
        """Read what to_data wrote."""
        return cls(
            pid=int(str(data["pid"])),
            start_time=int(str(data["start_time"])),
            boot_id=str(data["boot_id"]),
        )

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        fields = _stat(self.pid)
        return (
            bool(fields)
            and fields[_STATE] not in {"Z", "X"}
            and int(fields[_START_TIME]) == self.start_time
            and boot_id() == self.boot_id
        )


def boot_id() -> str:
    """Return the id of this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def identify(pid: int) -> Identity:
    """Return the identity of a process that runs now, or has ended and was not yet waited for."""
    fields = _stat(pid)
    return Identity(
        pid=pid, start_time=int(fields[_START_TIME]) if fields else 0, boot_id=boot_id()
    )


def end(process: Identity, *, grace_s: float) -> bool:
    """Ask the process to end, and kill it after `grace_s`; return whether it had to be killed."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        # Compared after the handle was taken: from here on the pid cannot change its meaning.
        if not process.alive():
            return False
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if _ended(handle, grace_s):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        _ended(handle, grace_s)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def _ended(handle: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
