"""The control socket `ctl.sock`: one JSON line asks, one JSON line answers."""

import posix
from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, socket

from claude_agent.shim import codec, machine
from claude_agent.shim.loop import READ, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST_BYTES = 1 << 20
CLIENTS = 32


class ControlSocket:
    """Listens in the run folder, which only its owner can enter."""

    def __init__(self, loop: Loop, answer: "Callable[[object], dict[str, object]]") -> None:
        self._loop = loop
        self._answer = answer
        self._clients: dict[int, tuple[socket, bytearray]] = {}
        machine.attempt(posix.unlink, "ctl.sock")
        self._listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
        # Relative, as the shim stands in its folder: a socket's path may have 107 bytes at most.
        self._listener.bind("ctl.sock")
        self._listener.listen(CLIENTS)
        loop.watch(self._listener.fileno(), READ, self._accept)

    def close(self) -> None:
        """Stop listening and let go of every client."""
        machine.attempt(posix.unlink, "ctl.sock")
        self._loop.forget(self._listener.fileno())
        self._listener.close()
        for fd in list(self._clients):
            self._drop(fd)

    def _accept(self) -> None:
        try:
            fd, _address = self._listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - `socket` does the same
        except OSError:  # the client has gone again
            return
        client = socket(AF_UNIX, SOCK_STREAM, 0, fd)
        client.settimeout(0.0)
        if len(self._clients) >= CLIENTS:
            self._drop(next(iter(self._clients)))
        self._clients[fd] = (client, bytearray())
        self._loop.watch(fd, READ, lambda: self._receive(fd))

    def _receive(self, fd: int) -> None:
        client, text = self._clients[fd]
        try:
            part = client.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        text += part
        if not part or len(text) > REQUEST_BYTES:
            self._drop(fd)
            return
        while b"\n" in text:
            line, _newline, rest = bytes(text).partition(b"\n")
            text[:] = rest
            if not self._reply(client, line):
                self._drop(fd)
                return

    def _reply(self, client: socket, line: bytes) -> bool:
        try:
            request = codec.loads(line.decode("utf-8"))
        except ValueError:
            request = None
        answer = codec.dumps(self._answer(request)).encode("ascii") + b"\n"
        try:
            return client.send(answer) == len(answer)
        except OSError:
            return False

    def _drop(self, fd: int) -> None:
        client, _text = self._clients.pop(fd)
        self._loop.forget(fd)
        client.close()
