"""A server in miniature for the keeper's tests; it behaves as its first argument says.

`serve` answers connections and beats · `mute` beats for the dispatcher alone · `stop:<code>` plans
its end · `refuse:<code>` · `die:<code>` ends at once · `conflict` ends with 6 · `stubborn` ignores
SIGTERM · `vain` works for a while and ends without ever serving · `once:<how>:<file>` behaves as
<how> the first time and serves afterwards.
"""

import contextlib
import os
import select
import signal
import socket
import sys
from pathlib import Path
from time import monotonic

BEAT = 0.05


def serve(
    listener: socket.socket, pipe: socket.socket, *, who: tuple[bytes, ...], obey: bool
) -> int:
    """Answer each connection with our pid until SIGTERM or the keeper's end."""
    ended: list[int] = []
    wake_reader, wake_writer = socket.socketpair()
    wake_writer.settimeout(0)
    signal.set_wakeup_fd(wake_writer.fileno())
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1) if obey else None)
    pipe.sendall(b"ready\n")
    next_beat = monotonic()
    while not ended:
        readable, _, _ = select.select([listener, pipe, wake_reader], [], [], BEAT)
        if pipe in readable and pipe.recv(100) == b"":
            return 0
        if listener in readable:
            with contextlib.closing(listener.accept()[0]) as client:
                client.sendall(f"{os.getpid()}".encode())
        if monotonic() >= next_beat:
            next_beat = monotonic() + BEAT
            pipe.sendall(b"".join(name + b"\n" for name in who))
    return 0


def main() -> int:
    how, *rest = sys.argv[1:]
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    listener = socket.socket(fileno=int(options["--fd"]))
    pipe = socket.socket(fileno=int(options["--pipe"]))
    if how.startswith("once:"):
        _, how, mark = how.split(":", 2)
        if Path(mark).exists():
            how = "serve"
        Path(mark).touch()
    kind, _, code = how.partition(":")
    if kind == "stop":
        pipe.sendall(b"ready\nstop\n")
    if kind == "refuse":
        pipe.sendall(b"refused\n")
    if kind in {"stop", "refuse", "die"}:
        return int(code or 3)
    if kind == "conflict":
        return 6
    if kind == "vain":
        select.select([], [], [], 0.2)
        return 1
    who = (b"disp",) if kind == "mute" else (b"loop", b"disp")
    return serve(listener, pipe, who=who, obey=kind != "stubborn")


sys.exit(main())
