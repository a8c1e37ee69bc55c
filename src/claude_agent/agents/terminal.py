"""Where runs are shown: one session per agent, one window per run.

A terminal starts programs and shows them to people. It is never read to learn a state, and
losing it costs a view, never a run (semantics.md 5 and 9).
"""

import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from claude_agent.errors import Invalid, TooLarge

NOTICES = "notices"
"""The first window of every session: lines from us to the person who watches."""

ARGV_LIMIT = 65_536
"""Bytes of a window's argument list: the kernel refuses a single argument of 128 KiB."""

_AGENT = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")
# What moves or hides text on a screen: C0, DEL, C1, line separators, bidi controls, BOM.
_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_NOTICE_LIMIT = 2_000
_LAST_OF_ONE_BYTE = 0xFF
_PASSED_ON = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "XDG_RUNTIME_DIR",
        "LD_LIBRARY_PATH",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A program to start and show."""

    agent: str
    """Whose session it appears in."""
    name: str
    """What people read on the window: the run's ref."""
    argv: tuple[str, ...]
    """Program and arguments, given as they are: no shell reads them."""
    cwd: Path
    """Absolute folder in which the program starts."""
    again: bool = False
    """In the newest window of this name in which a shim was started, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An agent's place in the terminal."""

    agent: str
    """The agent's name."""
    name: str
    """The session's name, `claude-<agent>`."""
    windows: int
    """Windows shown, the notices and finished runs included."""
    attached: int
    """People who watch right now."""
    ours: bool = True
    """False: a person has made it; only windows of runs are ours there."""
    active_at: int = 0
    """When something was last printed or typed there, epoch ms; 0: not known."""
    dead: int = 0
    """Windows in it whose program has ended."""


class Terminal(ABC):
    """Opens windows for runs; every method may be called from any thread."""

    @abstractmethod
    def ensure(self, agents: Sequence[str]) -> None:
        """Make the terminal and one session per agent exist; nothing happens to what is there.

        Raises `SetupError` when the machine cannot have a terminal, `Invalid` for a bad name.
        """

    @abstractmethod
    def open(self, window: Window) -> str:
        """Start the window's program and return the pane's id ("" where there are no panes).

        The id belongs to the terminal and is read by nobody else. Raises `Invalid`, `TooLarge`
        (arguments over `ARGV_LIMIT`), `Unavailable` (the terminal was lost or did not answer:
        the program may or may not have been started, the run folder tells), `SetupError`.
        """

    @abstractmethod
    def notice(self, agent: str, text: str) -> None:
        """Show one line to the people who watch, never to the program that runs.

        A courtesy: it is dropped when it cannot be shown (a full disk).
        """

    @abstractmethod
    def close(self, pane: str) -> None:
        """Hang up on a pane's program and take the window away; an unknown pane is no error."""

    @abstractmethod
    def sessions(self) -> list[Session]:
        """Return the sessions that exist now, by agent; empty when the terminal is lost."""

    @abstractmethod
    def alive(self) -> bool:
        """Say whether the terminal answers."""

    @abstractmethod
    def attach_argv(self, agent: str, window: str = "") -> list[str]:
        """Return the command line with which a person watches the agent's newest window.

        `window`: the newest of this name instead; `NotFound` where there is none.
        """

    @abstractmethod
    def capture(self, agent_or_pane: str, lines: int) -> str:
        """Return the last lines shown, for people; "" when there is no such agent or pane."""

    @abstractmethod
    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call back, on a thread of its own, each time the terminal is lost.

        The callback may call `ensure`, which brings it back.
        """

    @abstractmethod
    def shutdown(self) -> None:
        """Let go of the terminal for good; sessions, windows and programs live on.

        Afterwards, as after `kill_all`, `ensure` and `open` raise `Unavailable`: nothing may
        bring a terminal back behind the back of whoever ended it. Make a new one instead.
        """

    @abstractmethod
    def kill_all(self) -> None:
        """Hang up on every program and end every session, for good; also after `shutdown`."""


def session_name(agent: str) -> str:
    """Return the name of the agent's session; `Invalid` unless the name is safe everywhere."""
    if not _AGENT.fullmatch(agent):
        detail = f"{sanitise(agent)[:80]!r} cannot be an agent's name."
        hint = "Use 1 to 32 of a-z, 0-9, _ and -, beginning with a letter."
        raise Invalid(detail, hint=hint)
    return f"claude-{agent}"


def window_name(ref: str) -> str:
    """Return the ref as a window's name: no character of it means anything to a terminal."""
    name = _NOT_IN_A_NAME.sub("_", ref)[:64] or "run"
    return "notices_" if name == NOTICES else name


def sanitise(text: str) -> str:
    """Return the text as one harmless line: what would act on a screen is shown escaped."""

    def shown(match: re.Match[str]) -> str:
        code = ord(match[0])
        return f"\\x{code:02x}" if code <= _LAST_OF_ONE_BYTE else f"\\u{code:04x}"

    line = " ".join(text.split("\n")).replace("\t", " ").replace("\r", " ")
    line = _ACTIVE.sub(shown, line)
    return line if len(line) <= _NOTICE_LIMIT else line[: _NOTICE_LIMIT - 1] + "…"


def startable(window: Window) -> Window:
    """Return the window with its program's full path, or say why it cannot be started."""
    session_name(window.agent)
    if not window.argv or not window.argv[0]:
        msg = f"Window {sanitise(window.name)!r} has no program to start."
        raise Invalid(msg)
    if any("\0" in word for word in (*window.argv, str(window.cwd))):
        msg = f"An argument of window {sanitise(window.name)!r} contains a NUL."
        raise Invalid(msg)
    size = sum(len(os.fsencode(word)) + 1 for word in window.argv)
    if size > ARGV_LIMIT:
        detail = f"The arguments of window {sanitise(window.name)!r} are {size} bytes long."
        raise TooLarge(detail, hint=f"At most {ARGV_LIMIT}; put long input into a file.")
    if not (window.cwd.is_absolute() and window.cwd.is_dir()):
        msg = f"{sanitise(str(window.cwd))!r} is not a folder (given absolutely)."
        raise Invalid(msg)
    given = Path(window.argv[0])
    # With a slash, `which` would look from our own folder, not from the window's.
    program = shutil.which(given) if given.is_absolute() or len(given.parts) == 1 else None
    if program is None:
        msg = f"{sanitise(window.argv[0])!r} is not a program on this machine."
        raise Invalid(msg, hint="Give an absolute path, or a name that is on PATH.")
    path = str(Path(program).absolute())
    return replace(window, argv=(path, *window.argv[1:]))


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a terminal may know of our environment.

    No secret, and no `CLAUDE_AGENT_RUN_ID`: the reaper ends whatever carries a run's id, and
    a terminal that was first started inside a run must outlive that run.
    """
    return {
        name: value
        for name, value in environ.items()
        if name in _PASSED_ON or name.startswith("LC_")
    }
