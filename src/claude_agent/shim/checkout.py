"""Is the checkout what it was when it was approved: its commit, and the files a command names."""

import posix

from claude_agent.shim import codec, machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGE = 1 << 24
"""Larger files are told by size and time: reading them would hold up the start."""


def unchanged(about: "dict[str, Any]") -> bool:
    """Say whether commit and named files are those of `about`. Raises OSError."""
    repo = about.get("repo")
    if repo and commit_at(repo["top"]) != repo["commit"]:
        return False
    named = about.get("named") or {}
    return all(mark_of(path) == named[path] for path in named)


def mark_of(path: str) -> str:
    """Return what tells a file's content: its SHA-256, empty for none. Raises OSError."""
    try:
        seen = posix.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if seen.st_size > LARGE:
        return f"{seen.st_size}:{seen.st_mtime_ns}"
    return str(codec.sha256(machine.read_bytes(path)).hexdigest())


def commit_at(top: str) -> str:
    """Return the commit that is checked out at `top`, empty for none. Git itself is not asked."""
    folder = top + "/.git"
    pointer = _text(folder)
    if pointer.startswith("gitdir:"):  # a worktree: a file that names its folder
        folder = _joined(top, pointer[7:].strip())
    head = _text(folder + "/HEAD")
    if not head.startswith("ref:"):
        return head
    name = head[4:].strip()
    common = _text(folder + "/commondir")
    for place in (folder, _joined(folder, common) if common else folder):
        found = _text(f"{place}/{name}") or _packed(place, name)
        if found:
            return found
    return ""


def _packed(place: str, name: str) -> str:
    for line in _text(place + "/packed-refs").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return commit
    return ""


def _joined(base: str, path: str) -> str:
    return path if path.startswith("/") else f"{base}/{path}"


def _text(path: str) -> str:
    try:
        return machine.read_bytes(path).decode("utf-8", "replace").strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
