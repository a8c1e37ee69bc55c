"""What run folders are made of: files written whole, and where the secrets of one wait."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def put(path: Path, content: bytes, mode: int, *, sync: bool = False) -> None:
    """Write a file whole; `sync`: it is on disk when this returns. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(fd)


def plant(home: Path, seeds: Mapping[str, bytes]) -> None:
    """Make a home with these files, by path inside it; what is there stays. Raises OSError."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in seeds.items():
        path = home / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}-{os.getpid()}-{os.urandom(4).hex()}")
            put(draft, content, 0o600)
            draft.replace(path)  # whole, or not there: another run may look at this moment


def merge(home: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Let JSON files of a home say these things besides what they say; each is replaced whole.

    A file that is no JSON object stays as it is. Raises OSError.
    """
    for name, more in files.items():
        path = home / name
        try:
            said = json.loads(path.read_bytes())
        except FileNotFoundError:
            said = {}
        except ValueError:
            continue
        if isinstance(said, dict):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}-{os.getpid()}-{os.urandom(4).hex()}")
            put(draft, json.dumps(_merged(said, more), indent=2).encode(), 0o600)
            draft.replace(path)


def _merged(said: Any, more: Any) -> Any:
    if isinstance(said, dict) and isinstance(more, Mapping):
        return {**said, **{key: _merged(said.get(key), value) for key, value in more.items()}}
    if isinstance(said, list) and isinstance(more, list):
        return [*said, *(each for each in more if each not in said)]
    return more


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def last(path: Path, size: int) -> bytes:
    """Return the last `size` bytes of a file, nothing where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size))
            return file.read(size)
    except FileNotFoundError:
        return b""


def age_ms(path: Path, now: int) -> int | None:
    """Return how long ago a file was touched, None where there is none."""
    try:
        return max(0, now - path.stat().st_mtime_ns // 1_000_000)
    except FileNotFoundError:
        return None


def boot_id() -> str:
    """Return the id of this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def handovers() -> Path:
    """Return the folder in memory in which the secrets of runs wait for their shims."""
    memory = Path("/dev") / "shm"  # a private folder below it, proved ours before it is used
    return memory / f"claude-agent-{os.geteuid()}"


def place_of(folder: Path) -> Path:
    """Return where the secrets of a run folder wait for its shim; nothing is made."""
    return handovers() / hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]


def withdraw(folder: Path) -> None:
    """Remove what waits for the shim of a folder, if anything does."""
    with contextlib.suppress(OSError):
        place_of(folder).unlink(missing_ok=True)
