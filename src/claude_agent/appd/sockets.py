"""The public listening socket, and unix sockets in folders of any length."""

import array
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from claude_agent.appd.errors import AppError

HOST = "127.0.0.1"
BACKLOG = 128
CONTROL = "appd.sock"
_SO_ATTACH_REUSEPORT_CBPF = 51  # asm-generic/socket.h; Python has no name for it
_RETURN = 0x06 if sys.byteorder == "little" else 0x06 << 48  # BPF_RET | BPF_K
_LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp


def bind(port: int, *, beside_orphan: bool) -> socket.socket:
    """Bind the public port (0: a free one); the caller says when to listen.

    Alone, the port is taken exclusively. Beside a release that lost its appd it is shared
    (SO_REUSEPORT), so that the new process is there before the orphan goes.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if beside_orphan:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((HOST, port))
        # Set after binding: nobody can slip in beside us now, our own successor can later.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.settimeout(0)
    except (OSError, OverflowError) as error:
        listener.close()
        message = f"port {port} cannot be used: {getattr(error, 'strerror', None) or error}"
        hint = "End what listens there, or deploy with another port."
        raise AppError(message, hint=hint) from error
    return listener


def take_new_connections(listener: socket.socket) -> None:
    """Send every new connection of a shared port to `listener`, which began to listen last.

    What already waits at an orphan's socket would be reset when that closes; so it must be able
    to empty it first. The kernel picks a listener of the port by the number that a small program
    returns (SO_ATTACH_REUSEPORT_CBPF, socket(7)); here always the last one.
    """
    program = array.array("Q", [_RETURN | (_listeners(listener.getsockname()[1]) - 1) << 32])
    told = struct.pack("HP", len(program), program.buffer_info()[0])
    # A kernel that cannot do this shares the connections out: nothing is refused all the same.
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, told)


def _listeners(port: int) -> int:
    """Return how many sockets listen on a port of HOST."""
    local = f"{int.from_bytes(socket.inet_aton(HOST), sys.byteorder):08X}:{port:04X}"
    with Path("/proc/net/tcp").open(encoding="ascii") as table:
        rows = (line.split() for line in table)
        return sum(1 for row in rows if row[1] == local and row[3] == _LISTEN)


@contextmanager
def control_address(folder: Path) -> Iterator[str]:
    """Give a short address of the folder's control socket, valid inside the block.

    A unix socket address holds about 100 bytes; a folder's path may be longer.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{CONTROL}"
    finally:
        os.close(handle)


def bind_control(folder: Path) -> socket.socket:
    """Bind and listen on the control socket, replacing one left behind (the lock is held)."""
    (folder / CONTROL).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with control_address(folder) as address:
        listener.bind(address)
    (folder / CONTROL).chmod(0o600)
    listener.listen(BACKLOG)
    return listener
