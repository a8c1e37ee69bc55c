"""The keeper: `claude-agent up`. Holds the listening socket and keeps one server process alive.

Standard library only, and not all of it: `pathlib`, `typing`, `dataclasses`, `argparse` and
`subprocess` are left out because the keeper stays in memory as long as the product runs (12 MB).
"""
# pathlib costs 1 MB in a process that is meant to be small:
# ruff: noqa: PTH103, PTH105, PTH116, PTH123

import contextlib
import errno
import fcntl
import os
import select
import socket
import sys
from collections.abc import Callable, Sequence
from time import monotonic

from claude_agent.keeper_child import Limits
from claude_agent.keeper_loop import CONFLICT, FAILED, OK, Keeper, say_on_stderr

BACKLOG = 1024
LOG_BYTES = 5_000_000
USAGE = "usage: python -m claude_agent.keeper --home HOME --host HOST --port PORT [--detach]"


class Refused(Exception):
    """`up` cannot go on; carries the exit code and the next step."""

    def __init__(self, code: int, sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.hint = hint


def become(home: str, *, port: int, detach: bool, host: str = "127.0.0.1") -> int:
    """Replace this process by a small one that runs `up`; returns only if that is impossible."""
    argv = [sys.executable, "-P", "-c", "from claude_agent.keeper import main; main()"]
    argv += ["--home", home, "--host", host, "--port", str(port)]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [*argv, "--detach"] if detach else argv)  # noqa: S606 - our own interpreter


def up(
    home: str,
    *,
    port: int,
    detach: bool,
    host: str = "127.0.0.1",
    command: Sequence[str] = (),
    limits: Limits | None = None,
) -> int:
    """Start the server on `home` and keep it alive; return the exit code.

    `home` must be usable (`Settings.load` has checked it). `command` stands in for the server's
    command line in tests. With `detach` it returns once the server serves, else at its end.
    Exit codes: 0 ended as asked, 1 failed, 6 the port or the home is taken.
    """
    limits = limits or Limits()
    server = list(command) or [sys.executable, "-P", "-m", "claude_agent.server", "--home", home]
    try:
        lock = take_home(home)
        await_orphan(home, limits)
        listener = listen(host, port)
    except Refused as refusal:
        sys.stderr.write(f"error: {refusal}\n  {refusal.hint}\n")
        return refusal.code
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    run = _Run(home=home, url=url, lock=lock, listener=listener)
    return run.detached(server, limits) if detach else run.attached(server, limits)


def take_home(home: str) -> int:
    """Lock `<home>/keeper.pid`, write our pid into it and return its open descriptor."""
    path = f"{home}/keeper.pid"
    try:
        os.makedirs(f"{home}/logs", mode=0o700, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused(
            FAILED,
            f"the home {home} cannot be written: {error.strerror}",
            "choose another with CLAUDE_AGENT_HOME or --home",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.pread(lock, 20, 0).decode(errors="replace").strip()
        os.close(lock)
        raise Refused(
            CONFLICT,
            f"claude-agent is already up on {home} (keeper pid {pid})",
            "see it with `claude-agent status`, end it with `claude-agent down`",
        ) from error
    write_pid(lock)
    return lock


def write_pid(lock: int) -> None:
    """Write our pid into the locked file."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def await_orphan(home: str, limits: Limits) -> None:
    """Wait for a server whose keeper was killed to hand over; refuse if it stays."""
    path = f"{home}/server.lock"
    until = monotonic() + limits.handover
    while (pid := lock_holder(path)) is not None:
        if monotonic() > until:
            raise Refused(
                CONFLICT,
                f"another server (pid {pid}) has the home {home}",
                f"end it with `claude-agent down` or `kill {pid}`, or choose another home",
            )
        select.select([], [], [], 0.02)


def lock_holder(path: str) -> int | None:
    """Return the first number in a locked file (its holder's pid), or None if nobody locks it."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(file, 200, 0).decode(errors="replace").partition('"pid"')
        digits = "".join(c if c.isdigit() else " " for c in text[2] or text[0]).split()
        return int(digits[0]) if digits else 0
    finally:
        os.close(file)
    return None


def keeper_pid(home: str) -> int | None:
    """Return the pid of the keeper that has `home`, or None; a left-over file does not count."""
    return lock_holder(f"{home}/keeper.pid")


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket that outlives every server; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            sentence = f"port {port} on {host} is in use by another program"
            raise Refused(
                CONFLICT, sentence, "choose another with --port (0 takes a free one)"
            ) from error
        raise Refused(
            FAILED, f"cannot listen on {host}:{port}: {error}", "check server.host and --port"
        ) from error
    return listener


class _Run:
    """One `up`: the pieces it holds and the two ways to run them."""

    def __init__(self, *, home: str, url: str, lock: int, listener: socket.socket) -> None:
        self.home, self.url, self.lock, self.listener = home, url, lock, listener

    def attached(self, server: Sequence[str], limits: Limits) -> int:
        """Run in the foreground until the end."""
        told = False

        def on_ready(pid: int) -> None:
            nonlocal told
            if told:
                say_on_stderr(f"server pid {pid} serves again")
                return
            told = True
            self._tell(pid, "Ctrl-C ends it; running agents go on")

        return self._keep(server, limits, on_ready)

    def detached(self, server: Sequence[str], limits: Limits) -> int:
        """Fork twice; the parent waits until the server serves and says how to stop it."""
        sys.stdout.flush()
        sys.stderr.flush()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        first = os.fork()
        if first:
            os.close(writer)
            os.waitpid(first, 0)
            return self._await_ready(reader)
        os.setsid()
        if os.fork():
            os._exit(0)
        os.close(reader)
        write_pid(self.lock)
        self._redirect()
        pipe = [writer]

        def answer(text: str) -> None:
            with contextlib.suppress(BrokenPipeError):  # whoever typed `up` has gone
                os.write(pipe[0], text.encode())
            os.close(pipe.pop())

        def on_ready(pid: int) -> None:
            if pipe:
                answer(f"{pid}\n")
            else:
                say_on_stderr(f"server pid {pid} serves again")

        code = FAILED
        try:
            code = self._keep(server, limits, on_ready)
        finally:
            if pipe:
                answer(f"!{code}\n")
            os._exit(code)

    def _keep(self, server: Sequence[str], limits: Limits, on_ready: Callable[[int], None]) -> int:
        keeper = Keeper(self.listener, server, limits=limits, on_ready=on_ready)
        code = keeper.run()
        if keeper.gave_up:
            say_on_stderr(f"the last error in the log: {last_words(self.home)}")
        return code

    def _await_ready(self, reader: int) -> int:
        with os.fdopen(reader) as answer:
            line = answer.readline().strip()
        if line.isdigit():
            self._tell(int(line), "`claude-agent down` ends it; running agents go on")
            return OK
        log = f"{self.home}/logs/keeper.log"
        sys.stderr.write(f"error: the server did not start: {last_words(self.home)}\n  see {log}\n")
        return int(line[1:]) if line[1:].isdigit() else FAILED

    def _tell(self, pid: int, end: str) -> None:
        sys.stdout.write(
            f"claude-agent is up: {self.url} (server pid {pid}, home {self.home})\n{end}\n"
        )
        sys.stdout.flush()

    def _redirect(self) -> None:
        path = f"{self.home}/logs/keeper.log"
        with contextlib.suppress(OSError):
            if os.stat(path).st_size > LOG_BYTES:
                os.replace(path, path + ".1")
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(null)
        os.close(log)


def last_words(home: str) -> str:
    """Return the newest error in the server's log, else the last line of the keeper's."""
    import json  # noqa: PLC0415 - needed only when things have gone wrong

    for line in reversed(_tail(f"{home}/logs/server.jsonl")):
        with contextlib.suppress(ValueError, AttributeError):
            entry = json.loads(line)
            if entry.get("log.level") in {"error", "critical"}:
                return str(entry.get("message", line))
    said = [x for x in _tail(f"{home}/logs/keeper.log") if "keeper: " not in x]
    return said[-1].strip() if said else "nothing was logged"


def _tail(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
            return [
                line for line in file.read().decode(errors="replace").splitlines() if line.strip()
            ]
    except OSError:
        return []


def main() -> None:
    """Run `up` from a command line of our own making (see `become`)."""
    given, detach = sys.argv[1:], False
    if "--detach" in given:
        given.remove("--detach")
        detach = True
    options = dict(zip(given[::2], given[1::2], strict=False))
    if set(options) != {"--home", "--host", "--port"} or not options["--port"].isdigit():
        sys.exit(USAGE)
    home, host, port = options["--home"], options["--host"], int(options["--port"])
    sys.exit(up(home, port=port, detach=detach, host=host))
