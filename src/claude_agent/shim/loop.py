"""The shim's only wait: files that are ready, and the next timer that is due."""

import posix
from select import POLLERR, POLLHUP, POLLIN, POLLOUT, poll

from claude_agent.shim.machine import monotonic
from claude_agent.shim.signals import (
    SIG_IGN,
    SIGCHLD,
    SIGHUP,
    SIGINT,
    SIGQUIT,
    SIGTERM,
    SIGTSTP,
    SIGTTIN,
    SIGTTOU,
    set_wakeup_fd,
    signal,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READ = POLLIN | POLLHUP | POLLERR
WRITE = POLLOUT
LONGEST_S = 5.0


class Loop:
    """Calls back for files and signals; the caller does its timers between two rounds."""

    def __init__(self) -> None:
        self._poll = poll()
        self._callbacks: dict[int, Callable[[], object]] = {}
        self.on_signal: Callable[[int], None] = lambda _number: None

    def watch(self, fd: int, events: int, callback: "Callable[[], object]") -> None:
        """Call back while `fd` is ready for `events`."""
        self._callbacks[fd] = callback
        self._poll.register(fd, events)

    def forget(self, fd: int) -> None:
        """Stop watching `fd`, if it was watched."""
        if self._callbacks.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def once(self, due: "list[float | None]") -> None:
        """Wait until something is ready or the first of the times is reached; call back."""
        wait = LONGEST_S
        at = monotonic()
        for each in due:
            if each is not None:
                wait = min(wait, each - at)
        # Rounded up: a wait that ends a little early would turn the loop in vain.
        for fd, _events in self._poll.poll(max(0, int(wait * 1000 + 0.999))):
            callback = self._callbacks.get(fd)
            if callback is not None:
                callback()

    def take_signals(self) -> None:
        """Hand the signals that mean something to `on_signal`, in the loop's own time.

        A lost terminal, Ctrl-Z and Ctrl-\\ in the pane mean nothing: the run goes on.
        """
        for number in (SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU):
            signal(number, SIG_IGN)
        arrived, wake = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
        set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (SIGCHLD, SIGINT, SIGTERM):
            signal(number, lambda _number, _frame: None)
        self.watch(arrived, READ, lambda: self._deliver(arrived))

    def _deliver(self, arrived: int) -> None:
        for number in set(posix.read(arrived, 512)):
            self.on_signal(number)
