"""The end of everything that carries a run's id in its environment.

Children leave their process group and even their session; their environment they keep. The server
has the same in `agents/reaper.py` for runs whose shim is dead.
"""

import posix

from claude_agent.shim import machine
from claude_agent.shim.signals import SIGKILL, pidfd_send_signal

QUIET_SCANS = 2
FIRST_GAP_S = 0.01
LAST_GAP_S = 1.0


def carries(pid: int, run_id: str) -> bool:
    """Say whether this process carries the run's id, or a part's (`<id>.gates-1`)."""
    try:
        environment = b"\0" + machine.read_bytes(f"/proc/{pid}/environ")
    except OSError:  # it ended, or it belongs to somebody else
        return False
    mark = b"\0CLAUDE_AGENT_RUN_ID=" + run_id.encode("utf-8")
    return mark + b"\0" in environment or mark + b"." in environment


def carriers(run_id: str) -> list[int]:
    """Return the processes that carry the run's id, without this one."""
    me = posix.getpid()
    pids = (int(name) for name in posix.listdir("/proc") if name.isdecimal())
    return [pid for pid in pids if pid != me and carries(pid, run_id)]


def kill_carrier(pid: int, run_id: str) -> None:
    """Kill this process if it still carries the id: its number may be another's by now."""
    try:
        handle = posix.pidfd_open(pid)
    except OSError:
        return
    try:
        if carries(pid, run_id):
            pidfd_send_signal(handle, SIGKILL)
    except OSError:
        pass
    finally:
        posix.close(handle)


class Reaping:
    """Scans and kills until two scans in a row find nothing; a timer of the shim's loop."""

    def __init__(self, run_id: str, now: float) -> None:
        self._run_id = run_id
        self._quiet = 0
        self._gap = FIRST_GAP_S
        self.due: float | None = now

    def tick(self, now: float) -> bool:
        """Scan once if it is time; True when the run has left nothing behind.

        There is no last try: a process that cannot be killed keeps the run open, as it must.
        """
        if self.due is None or now < self.due:
            return self.due is None
        found = carriers(self._run_id)
        for pid in found:
            kill_carrier(pid, self._run_id)
        self._quiet = 0 if found else self._quiet + 1
        if self._quiet >= QUIET_SCANS:
            self.due = None
            return True
        self.due = now + self._gap
        if found:
            self._gap = min(self._gap * 2, LAST_GAP_S)
        return False
