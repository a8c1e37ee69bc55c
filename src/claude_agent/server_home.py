"""What the server keeps in its home beside the database: lock, token, address."""

import fcntl
import json
import os
import secrets
import threading
from pathlib import Path
from typing import Any

from claude_agent.errors import HomeLocked, SetupError

TOKEN_BYTES = 32
LOCK_TRIES, LOCK_PAUSE_S = 20, 0.02


def take_lock(home: Path, *, pid: int, at: int) -> int:
    """Lock `<home>/server.lock`, name ourselves in it and return its open descriptor.

    Raises `HomeLocked` with the holder's pid. The lock ends with the process, however it ends.
    """
    path = home / "server.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not _locked(handle):
        holder = _read(path).get("pid", "unknown")
        os.close(handle)
        message = f"Another server (pid {holder}) has the home {home}."
        raise HomeLocked(message, hint="Use it, or end it with: claude-agent down")
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps({"pid": pid, "started_at": at}).encode(), 0)
    return handle


def _locked(handle: int) -> bool:
    """Take the lock; `up` and `doctor` probe it for an instant, so a few tries are made."""
    pause = threading.Event()
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(LOCK_PAUSE_S)
        else:
            return True
    return False


def operator_token(home: Path) -> str:
    """Return the operator's token; make it at the first start (0600).

    Raises `SetupError` when others may read it.
    """
    path = home / "token"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            message = f"The token file {path} can be read by others."
            raise SetupError(message, hint=f"chmod 600 {path}") from None
        found = path.read_text(encoding="ascii").strip()
        if found:
            return found
        path.unlink()
        return operator_token(home)
    token = f"ca_{secrets.token_urlsafe(TOKEN_BYTES)}"
    with os.fdopen(handle, "w") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    return token


def write_address(home: Path, document: dict[str, Any]) -> None:
    """Write `<home>/server.json`, which the CLI and the SDK read."""
    fresh = home / "server.json.new"
    fresh.write_text(json.dumps(document), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(home / "server.json")


def forget_address(home: Path, pid: int) -> None:
    """Remove `server.json` if it is ours."""
    path = home / "server.json"
    if _read(path).get("pid") == pid:
        path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
