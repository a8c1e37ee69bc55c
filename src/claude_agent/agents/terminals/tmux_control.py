"""One connection to a tmux server in control mode: a command in 0.1 ms instead of 5 ms.

Protocol: each line we write is one command; tmux answers each with a block of lines between
`%begin T N F` and `%end T N F` (or `%error`), in order, F being 1 for our own commands
(tmux(1), CONTROL MODE). Everything outside such blocks is a notification.
"""

import os
import re
import select
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import IO

from claude_agent.errors import Invalid, Unavailable

_PLAIN = re.compile(rb"[^A-Za-z0-9_./:=@%+,-]")
_GUARD = re.compile(rb"%(begin|end|error) (\d+ \d+ (\d+))")
_ERROR_TEXT = 300


class TmuxRefused(Unavailable):
    """tmux answered a command with an error."""

    code = "tmux_refused"


class TmuxLost(Unavailable):
    """The connection to tmux ended, or does not answer."""

    code = "tmux_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What tmux answered to one command."""

    ok: bool
    """False: an `%error` block."""
    own: bool
    """True for a command written to the connection, False for one of tmux's own."""
    lines: tuple[str, ...]
    """The block's lines."""


def quote(word: str) -> str:
    """Return the word as one argument for tmux's own parser, whatever it contains.

    In double quotes tmux reads `\\ooo` as one byte, so no byte of the word can end the line,
    the argument or the command, nor be expanded. A NUL is refused: no argument can hold it.
    """
    raw = os.fsencode(word)
    if 0 in raw:
        msg = "An argument for the terminal contains a NUL."
        raise Invalid(msg)
    plain = _PLAIN.sub(lambda byte: b"\\%03o" % byte[0][0], raw)
    return f'"{plain.decode("ascii")}"'


class ControlParser:
    """Turns the lines of a connection into replies; any bytes are accepted."""

    def __init__(self) -> None:
        self._open: bytes | None = None
        self._lines: list[str] = []

    def feed(self, line: bytes) -> Reply | None:
        """Take one line without its end; return the reply it completes, if any."""
        guard = _GUARD.fullmatch(line)
        if self._open is None:
            if guard and guard[1] == b"begin":
                self._open, self._lines = guard[2], []
            return None
        # Inside a block only the guard with the block's own numbers ends it.
        if guard and guard[1] != b"begin" and guard[2] == self._open:
            self._open = None
            own = bool(int(guard[3]) & 1)
            return Reply(ok=guard[1] == b"end", own=own, lines=tuple(self._lines))
        self._lines.append(line.decode("utf-8", "replace"))
        return None


class ControlConnection:
    """One life of a connection; when it has ended, make another one."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environ: Mapping[str, str],
        on_end: Callable[["ControlConnection"], None],
        timeout: float = 5.0,
    ) -> None:
        self._timeout = timeout
        self._on_end = on_end
        self._lock = threading.Lock()
        self._waiting: deque[Future[Reply]] = deque()
        self._started: Future[Reply] = Future()
        self._ended = False
        self._closed = False
        # Its own session: a Ctrl-C meant for us must not reach tmux.
        self._process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            cwd="/",
            start_new_session=True,
        )
        self._input = _piped(self._process.stdin)
        self._output = _piped(self._process.stdout)
        self._errors = _piped(self._process.stderr)
        os.set_blocking(self._input.fileno(), False)
        self._reader = threading.Thread(target=self._read, name="tmux-control", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of our client of tmux."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """True once the connection is of no more use."""
        return self._ended

    def wait_started(self) -> None:
        """Wait until tmux has run the first command; `TmuxLost` with its words if it does not."""
        try:
            reply = self._started.result(self._timeout)
        except FutureTimeout as late:
            self._process.kill()
            msg = "tmux does not answer."
            raise TmuxLost(msg) from late
        if not reply.ok:
            msg = f"tmux does not start: {_said(reply.lines)}"
            raise TmuxLost(msg)

    def ask(self, *commands: str) -> list[Reply]:
        """Send the commands in one go, and return their replies in order, errors included."""
        futures = self.send(*commands)
        try:
            return [future.result(self._timeout) for future in futures]
        except FutureTimeout as late:
            msg = "tmux does not answer."
            raise TmuxLost(msg) from late

    def ask_one(self, command: str) -> tuple[str, ...]:
        """Send one command and return its lines; `TmuxRefused` when tmux answers an error."""
        return accepted(self.ask(command)[0])

    def send(self, *commands: str) -> list[Future[Reply]]:
        """Send the commands without waiting; the replies come in order."""
        # tmux ends a connection at an empty line, and a line end would shift every later reply.
        if not commands or any(not text or "\n" in text for text in commands):
            msg = "A command for tmux must be one line of text."
            raise Invalid(msg)
        data = "".join(f"{text}\n" for text in commands).encode()
        futures: list[Future[Reply]] = [Future() for _ in commands]
        with self._lock:
            if self._ended:
                msg = "The connection to tmux has ended."
                raise TmuxLost(msg)
            self._waiting.extend(futures)
            self._write(data)
        return futures

    def close(self) -> None:
        """Hang up and wait for the end; nobody is called back."""
        with self._lock:
            self._closed = True
            self._ended = True
            self._input.close()
        self.join()

    def expect_end(self) -> None:
        """Take the coming end of the connection as meant: nobody is called back."""
        self._closed = True

    def join(self) -> None:
        """Wait until the connection has ended; a client that does not end is killed."""
        if self._reader is threading.current_thread():
            return
        self._reader.join(self._timeout)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join(self._timeout)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        target = self._input.fileno()
        poll = select.poll()
        poll.register(target, select.POLLOUT)
        while view:
            try:
                view = view[os.write(target, view) :]
            except BlockingIOError:
                # A frozen server must not freeze us; half a line is of no use to anybody.
                if not poll.poll(self._timeout * 1000):
                    self._process.kill()
                    msg = "tmux does not read its commands."
                    raise TmuxLost(msg) from None
            except OSError as broken:
                msg = "The connection to tmux broke."
                raise TmuxLost(msg) from broken

    def _read(self) -> None:
        parser = ControlParser()
        with self._output as output:
            for line in output:
                reply = parser.feed(line.rstrip(b"\n"))
                if reply is not None:
                    self._deliver(reply)
        self._end()

    def _deliver(self, reply: Reply) -> None:
        if not self._started.done():
            self._started.set_result(reply)
        elif reply.own:
            with self._lock:
                future = self._waiting.popleft() if self._waiting else None
            if future is not None:
                future.set_result(reply)

    def _end(self) -> None:
        with self._lock:
            self._ended = True
            left = list(self._waiting)
            self._waiting.clear()
            self._input.close()
        said = self._last_words()
        if not self._started.done():
            self._started.set_exception(TmuxLost(f"tmux does not start: {said}"))
        for future in left:
            future.set_exception(TmuxLost("The connection to tmux ended before it answered."))
        if not self._closed:
            self._on_end(self)

    def _last_words(self) -> str:
        with self._errors as errors:
            os.set_blocking(errors.fileno(), False)
            text = (errors.read(_ERROR_TEXT) or b"").decode("utf-8", "replace")
        try:
            self._process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return _said(text.splitlines())


def accepted(reply: Reply) -> tuple[str, ...]:
    """Return the reply's lines; `TmuxRefused` with tmux's words when it is an error."""
    if not reply.ok:
        msg = f"tmux refused: {_said(reply.lines)}"
        raise TmuxRefused(msg)
    return reply.lines


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        msg = "The connection to tmux has no pipes."
        raise TmuxLost(msg)
    return stream


def _said(lines: Sequence[str]) -> str:
    return " ".join(lines).strip()[:_ERROR_TEXT] or "it said nothing"
