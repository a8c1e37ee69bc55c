"""One process of a release, from its start to its end."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from claude_agent.appd import processes
from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import AppPaths
from claude_agent.appd.release import Release
from claude_agent.appd.sockets import HOST

LOG_LIMIT = 5 * 1024 * 1024
ANSWER_LIMIT = 64 * 1024
_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME")


def plain_environment() -> dict[str, str]:
    """Return what a release may know of ours: nothing of claude-agent, no secrets."""
    return {name: os.environ[name] for name in _PASSED if name in os.environ}


class Running:
    """Starts the release with three descriptors (see examples/shop/shop/serve.py).

    APP_PROBE_FD is answered at once, APP_FD after `go`; APP_GO_FD tells it so, and that we are
    gone if we die before. `on_end` is called from another thread when the process has ended.
    """

    def __init__(
        self,
        release: Release,
        *,
        paths: AppPaths,
        listener: socket.socket,
        on_end: Callable[[], None],
    ) -> None:
        self.release = release
        self.started = time.monotonic()
        self.ended = threading.Event()
        self._log = paths.log(release.id)
        with socket.create_server((HOST, 0)) as probe:
            self._probe = probe.getsockname()
            read_end, self._go = os.pipe()
            try:
                self._process = self._spawn(paths, listener.fileno(), probe.fileno(), read_end)
            except BaseException:
                os.close(self._go)
                raise
            finally:
                os.close(read_end)
        self.identity = processes.identify(self._process.pid)
        threading.Thread(target=self._wait, args=(on_end,), daemon=True).start()

    @property
    def code(self) -> int | None:
        """The exit code (negative: the signal), or None while it runs."""
        return self._process.returncode

    def healthy(self, timeout_s: float = 2.0) -> bool:
        """Ask the probe socket for the health path; true for 200."""
        request = f"GET {self.release.health} HTTP/1.0\r\nHost: {HOST}\r\n\r\n"
        try:
            with socket.create_connection(self._probe, timeout=timeout_s) as connection:
                connection.sendall(request.encode())
                with connection.makefile("rb") as answer:
                    # Read to the end: a hang-up in the middle is an error in the release's log.
                    return answer.read(ANSWER_LIMIT).split(maxsplit=2)[1:2] == [b"200"]
        except OSError:
            return False

    def go(self) -> None:
        """Let it serve the public."""
        try:
            os.write(self._go, b"go\n")
        except BrokenPipeError:
            return  # it has just ended: `on_end` reports that
        finally:
            self._close_go()

    def end(self, grace_s: float) -> bool:
        """End it gracefully, or kill it; return whether it had to be killed."""
        self._close_go()
        killed = processes.end(self.identity, grace_s=grace_s)
        self.ended.wait(grace_s)
        return killed

    def last_words(self) -> str:
        """Return the last line that it printed, shortened."""
        try:
            text = self._log.read_bytes()[-4000:].decode("utf-8", "replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""

    def _spawn(
        self, paths: AppPaths, public: int, probe: int, go: int
    ) -> "subprocess.Popen[bytes]":
        environment = {
            **plain_environment(),
            **self.release.environment,
            "APP_NAME": paths.name,
            "APP_RELEASE": self.release.id,
            "APP_FD": str(public),
            "APP_PROBE_FD": str(probe),
            "APP_GO_FD": str(go),
        }
        try:
            with _open_log(self._log) as log:
                return subprocess.Popen(  # noqa: S603 - the release's own command, no shell
                    self.release.argv,
                    cwd=self.release.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(public, probe, go),
                    start_new_session=True,
                )
        except OSError as error:
            message = f"release {self.release.id} cannot be started: {error}"
            raise AppError(message) from error

    def _wait(self, on_end: Callable[[], None]) -> None:
        self._process.wait()
        self.ended.set()
        on_end()

    def _close_go(self) -> None:
        if self._go >= 0:
            os.close(self._go)
            self._go = -1


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
