"""`claude-agent doctor`: look at this machine and say what is missing and what to do.

Needs no server and changes nothing: it does not even make the home.
"""

import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from claude_agent import database_care
from claude_agent.agents.handover_sweep import left_over
from claude_agent.agents.programs import ask
from claude_agent.agents.run_files import handovers
from claude_agent.clock import SystemClock
from claude_agent.errors import ClaudeAgentError
from claude_agent.home import (
    LONGEST_SOCKET,
    NETWORK_FILE_SYSTEMS,
    SOCKET_PATH_BYTES,
    default_home,
    file_system,
)
from claude_agent.keeper import keeper_pid, lock_holder
from claude_agent.settings import Settings
from claude_agent.shipped import ADAPTERS, CLIS

AGENT_CLIS = ("claude", "codex", "gemini", "opencode", "aider")
OLDEST_TMUX = (3, 0)
OLDEST_NODE = (20,)
OLDEST_SQLITE = (3, 35, 0)
"""3.35 brought RETURNING, by which the claim learns what it won."""
ROOM_BYTES = 500_000_000
PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at."""

    ok: bool
    """False: the product, or a part of it, does not work like this."""
    name: str
    detail: str
    """What was found."""
    hint: str = ""
    """What to do; "" when there is nothing to do."""


def run(home: str | None = None) -> list[Finding]:
    """Look at everything; never raises for what it finds. `home`: as for `Settings.load`."""
    place = Path(home).expanduser().absolute() if home else default_home(os.environ).absolute()
    findings = [_python(), _sqlite(), *_programs()]
    findings += [_home(place), _room(place), _sockets(place), *_secrets()]
    try:
        settings = Settings.load(home, prepare=False)
    except ClaudeAgentError as error:
        wrong = Finding(ok=False, name="configuration", detail=error.detail, hint=error.hint)
        return [*findings, wrong, *_agent_clis()]
    given = len(settings.sources)
    findings.append(Finding(ok=True, name="configuration", detail=f"{given} settings given"))
    findings += [*_database(settings.server.database_url, place)]
    findings += [*_broker(settings.server.broker_url)]
    findings += [*_server(place, settings.server.host, settings.server.port), *_agent_clis()]
    return findings


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = sys.version_info >= (3, 11)
    return Finding(ok=ok, name="python", detail=version, hint="" if ok else "install Python 3.11")


def _sqlite() -> Finding:
    ok = sqlite3.sqlite_version_info >= OLDEST_SQLITE
    hint = "" if ok else "use a Python with SQLite 3.35 or newer"
    return Finding(ok=ok, name="sqlite", detail=sqlite3.sqlite_version, hint=hint)


def _programs() -> Iterator[Finding]:
    yield _program("tmux", "-V", OLDEST_TMUX, "agents work in its windows: `apt install tmux`")
    yield _program("git", "--version", (), "repositories are cloned with it: `apt install git`")
    node = _program("node", "--version", OLDEST_NODE, "front ends are built with it; 20 or newer")
    yield Finding(ok=True, name="node", detail=node.detail, hint=node.hint)


def _program(name: str, flag: str, oldest: tuple[int, ...], need: str) -> Finding:
    said = _version(name, flag)
    if said is None:
        return Finding(ok=False, name=name, detail="not found", hint=need)
    found = re.search(r"\d+(?:\.\d+)*", said)
    version = tuple(int(part) for part in found[0].split(".")) if found else ()
    ok = not oldest or version >= oldest
    wanted = ".".join(str(part) for part in oldest)
    return Finding(ok=ok, name=name, detail=said, hint="" if ok else f"{wanted} or newer: {need}")


def _version(name: str, flag: str = "--version") -> str | None:
    """Return the first line a program says about its version; None if it is not there."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        answer = ask(path, flag, within=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return f"{path} (does not answer {flag})"
    except OSError as error:
        return f"{path} (does not start: {error.strerror})"
    text = answer.decode(errors="replace").strip()
    return "".join(c for c in text.splitlines()[0] if c.isprintable()) if text else path


def _home(home: Path) -> Finding:
    """Permissions, writability and file system of the home, or of where it would be made."""
    name = "home"
    place = _existing(home)
    elsewhere = "choose another with --home or CLAUDE_AGENT_HOME"
    kind = file_system(place)
    if kind in NETWORK_FILE_SYSTEMS:
        detail = f"{home} is on a network file system ({kind})"
        return Finding(ok=False, name=name, detail=detail, hint=elsewhere)
    if not place.is_dir():
        return Finding(ok=False, name=name, detail=f"{place} is not a folder", hint=elsewhere)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        detail = f"{place} cannot be written: {error.strerror}"
        return Finding(ok=False, name=name, detail=detail, hint=elsewhere)
    if place != home:
        return Finding(ok=True, name=name, detail=f"{home} (will be made, {kind})")
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        detail = f"{home} is open to others (mode {mode:03o})"
        return Finding(ok=False, name=name, detail=detail, hint=f"chmod 700 {home}")
    return Finding(ok=True, name=name, detail=f"{home} ({kind})")


def _existing(path: Path) -> Path:
    """Return the innermost part of `path` that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _room(home: Path) -> Finding:
    free = shutil.disk_usage(_existing(home)).free
    ok = free >= ROOM_BYTES
    hint = "" if ok else "free at least 500 MB, or choose another home"
    return Finding(ok=ok, name="disk", detail=f"{free / 1e9:.1f} GB free", hint=hint)


def _sockets(home: Path) -> Finding:
    length = len(os.fsencode(home / LONGEST_SOCKET))
    if length <= SOCKET_PATH_BYTES:
        return Finding(ok=True, name="sockets", detail=f"in the home ({length} bytes)")
    base = os.environ.get("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108 - only named
    return Finding(ok=True, name="sockets", detail=f"the home's path is long: in {base}")


def _secrets() -> Iterator[Finding]:
    """Whether secrets that were handed over to runs lie in memory though the runs are over."""
    left = len(list(left_over(SystemClock().now())))
    if left:
        detail = f"{left} handed over in {handovers()}, of runs that are over"
        hint = "the next server that starts removes them"
        yield Finding(ok=True, name="secrets", detail=detail, hint=hint)


def _server(home: Path, host: str, port: int) -> Iterator[Finding]:
    """Whether it runs, answers, and has or could have its port."""
    pid, keeper = lock_holder(str(home / "server.lock")), keeper_pid(str(home))
    url = _url(home) if pid is not None else None
    if pid is None and keeper is None:
        yield Finding(ok=True, name="server", detail="not running", hint="claude-agent up")
        yield _port(host, port)
    elif pid is None:
        detail = f"the keeper (pid {keeper}) is up without a server"
        yield Finding(ok=False, name="server", detail=detail, hint=f"see {home}/logs/keeper.log")
    elif url is None or (version := _health(url)) is None:
        detail = f"pid {pid} does not answer at {url or 'an address it should have written'}"
        yield Finding(ok=False, name="server", detail=detail, hint=f"see {home}/logs/server.jsonl")
    else:
        kept = f"keeper pid {keeper}" if keeper else "no keeper"
        yield Finding(
            ok=True, name="server", detail=f"{url} (version {version}, pid {pid}, {kept})"
        )


def _url(home: Path) -> str | None:
    try:
        return str(json.loads((home / "server.json").read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _health(url: str) -> str | None:
    if not url.startswith(("http://", "https://")):
        return None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/health", timeout=PATIENCE_S) as answer:
            return str(json.load(answer).get("version"))
    except (OSError, ValueError, AttributeError):
        return None


def _port(host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            detail = f"{host}:{port} cannot be had: {error.strerror}"
            hint = "another program has it: choose another with --port"
            return Finding(ok=False, name="port", detail=detail, hint=hint)
    return Finding(ok=True, name="port", detail=f"{host}:{port} is free")


def _database(url: str, home: Path) -> Iterator[Finding]:
    """Whether PostgreSQL can be used, or whether SQLite's file is damaged."""
    if url.startswith("sqlite"):
        yield from _file(home / "claude-agent.db" if url == "sqlite" else Path(url[10:]))
        return
    hint = "install it: pip install 'claude-agent[postgresql]'"
    try:
        from claude_agent.storage.postgres import link  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        yield Finding(ok=False, name="database", detail=f"{error.name} is missing", hint=hint)
        return
    try:
        link.connect(url).close()
    except ClaudeAgentError as error:
        yield Finding(ok=False, name="database", detail=error.detail, hint=error.hint)
    else:
        yield Finding(ok=True, name="database", detail=f"PostgreSQL at {link.place(url)}", hint="")


def _file(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        return
    try:
        whole = database_care.look(path, PATIENCE_S)
    except ClaudeAgentError as error:
        yield Finding(ok=False, name="database", detail=error.detail, hint=error.hint)
        return
    size = f"SQLite at {path}, {path.stat().st_size // 1000} kB"
    part = "" if whole else f"; looked for damage for {PATIENCE_S:g} s, not at all of it"
    yield Finding(ok=True, name="database", detail=f"{size}{part}")


def _broker(url: str) -> Iterator[Finding]:
    """Whether the carrier of tickets answers; without it work only waits a little longer."""
    if url == "database":
        return
    from claude_agent.queue.broker import ask_carrier  # noqa: PLC0415 - slow, and seldom needed

    ok, detail = ask_carrier(url)
    hint = "" if ok else "start it, or set broker_url to another; until then work waits longer"
    yield Finding(ok=ok, name="broker", detail=detail, hint=hint)


def _agent_clis() -> Iterator[Finding]:
    """Which agent CLIs are there; none is no fault, but then prompts wait."""
    driven = [name for name in CLIS if shutil.which(name) is not None]
    with ThreadPoolExecutor(len(AGENT_CLIS) + len(CLIS)) as pool:
        probes = pool.map(lambda name: ADAPTERS[name]().probe(), driven)
        versions = list(pool.map(_version, AGENT_CLIS))
    found = [f"{name} {said}" for name, said in zip(AGENT_CLIS, versions, strict=True) if said]
    none = f"none of {', '.join(AGENT_CLIS)}: prompts wait; actions and `run` need none"
    hint = "" if found else "install one and log in"
    yield Finding(ok=True, name="agent CLIs", detail="; ".join(found) or none, hint=hint)
    for name, probe in zip(driven, probes, strict=True):
        yield Finding(ok=True, name=f"adapter {name}", detail=probe.detail, hint=probe.hint)
