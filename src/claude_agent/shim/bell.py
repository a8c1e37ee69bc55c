"""The doorbell: a datagram that says "look into this run"; losing one costs nothing but time."""

from claude_agent.shim import machine
from claude_agent.shim.machine import monotonic

GAP_S = 0.05
"""Ordinary lines ring at most this often."""


class Bell:
    """Rings the server's datagram socket; never waits and never fails."""

    def __init__(self, path: str | None, word: str) -> None:
        self._path = path
        self._word = word.encode("utf-8")
        self._last = -GAP_S
        self.due: float | None = None
        if path is not None:
            from _socket import (  # noqa: PLC0415 - not needed without a bell
                AF_UNIX,
                SOCK_CLOEXEC,
                SOCK_DGRAM,
                SOCK_NONBLOCK,
                socket,
            )

            self._socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

    def ring(self) -> None:
        """Ring at once."""
        self.due = None
        self._last = monotonic()
        if self._path is None:
            return
        # Nobody may listen, or its queue may be full: readers also look by themselves.
        machine.attempt(self._socket.sendto, self._word, self._path)

    def ring_soon(self) -> None:
        """Ring now if the last time is long enough ago, else when it is."""
        if self.due is None:
            self.due = self._last + GAP_S
        self.tick(monotonic())

    def tick(self, now: float) -> None:
        """Ring if a gathered ring has come due."""
        if self.due is not None and now >= self.due:
            self.ring()
