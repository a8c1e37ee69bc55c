"""Ends everything that carries a run's id: the proof that a run whose shim is dead has ended.

Tool children leave their process group and even their session; their environment they keep. The
shim does the same at the end of each command (`shim/reap.py`).
"""

import os
import select
import signal
import threading
from pathlib import Path
from time import monotonic

from claude_agent.errors import ClaudeAgentError

QUIET_SCANS = 2
"""One empty scan proves little: a process in the middle of an exec shows no environment."""
GAP_S = 0.01
LIMIT_S = 10.0


class SurvivorsRemain(ClaudeAgentError):
    """Processes of a run could not be ended in time; the run must not be started again."""

    code = "survivors_remain"
    status = 503


def survivors(run_id: str) -> list[int]:
    """Return the processes that carry this run's id, or that of a part of it, but for our own."""
    me = os.getpid()
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - hot
    return [pid for pid in pids if pid != me and _carries(pid, run_id)]


def reap(run_id: str, *, limit_s: float = LIMIT_S) -> list[int]:
    """Kill every process that carries the run's id until two scans in a row find none.

    Returns the pids that were killed. Raises SurvivorsRemain after `limit_s` seconds.
    """
    killed: set[int] = set()
    deadline = monotonic() + limit_s
    pause = threading.Event()
    quiet = 0
    while quiet < QUIET_SCANS:
        found = survivors(run_id)
        for pid in found:
            if _kill(pid, run_id):
                killed.add(pid)
        quiet = 0 if found else quiet + 1
        if found and monotonic() > deadline:
            message = f"Processes of run {run_id} do not end: {', '.join(map(str, found))}."
            raise SurvivorsRemain(message, hint="They wait in the kernel; look at their state.")
        pause.wait(GAP_S)
    return sorted(killed)


def _carries(pid: int, run_id: str) -> bool:
    try:
        environment = b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it ended, or it belongs to somebody else
        return False
    mark = b"\0CLAUDE_AGENT_RUN_ID=" + run_id.encode()
    return mark + b"\0" in environment or mark + b"." in environment


def _kill(pid: int, run_id: str) -> bool:
    """Kill through a handle and only after another look: the number may be reused by now."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if not _carries(pid, run_id):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        gone.poll(GAP_S * 1000)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
