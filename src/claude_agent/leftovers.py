"""What runs that are over have left on this machine: processes, sockets, secrets, windows.

Nothing should ever be found: a shim ends its command's children before it writes the verdict, and
a resolver those of a run whose shim died. Needs no server; changes nothing unless it is asked to.
A run that is *lost* (begun, no verdict, no shim) is not ended here: only its server may say so.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from claude_agent.agents import reaper
from claude_agent.agents.handover_sweep import left_over
from claude_agent.agents.run_folder import Begun, RunFolder, Sealed
from claude_agent.agents.terminal import clean_environment
from claude_agent.clock import SystemClock
from claude_agent.home import sockets_folder
from claude_agent.settings import Settings

_ID = b"CLAUDE_AGENT_RUN_ID="
_HOME = b"CLAUDE_AGENT_HOME="
_OF_A_RUN = 2
"""Parts of a run id: task and run; a third names its gates or its probe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that was left."""

    kind: str
    """`process`, `lost_run`, `socket`, `secret`, `window`."""
    what: str
    """What it is, for people."""
    run: str = ""
    """The id of the run that left it."""
    pid: int | None = None
    path: str = ""
    """Its path, or the pane's id."""
    fault: bool = True
    """False: it is kept on purpose (a finished window stays readable)."""
    hint: str = ""


def look(home: str | None = None) -> tuple[list[Leftover], tuple[str, ...]]:
    """Return what was left in a home (as for `Settings.load`), and how its tmux is reached."""
    settings = Settings.load(home, prepare=False)
    sockets = sockets_folder(settings.home, os.environ) if settings.home.is_dir() else settings.home
    socket = sockets / "tmux.sock"
    if settings.tmux.socket == "default":
        base = os.environ.get("TMUX_TMPDIR") or "/tmp"  # noqa: S108 - as tmux itself finds it
        socket = Path(base) / f"tmux-{os.geteuid()}" / "default"
    tmux = ("tmux", "-S", str(socket))
    return find(settings.home, tmux), tmux


def find(home: Path, tmux: tuple[str, ...]) -> list[Leftover]:
    """Return everything that runs of this home have left; `tmux`: how its server is reached."""
    runs = home / "runs"
    found = [*_processes(home), *_lost(runs), *_sockets(runs), *_secrets(), *_windows(home, tmux)]
    return sorted(found, key=lambda one: (not one.fault, one.kind, one.run, one.pid or 0))


def clean(one: Leftover, tmux: tuple[str, ...]) -> bool:
    """End or remove a leftover; False where it is still there (or is the server's to settle)."""
    try:
        match one.kind:
            case "process":
                reaper.reap(one.run)
            case "socket" | "secret":
                Path(one.path).unlink(missing_ok=True)
            case "window":
                _printed(tmux, "kill-pane", "-t", one.path)
            case _:
                return False
    except (reaper.SurvivorsRemain, OSError):
        return False
    return True


def _processes(home: Path) -> Iterator[Leftover]:
    for pid, run in _carriers(home):
        folder = _folder(home / "runs", run)
        if folder is not None and not _is_over(folder):
            continue
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            said = words.decode("utf-8", "replace").strip()[:120] or "(a process without a name)"
            yield Leftover(kind="process", what=said, run=run, pid=pid, hint="end it: --clean")


def _carriers(home: Path) -> Iterator[tuple[int, str]]:
    """Yield (pid, run id) of the processes that carry a run of this home in their environment."""
    mine = _HOME + os.fsencode(home)
    for name in os.listdir("/proc"):  # noqa: PTH208 - thousands of entries
        if not name.isdecimal():
            continue
        try:
            words = Path(f"/proc/{name}/environ").read_bytes().split(b"\0")
        except OSError:  # it ended, or it belongs to somebody else
            continue
        run = next((word for word in words if word.startswith(_ID)), b"")
        if run and mine in words and int(name) != os.getpid():
            yield int(name), run.removeprefix(_ID).decode("utf-8", "replace")


def _folder(runs: Path, run: str) -> RunFolder | None:
    """Return the folder of a run, of its gates or of its probe; None: there is none."""
    parts = run.split(".")
    if len(parts) < _OF_A_RUN or any(part in ("", "..") or "/" in part for part in parts):
        return None
    path = runs.joinpath(*parts)
    return RunFolder(path) if path.is_dir() else None


def _is_over(folder: RunFolder) -> bool:
    try:
        if folder.shim_alive():
            return False
        return isinstance(folder.claim(), Sealed) or _ended(folder)
    except (ValueError, KeyError, TypeError):  # not readable: nothing proves that it is over
        return False


def _ended(folder: RunFolder) -> bool:
    return folder.verdict() is not None or folder.reaped()


def _lost(runs: Path) -> Iterator[Leftover]:
    for path in _run_folders(runs):
        folder = RunFolder(path)
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if isinstance(folder.claim(), Begun) and not folder.shim_alive() and not _ended(folder):
                run = ".".join(path.relative_to(runs).parts)
                what = "a run that began, has no end and no shim"
                hint = "a server settles it within seconds: claude-agent up"
                yield Leftover(kind="lost_run", what=what, run=run, path=str(path), hint=hint)


def _sockets(runs: Path) -> Iterator[Leftover]:
    for path in _run_folders(runs):
        socket = path / "ctl.sock"
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if socket.exists() and not RunFolder(path).shim_alive():
                run = ".".join(path.relative_to(runs).parts)
                what = "a control socket nobody listens on"
                hint = "remove it: --clean"
                yield Leftover(kind="socket", what=what, run=run, path=str(socket), hint=hint)


def _run_folders(runs: Path) -> Iterator[Path]:
    for pattern in ("*/*/claim", "*/*/*/claim"):
        for claim in runs.glob(pattern):
            yield claim.parent


def _secrets() -> Iterator[Leftover]:
    for path in left_over(SystemClock().now()):
        what = "secrets that were handed over and never taken"
        yield Leftover(kind="secret", what=what, path=str(path), hint="remove them: --clean")


def _windows(home: Path, tmux: tuple[str, ...]) -> Iterator[Leftover]:
    shown = "#{pane_dead} #{pane_id} #{window_name} #{pane_start_command}"
    for row in _printed(tmux, "list-panes", "-a", "-F", shown).splitlines():
        dead, pane, name, command = (*row.split(" ", 3), "", "", "")[:4]
        if dead == "1" and f"{home}/runs/" in command:
            what = f"the finished window {name}, kept to be read"
            yield Leftover(kind="window", what=what, path=pane, fault=False)


def _printed(tmux: tuple[str, ...], *words: str) -> str:
    """Run tmux once; return what it prints, nothing where there is no server."""
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            [*tmux, *words],
            capture_output=True,
            check=False,
            timeout=5,
            env=clean_environment(os.environ),
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
