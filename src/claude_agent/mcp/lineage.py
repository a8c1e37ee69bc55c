"""Whether this process was started, however far away, by an agent at work."""

import os
from pathlib import Path

_MARK = b"CLAUDE_AGENT_RUN_ID="
_FURTHEST = 64


def run_above(pid: int | None = None) -> str:
    """Return the id of the run in which a process (this one) works; "" for none.

    Its own environment and those of its ancestors are read: programs of agents start their MCP
    servers with an environment that has lost most names.
    """
    at = os.getpid() if pid is None else pid
    for _ in range(_FURTHEST):
        if at <= 1:
            return ""
        found, at = _look(at)
        if found:
            return found
    return ""


def _look(pid: int) -> tuple[str, int]:
    """Return the run that a process carries, and its parent."""
    folder = Path(f"/proc/{pid}")
    try:
        stat = (folder / "stat").read_text("utf-8", "replace")
        parent = int(stat[stat.rindex(")") + 2 :].split()[1])
        names = (folder / "environ").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return "", 0
    mine = next((name for name in names if name.startswith(_MARK)), _MARK)
    return mine.removeprefix(_MARK).decode("utf-8", "replace"), parent
