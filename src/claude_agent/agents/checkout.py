"""What a run depends on in its checkout: the commit, uncommitted changes, files a command names.

The shim computes commit and marks again before it starts anything (`shim/checkout.py`); a test
compares the two. Git runs with everything off that a repository could make it execute.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LARGE = 1 << 24
"""Larger files are told by size and time."""
MOST_FILES = 100
DIFF_S = 10.0
SHOWN_DIFF = 65_536
_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib", "/proc/", "/sys/", "/dev/")
_WORDS = re.compile(r"[^\s'\"`;|&()<>=]+")
_GIT = (
    *("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "core.pager=cat", "-c", "diff.external=", "-c", "protocol.allow=never"),
)


def top_of(cwd: Path, stop: Path) -> Path | None:
    """Return the root of the checkout that holds `cwd`; not looked for at `stop` or above it."""
    for folder in (cwd, *cwd.parents):
        if folder == stop:
            return None
        if (folder / ".git").exists():
            return folder
    return None


def commit_at(top: Path) -> str:
    """Return the commit that is checked out at `top`, empty for none. Git itself is not asked."""
    folder = top / ".git"
    pointer = _text(folder)
    if pointer.startswith("gitdir:"):  # a worktree: a file that names its folder
        folder = top / pointer[7:].strip()
    head = _text(folder / "HEAD")
    if not head.startswith("ref:"):
        return head
    name = head[4:].strip()
    common = _text(folder / "commondir")
    for place in (folder, folder / common if common else folder):
        found = _text(place / name) or _packed(place, name)
        if found:
            return found
    return ""


def _packed(place: Path, name: str) -> str:
    for line in _text(place / "packed-refs").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return commit
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace").strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""


def diff_of(top: Path) -> str:
    """Return the uncommitted changes of a checkout; a sentence in its place when git fails."""
    argv = [*_GIT, "-C", str(top), "diff", "--no-ext-diff", "--no-textconv", "HEAD"]
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, the program is git
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DIFF_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"(git diff: {type(error).__name__})"
    return done.stdout.decode("utf-8", "replace")


def repo_of(cwd: Path, stop: Path) -> tuple[Mapping[str, Any] | None, str]:
    """Return {top, commit, diff_sha256} and the diff itself; (None, "") outside a checkout."""
    top = top_of(cwd, stop)
    if top is None:
        return None, ""
    diff = diff_of(top)
    found = {
        "top": str(top),
        "commit": commit_at(top),
        "diff_sha256": hashlib.sha256(diff.encode()).hexdigest(),
    }
    return found, diff


def changes_at(folder: str) -> str:
    """Return the uncommitted changes of the checkout that holds a folder; a sentence if none."""
    top = top_of(Path(folder), Path("/"))
    if top is None:
        return f"({folder} is in no checkout)"
    return diff_of(top)[:SHOWN_DIFF]


def named_files(texts: Iterable[str], cwd: Path) -> dict[str, str]:
    """Return a mark for each file that commands name, so that a changed script is noticed.

    Programs of the system are not looked at. The first hundred count.
    """
    found: dict[str, str] = {}
    for text in texts:
        for word in _WORDS.findall(text):
            path = os.path.normpath(cwd / word)
            if path in found or len(found) >= MOST_FILES or not _is_ours(path):
                continue
            found[path] = mark_of(path)
    return found


def _is_ours(path: str) -> bool:
    try:
        return Path(path).is_file() and not os.path.realpath(path).startswith(_SYSTEM)
    except (OSError, ValueError):
        return False


def mark_of(path: str) -> str:
    """Return what tells a file's content: its SHA-256, empty for none. Raises OSError."""
    file = Path(path)
    try:
        seen = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if seen.st_size > LARGE:
        return f"{seen.st_size}:{seen.st_mtime_ns}"
    return hashlib.sha256(file.read_bytes()).hexdigest()
