"""One command of the run: start it, know how it ended."""

import posix

from claude_agent.shim import machine, screen
from claude_agent.shim.signals import (
    SIG_BLOCK,
    SIG_DFL,
    SIG_SETMASK,
    SIGCHLD,
    SIGHUP,
    SIGINT,
    SIGKILL,
    SIGPIPE,
    SIGQUIT,
    SIGTERM,
    SIGTSTP,
    SIGTTIN,
    SIGTTOU,
    SIGXFSZ,
    pthread_sigmask,
    signal,
    valid_signals,
)
from claude_agent.shim.spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

ENOENT = 2
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
OURS = (SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ)


class SpawnError(Exception):
    """The command could not be started; nothing of it runs."""


class Command:
    """A started command: its number, its pipes, and once it has ended how."""

    def __init__(self, index: int, name: str, pid: int) -> None:
        self.index = index
        self.name = name
        self.pid = pid
        self.started = machine.monotonic()
        self.ended = self.started
        self.status: int | None = None

    @property
    def code(self) -> int | None:
        """The exit code, None when a signal ended it."""
        if self.status is None or not posix.WIFEXITED(self.status):
            return None
        return posix.WEXITSTATUS(self.status)

    @property
    def signal(self) -> int | None:
        """The signal that ended it, None when it exited."""
        if self.status is None or not posix.WIFSIGNALED(self.status):
            return None
        return posix.WTERMSIG(self.status)

    @property
    def milliseconds(self) -> int:
        """How long it ran."""
        return int((self.ended - self.started) * 1000)


def start(
    spec: Spec,
    index: int,
    outputs: tuple[int, int],
    prctl: "Callable[[int, int], bool]",
    pipe: int | None = None,
) -> Command:
    """Start the command in a session of its own, writing to `outputs` (stdout, stderr).

    It reads from `pipe` where one is given, which is closed here; else the file of the spec.

    Raises SpawnError with the reason. When this returns the program is running: the pipe that
    reports a failed start closes by the exec itself.
    """
    name, argv = spec.commands[index]
    try:
        path = spec.stdin or "/dev/null"
        stdin = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC) if pipe is None else pipe
    except OSError as error:
        message = f"spawn: {spec.stdin}: {error.strerror}"
        raise SpawnError(message) from error
    streams = screen.STREAMS if spec.screen else (stdin, *outputs)
    child = _Child(spec, argv, streams, prctl)
    report, tell = _pipe()
    # A signal between fork and exec would run the shim's handler in the child and be lost.
    blocked = pthread_sigmask(SIG_BLOCK, valid_signals())
    pid = posix.fork()
    if pid == 0:
        child.become(tell)
    pthread_sigmask(SIG_SETMASK, blocked)
    posix.close(tell)
    posix.close(stdin)
    failure = posix.read(report, 256)
    posix.close(report)
    if failure:
        posix.waitpid(pid, 0)
        raise SpawnError(failure.decode("utf-8", "replace"))
    return Command(index, name, pid)


def _pipe() -> tuple[int, int]:
    return posix.pipe2(posix.O_CLOEXEC)


class _Child:
    """What happens between fork and exec; everything it needs is made before the fork."""

    def __init__(
        self,
        spec: Spec,
        argv: list[str],
        streams: tuple[int, int, int],
        prctl: "Callable[[int, int], bool]",
    ) -> None:
        self._argv = [_bytes(word) for word in argv]
        self._env = {_bytes(key): _bytes(value) for key, value in spec.env.items()}
        self._cwd = _bytes(spec.cwd)
        self._streams = streams
        self._screen = spec.screen
        self._prctl = prctl
        self._parent = posix.getpid()
        path = _bytes(spec.env.get("PATH", DEFAULT_PATH))
        self._paths = [self._argv[0]]
        if b"/" not in self._argv[0]:
            self._paths = [each + b"/" + self._argv[0] for each in path.split(b":") if each]

    def become(self, tell: int) -> "NoReturn":
        """Turn this process into the command, or report why not and end."""
        at = self._cwd
        try:
            if self._screen:
                screen.come_forward()
            else:
                posix.setsid()
            # A killed shim takes its command along at once; what that leaves is reaped later.
            self._prctl(machine.PR_SET_PDEATHSIG, SIGKILL)
            posix.chdir(self._cwd)
            for target, source in enumerate(self._streams):
                posix.dup2(source, target)
            for number in OURS:
                signal(number, SIG_DFL)
            pthread_sigmask(SIG_SETMASK, ())
            at = self._argv[0]
            if posix.getppid() == self._parent:
                self._exec()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            posix.write(tell, b"spawn: %b: %b" % (at[-160:], reason.encode("utf-8")))
        finally:
            posix._exit(127)  # noqa: SLF001 - the name is public in `os`

    def _exec(self) -> None:
        failure: OSError = FileNotFoundError(ENOENT, posix.strerror(ENOENT))
        for path in self._paths:
            try:
                posix.execve(path, self._argv, self._env)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except PermissionError as error:  # another folder of PATH may hold the right one
                failure = error
        raise failure


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
