"""The keeper's loop: start the server, watch its beats, start it again.

Standard library only, and little of it: part of the keeper's small process.

Server and keeper share a socket pair (`--pipe N`). The server writes one line per message:
`ready` once it serves; then `loop` (event loop) and `disp` (dispatcher) every 2 s; `stop` before a
planned end; `refused` when starting again would not help (it has said why on stderr). When the
keeper dies the server reads end of file there, hands over and exits.
"""

import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from time import monotonic, strftime

from claude_agent.keeper_child import Child, Limits

OK, FAILED, CONFLICT = 0, 1, 6
WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Keeper:
    """Starts the server, watches it, starts it again; `run` returns the exit code of `up`."""

    def __init__(
        self,
        listener: socket.socket,
        command: Sequence[str],
        *,
        limits: Limits | None = None,
        say: Callable[[str], None] | None = None,
        on_ready: Callable[[int], None] | None = None,
    ) -> None:
        """Take an open listener, the server's command line, and whom to tell (`on_ready(pid)`)."""
        self._listener = listener
        self._command = list(command)
        self._limits = limits or Limits()
        self._say = say or say_on_stderr
        self._on_ready = on_ready or (lambda _pid: None)
        self._wake, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._ends = 0
        self.gave_up = False
        self._quick = 0
        self._looked = monotonic()

    def run(self) -> int:
        """Keep the server alive until a planned end, a person's signal or repeated quick death."""
        for number in WATCHED:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        while True:
            child = self._spawn()
            code = self._watch(child)
            child.pipe.close()
            if child.stopping:
                return code if code >= 0 else FAILED
            if child.refused or (code == CONFLICT and not child.ready):
                return code if code > 0 else FAILED
            if not self._may_restart(child, code):
                return FAILED if self.gave_up else OK

    def _spawn(self) -> Child:
        mine, theirs = socket.socketpair()
        mine.settimeout(0)
        theirs.set_inheritable(True)
        self._listener.set_inheritable(True)
        argv = [*self._command, "--fd", str(self._listener.fileno())]
        argv += ["--pipe", str(theirs.fileno())]
        # Its own process group: Ctrl-C reaches the keeper alone, which then stops it in order.
        pid = os.posix_spawn(
            argv[0], argv, os.environ, setpgroup=0, setsigdef=(*WATCHED, signal.SIGPIPE)
        )
        theirs.close()
        return Child(pid, mine)

    def _watch(self, child: Child) -> int:
        """Follow one life to its end; return its exit code, negative for a signal."""
        while True:
            self._look(child)
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._take(child, monotonic())
                return os.waitstatus_to_exitcode(status)
            now = self._looked  # not a new reading: we may have slept since the look
            if child.kill_at is None and (who := child.silent(now, self._limits)):
                self._say(f"server pid {child.pid} is hung ({who} silent): killed")
                child.kill_at = now
            if child.kill_at is not None and now >= child.kill_at:
                os.kill(child.pid, signal.SIGKILL)
                child.kill_at = now + self._limits.grace

    def _look(self, child: Child) -> None:
        """Wait up to half a second for news; take lines and signals."""
        awaited = [self._wake, child.pipe.fileno()] if child.open else [self._wake]
        select.select(awaited, [], [], 0.5)
        now = monotonic()
        if now - self._looked > self._limits.pause:
            child.hear(now)  # we were asleep ourselves, so the server's silence proves nothing
        self._looked = now
        self._take(child, now)
        if self._end_signals():
            child.stopping = True
            patience = self._limits.grace if self._ends == 1 else 0.0
            child.kill_at = now + patience
            os.kill(child.pid, signal.SIGTERM)

    def _take(self, child: Child, now: float) -> None:
        for line in child.lines():
            if line in child.heard:
                child.heard[line] = now
            elif line == b"ready" and not child.ready:
                child.ready = True
                child.hear(now)
                self._on_ready(child.pid)
            elif line == b"stop" and not child.stopping:
                child.stopping = True
                child.kill_at = now + self._limits.stop
            elif line == b"refused":
                child.refused = True

    def _end_signals(self) -> int:
        """Return how many of SIGTERM, SIGINT and SIGHUP came since the last call."""
        try:
            numbers = os.read(self._wake, 4096)
        except BlockingIOError:
            return 0
        new = sum(number != signal.SIGCHLD for number in numbers)
        self._ends += new
        return new

    def _may_restart(self, child: Child, code: int) -> bool:
        """Say how it died and wait if it dies again and again; False: give up or end."""
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        lived = monotonic() - child.born
        vain = lived < self._limits.quick or not child.ready
        self._quick = self._quick + 1 if vain else 0
        if self._quick >= self._limits.quick_deaths:
            self._say(f"server pid {child.pid} {how}, {self._quick} times in a row: giving up")
            self.gave_up = True
            return False
        self._say(f"server pid {child.pid} {how} after {lived:.1f} s: starting again")
        wait = min(self._limits.backoff, 0.5 * 2 ** (self._quick - 2)) if self._quick > 1 else 0.0
        until = monotonic() + wait
        while not self._end_signals() and (left := until - monotonic()) > 0:
            select.select([self._wake], [], [], left)
        return not self._ends


def say_on_stderr(text: str) -> None:
    """Write one line for people, with the time when it goes into a file."""
    stamp = "" if sys.stderr.isatty() else strftime("%Y-%m-%dT%H:%M:%S%z ")
    sys.stderr.write(f"{stamp}keeper: {text}\n")
    sys.stderr.flush()
