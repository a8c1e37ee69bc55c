"""A doorbell between the processes that share one SQLite file: unix datagrams in one folder.

Each process that waits binds a socket there; a ring is one datagram to every socket. Names are
reached through the folder's descriptor, because a socket path may not exceed 108 bytes.
"""

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Collection
from pathlib import Path

from typing_extensions import override

from claude_agent.clock import SystemClock
from claude_agent.storage.notifier import Notifier

LOCAL_PREFIX = "here/"
"""Topics that concern this process alone and are never sent."""
_SUFFIX = ".bell"
_STOP = b""
_COARSE_S = 0.05
_STREAM_S, _STREAM, _REST_S = 0.001, 8, 0.001
"""After so many rings, each sooner than this after the one before, listen only so often."""
_FULL = 8
"""A socket holds so many datagrams, or more (Linux: 10 or 11 unless told otherwise)."""


class DatagramNotifier(Notifier):
    """Rings this process through `local` and the others by datagrams."""

    def __init__(self, folder: Path, local: Notifier) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._local = local
        self._clock = SystemClock()
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        self._out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._out.settimeout(0)
        self._in: socket.socket | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._names: tuple[str, ...] = ()
        self._changed = 0
        self._changed_at = 0.0
        self._read_at = 0.0
        self._awaited: frozenset[str] = frozenset()

    @override
    def ring(self, topic: str) -> None:
        self._local.ring(topic)
        if topic.startswith(LOCAL_PREFIX):
            return
        with contextlib.suppress(OSError):  # closed meanwhile: there is nobody to be rung for
            for name in self._others():
                self._send(name, topic)

    def _others(self) -> tuple[str, ...]:
        # A folder's time changes with its names; reading it each time is a tenth of an enqueue.
        # Its time is coarse: a name made just after we read is seen by reading once more.
        changed = os.fstat(self._folder).st_mtime_ns
        now = self._clock.monotonic()
        if changed != self._changed or self._read_at < self._changed_at + _COARSE_S < now:
            if changed != self._changed:
                self._changed, self._changed_at = changed, now
            names = os.listdir(self._folder)  # noqa: PTH208 - by descriptor
            self._names = tuple(n for n in names if n.endswith(_SUFFIX) and n != self._name)
            self._read_at = now
        return self._names

    def _send(self, name: str, topic: str) -> None:
        try:
            self._out.sendto(topic.encode(), self._address(name))
        except ConnectionRefusedError:  # its process was killed: the name is nobody's
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self._folder)
        except OSError:
            return  # gone, or its buffer is full: then it is being woken anyway

    @override
    def wait(self, topics: Collection[str], timeout: float) -> bool:
        self._listen()
        if not self._awaited.issuperset(topics):
            self._awaited |= {one for one in topics if not one.startswith(LOCAL_PREFIX)}
        return self._local.wait(topics, timeout)

    @override
    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if self._in is not None:
            with contextlib.suppress(OSError):
                # Not by a datagram: there may be no room for it.
                self._in.shutdown(socket.SHUT_RD)
                os.unlink(self._name, dir_fd=self._folder)
        self._local.close()
        self._out.close()
        os.close(self._folder)

    def _listen(self) -> None:
        with self._lock:
            if self._in or self._closed:
                return
            bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            bell.bind(self._address(self._name))
            self._in = bell
        threading.Thread(target=self._hear, args=(bell,), name="doorbell", daemon=True).start()

    def _hear(self, bell: socket.socket) -> None:
        # A stream of rings would wake this thread for each: a tenth of what a message costs. The
        # first ones ring at once; those in a row are gathered, each topic once.
        rest, row, heard_at = threading.Event(), 0, 0.0
        with bell:
            while data := bell.recv(256):
                rung = [data]
                row = row + 1 if self._clock.monotonic() - heard_at < _STREAM_S else 0
                if row > _STREAM:
                    rest.wait(_REST_S)
                rung += _waiting(bell)
                heard_at = self._clock.monotonic()
                self._ring_here(rung)
                if rung[-1] == _STOP:
                    return

    def _ring_here(self, rung: list[bytes]) -> None:
        topics = {one.decode(errors="replace") for one in rung if one != _STOP}
        if len(rung) >= _FULL:  # another topic may have found no room
            topics |= self._awaited
        for topic in topics:
            self._local.ring(topic)

    def _address(self, name: str) -> str:
        return f"/proc/self/fd/{self._folder}/{name}"


def _waiting(bell: socket.socket) -> list[bytes]:
    rung: list[bytes] = []
    with contextlib.suppress(BlockingIOError):
        while not rung or rung[-1] != _STOP:
            rung.append(bell.recv(256, socket.MSG_DONTWAIT))
    return rung
