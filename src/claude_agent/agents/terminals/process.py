"""The terminal without a screen: each program in a session of its own, its output dropped.

For gates, and for machines and tests without tmux. It promises what tmux does: programs
outlive `shutdown`, and `kill_all` hangs up on them (SIGHUP), which a shim ignores.
"""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from typing_extensions import override

from claude_agent.agents.terminal import (
    Session,
    Terminal,
    Window,
    clean_environment,
    sanitise,
    session_name,
    startable,
)
from claude_agent.errors import Invalid, Unavailable

_KEPT_NOTICES = 100


class ProcessTerminal(Terminal):
    """Starts detached programs; there are no panes, so `open` returns ""."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._notices: dict[str, deque[str]] = {}
        self._running: dict[int, tuple[str, subprocess.Popen[bytes]]] = {}

    @override
    def ensure(self, agents: Sequence[str]) -> None:
        for agent in agents:
            session_name(agent)
        with self._lock:
            if self._closed:
                msg = "The terminal is closed."
                raise Unavailable(msg)
            for agent in agents:
                self._notices.setdefault(agent, deque(maxlen=_KEPT_NOTICES))

    @override
    def open(self, window: Window) -> str:
        window = startable(window)
        self.ensure([window.agent])
        try:
            process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
                window.argv,
                cwd=window.cwd,
                env=clean_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as refused:
            msg = f"{window.argv[0]!r} cannot be started: {refused.strerror}."
            raise Invalid(msg) from refused
        with self._lock:
            self._running[process.pid] = (window.agent, process)
        # A thread each: an ended program that nobody waits for looks alive in /proc.
        threading.Thread(target=self._wait, args=(process,), name="process", daemon=True).start()
        return ""

    @override
    def notice(self, agent: str, text: str) -> None:
        session_name(agent)
        with self._lock:
            kept = self._notices.setdefault(agent, deque(maxlen=_KEPT_NOTICES))
            kept.append(sanitise(text))

    @override
    def close(self, pane: str) -> None:
        """Do nothing: there are no panes."""

    @override
    def sessions(self) -> list[Session]:
        with self._lock:
            owners = [agent for agent, _ in self._running.values()]
            return [
                Session(
                    agent=agent,
                    name=session_name(agent),
                    windows=1 + owners.count(agent),
                    attached=0,
                )
                for agent in sorted(self._notices)
            ]

    @override
    def alive(self) -> bool:
        return not self._closed

    @override
    def attach_argv(self, agent: str, window: str = "") -> list[str]:
        detail = f"Agent {session_name(agent).removeprefix('claude-')} has no screen to attach to."
        raise Unavailable(detail, hint="Its output is in the task's log.")

    @override
    def capture(self, agent_or_pane: str, lines: int) -> str:
        with self._lock:
            kept = self._notices.get(agent_or_pane, deque())
            return "\n".join(islice(kept, max(0, len(kept) - max(lines, 1)), None))

    @override
    def on_lost(self, callback: Callable[[], None]) -> None:
        """Remember nothing: there is no server that could be lost."""

    @override
    def shutdown(self) -> None:
        self._closed = True  # the programs are already on their own

    @override
    def kill_all(self) -> None:
        with self._lock:
            # Nobody in the table has been waited for, so no number can mean another program.
            for pid in self._running:
                os.killpg(pid, signal.SIGHUP)
            self._notices.clear()
            self._closed = True

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            del self._running[process.pid]
            process.wait()
