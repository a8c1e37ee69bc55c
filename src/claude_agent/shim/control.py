"""The control socket `ctl.sock`: one JSON line asks, one JSON line answers, at once or later."""

import posix
from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET, socket
from sys import byteorder

from claude_agent.shim import codec, machine
from claude_agent.shim.loop import READ, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST_BYTES = 1 << 20
CLIENTS = 32
"""That many may look on; those that wait for a decision are not counted."""
PEER = 17
"""SO_PEERCRED: who stands at the other end, by the kernel's word."""


class Client:
    """One connection, for whoever answers it."""

    def __init__(self, channel: "ControlSocket", connection: socket) -> None:
        self._channel = channel
        self.connection = connection
        self.text = bytearray()
        self.gone: Callable[[], object] | None = None
        """What to do when it leaves before its answer; set while it waits."""

    def peer(self) -> int:
        """Return the process at the other end."""
        raw = self.connection.getsockopt(SOL_SOCKET, PEER, 12)
        return int.from_bytes(raw[:4], byteorder)

    def reply(self, answer: "dict[str, object]") -> None:
        """Answer, unless the client has gone meanwhile."""
        self.gone = None
        self._channel.send(self, answer)


class ControlSocket:
    """Listens in the run folder, which only its owner can enter."""

    def __init__(
        self, loop: Loop, answer: "Callable[[object, Client], dict[str, object] | None]"
    ) -> None:
        self._loop = loop
        self._answer = answer
        self._clients: dict[int, Client] = {}
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

    def send(self, client: Client, answer: "dict[str, object]") -> None:
        """Answer a client; one that does not take it whole is let go."""
        fd = client.connection.fileno()
        if self._clients.get(fd) is not client:
            return
        text = codec.dumps(answer).encode("ascii") + b"\n"
        try:
            taken = client.connection.send(text) == len(text)
        except OSError:
            taken = False
        if not taken:
            self._drop(fd)

    def _accept(self) -> None:
        try:
            fd, _address = self._listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - `socket` does the same
        except OSError:  # the client has gone again
            return
        connection = socket(AF_UNIX, SOCK_STREAM, 0, fd)
        connection.settimeout(0.0)
        idle = [each for each in self._clients if self._clients[each].gone is None]
        if len(idle) >= CLIENTS:
            self._drop(idle[0])
        self._clients[fd] = Client(self, connection)
        self._loop.watch(fd, READ, lambda: self._receive(fd))

    def _receive(self, fd: int) -> None:
        client = self._clients[fd]
        try:
            part = client.connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        client.text += part
        if not part or len(client.text) > REQUEST_BYTES:
            self._drop(fd)
            return
        while b"\n" in client.text and self._clients.get(fd) is client:
            line, _newline, rest = bytes(client.text).partition(b"\n")
            client.text[:] = rest
            try:
                request = codec.loads(line.decode("utf-8"))
            except ValueError:
                request = None
            answer = self._answer(request, client)
            if answer is not None:
                self.send(client, answer)

    def _drop(self, fd: int) -> None:
        client = self._clients.pop(fd)
        self._loop.forget(fd)
        client.connection.close()
        if client.gone is not None:
            client.gone()
