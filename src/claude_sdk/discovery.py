"""Where the server is and which token opens it: argument > environment > the home's files.

Without pathlib, which takes 5 ms of a command's start.
"""
# ruff: noqa: PTH100, PTH111, PTH118, PTH123

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from claude_sdk.errors import ClaudeError, ServerUnreachable

START = "Start it with: claude-agent up --detach"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address and its token (empty: none found); `alive` False: its processes are gone."""

    url: str
    token: str
    alive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFile:
    """What `<home>/server.json` says; a pid of 0 means that it says none."""

    url: str
    pid: int
    keeper_pid: int
    version: str

    @property
    def alive(self) -> bool:
        """Whether the server or its keeper still runs (then a restart is under way)."""
        return is_running(self.pid) or is_running(self.keeper_pid)


def default_home(environ: Mapping[str, str] = os.environ) -> str:
    """Return the home: $CLAUDE_AGENT_HOME, else under $XDG_STATE_HOME or ~/.local/state."""
    if home := environ.get("CLAUDE_AGENT_HOME"):
        return full_path(home)
    state = environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "claude-agent")


def full_path(path: str | os.PathLike[str]) -> str:
    """Return the absolute path, `~` resolved, symbolic links kept."""
    return os.path.abspath(os.path.expanduser(path))


def read_server_file(home: str) -> ServerFile | None:
    """Return what the running server wrote about itself, or None without a readable file."""
    try:
        with open(f"{home}/server.json", encoding="utf-8") as file:
            found = json.load(file)
        return ServerFile(
            url=str(found["url"]).rstrip("/"),
            pid=int(found.get("pid") or 0),
            keeper_pid=int(found.get("keeper_pid") or 0),
            version=str(found.get("version", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_running(pid: int) -> bool:
    """Return whether a process with this id exists."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def locator(
    url: str | None = None,
    token: str | None = None,
    home: str | os.PathLike[str] | None = None,
) -> Callable[[], Endpoint]:
    """Return a function that finds the server anew each time (it may have moved its port).

    The function raises ServerUnreachable when the home has no server. The home's token is only
    ever sent to this machine.
    """
    place = full_path(home) if home is not None else default_home()
    fixed = url or (None if home is not None else os.environ.get("CLAUDE_AGENT_URL"))

    def find() -> Endpoint:
        if fixed:
            check_url(fixed)
            return Endpoint(url=fixed.rstrip("/"), token=_token(token, place, fixed))
        server = read_server_file(place)
        if server is None:
            msg = f"No claude-agent server runs on the home {place}."
            raise ServerUnreachable(msg, hint=START)
        return Endpoint(url=server.url, token=_token(token, place, server.url), alive=server.alive)

    return find


def check_url(url: str) -> None:
    """Raise ClaudeError unless `url` is http(s)://host[:port]."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        msg = f"{url!r} is not an address of a server."
        raise ClaudeError(
            msg,
            hint="Give it as http://127.0.0.1:7420",
        )


def _token(given: str | None, home: str, url: str) -> str:
    if given:
        return given
    if told := os.environ.get("CLAUDE_AGENT_TOKEN"):
        return told.strip()
    if named := os.environ.get("CLAUDE_AGENT_TOKEN_FILE"):
        return _read(named)
    if urlsplit(url).hostname in _LOOPBACK:
        return _read(f"{home}/token")
    return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        msg = f"The token in {path} cannot be read: {error}."
        raise ClaudeError(
            msg,
            hint="The file belongs to the user who started the server.",
        ) from error
