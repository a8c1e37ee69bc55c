"""`python -m claude_agent.appd.serving HOME NAME [PORT]`: the process of one application.

Started by `client.ensure` alone. Says one line on the descriptor named by APPD_READY (`ok`,
`busy` where another one lives, or `error: ...`), then lives on until it is told to stop.
"""

import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
from dataclasses import replace
from pathlib import Path

from claude_agent.appd import sockets, state
from claude_agent.appd.errors import AppError
from claude_agent.appd.history import History
from claude_agent.appd.paths import AppPaths
from claude_agent.appd.state import Deployment
from claude_agent.appd.supervisor import HEALTHY_S, Caller, Supervisor

REQUEST_LIMIT = 64 * 1024
READ_TIMEOUT_S = 5.0


class Control:
    """Answers on the control socket: one JSON line in, progress lines and one answer out."""

    def __init__(self, supervisor: Supervisor, listener: socket.socket) -> None:
        self._supervisor = supervisor
        self._listener = listener
        self._bell, self._ring = os.pipe()
        self._closing = threading.Event()

    def close(self, *_: object) -> None:
        """Make serve() return; safe in a signal handler."""
        self._closing.set()
        os.write(self._ring, b".")

    def serve(self) -> None:
        """Answer until close()."""
        while not self._closing.is_set():
            ready, _, _ = select.select([self._listener.fileno(), self._bell], [], [])
            if self._listener.fileno() in ready:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                answer = self._do(connection)
            except AppError as error:
                answer = {"ok": False, "error": error.message, "hint": error.hint,
                          "kind": type(error).__name__}  # fmt: skip
            except (OSError, ValueError, KeyError, TypeError) as error:
                answer = {"ok": False, "error": f"{type(error).__name__}: {error}", "hint": ""}
            _say(connection, answer)
        if self._supervisor.finished:
            self.close()

    def _do(self, connection: socket.socket) -> dict[str, object]:
        if _peer_uid(connection) != os.getuid():
            message = "this application belongs to another user"
            raise AppError(message)
        connection.settimeout(READ_TIMEOUT_S)
        with connection.makefile("rb") as lines:
            request = json.loads(lines.readline(REQUEST_LIMIT))
        timeout_s = float(request.get("timeout", HEALTHY_S))
        execution = str(request.get("execution", ""))
        caller = Caller(
            present=lambda: _present(connection),
            tell=lambda line: _say(connection, {"progress": line}),
        )
        match request["do"]:
            case "status":
                return {"ok": True, **self._supervisor.status()}
            case "deploy":
                wanted = Deployment(
                    execution=execution,
                    key=str(request.get("key", "")),
                    release=str(request["release"]),
                    previous="",
                )
                return {"ok": True, **self._supervisor.deploy(wanted, timeout_s, caller)}
            case "rollback":
                return {"ok": True, **self._supervisor.rollback(execution, timeout_s, caller)}
            case "start":
                return {"ok": True, **self._supervisor.start(timeout_s, caller)}
            case "stop":
                return {"ok": True, **self._supervisor.stop(caller)}
            case unknown:
                message = f"there is no request {unknown!r}"
                raise AppError(message)


def _say(connection: socket.socket, line: dict[str, object]) -> None:
    try:
        connection.sendall(json.dumps(line).encode() + b"\n")
    except OSError:
        return  # nobody listens any more; what was decided stands in the state


def _present(connection: socket.socket) -> bool:
    ready, _, _ = select.select([connection], [], [], 0)
    try:
        return not ready or connection.recv(1, socket.MSG_PEEK) != b""
    except OSError:
        return False


def _peer_uid(connection: socket.socket) -> int:
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", credentials)[1])


def open_port(paths: AppPaths, asked: int) -> tuple[socket.socket, state.AppState]:
    """Bind the port that is asked for, else the remembered one, else a free one; remember it."""
    known = state.load(paths.folder)
    orphaned = any(one.alive() for one in known.processes)
    if asked and known.port and asked != known.port and known.wanted:
        message = f"{paths.name} already has port {known.port}"
        raise AppError(message, hint=f"Stop {paths.name} first to move it to port {asked}.")
    listener = sockets.bind(asked or known.port, beside_orphan=orphaned)
    if known.wanted and not orphaned:  # what still answers must keep its connections
        listener.listen(sockets.BACKLOG)
    known = replace(known, port=listener.getsockname()[1])
    state.save(paths.folder, known)
    return listener, known


def run(paths: AppPaths, asked: int, ready: int) -> int:
    """Be the application's process; return when it was told to end."""
    lock = os.open(paths.folder / "appd.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _report(ready, "busy")
        return 0
    try:
        listener, known = open_port(paths, asked)
        control = sockets.bind_control(paths.folder)
    except (AppError, OSError) as error:
        hint = getattr(error, "hint", "")
        _report(ready, f"error: {json.dumps([str(error), hint])}")
        return 1
    supervisor = Supervisor(paths, listener, known)
    server = Control(supervisor, control)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.close)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    minder = threading.Thread(target=supervisor.mind, daemon=True)
    minder.start()
    History(paths.history).append("appd_started", pid=os.getpid())
    _report(ready, "ok")
    server.serve()
    supervisor.close()
    (paths.folder / sockets.CONTROL).unlink(missing_ok=True)
    return 0


def _report(ready: int, line: str) -> None:
    os.write(ready, f"{line}\n".encode())
    os.close(ready)


def main(arguments: list[str]) -> int:
    """Leave the caller's session for good, then serve."""
    home, name, port = arguments
    paths = AppPaths(home=Path(home), name=name)
    ready = int(os.environ.pop("APPD_READY"))
    os.umask(0o077)
    if os.fork():
        # The one who started us waits for this end; the child belongs to nobody.
        os._exit(0)
    return run(paths, int(port), ready)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
