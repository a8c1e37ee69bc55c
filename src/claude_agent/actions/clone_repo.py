"""Clone a git repository into the workspace, or bring the clone that is there up to date.

Made of steps that may each be repeated (init, fetch, checkout), so that a run killed at any
instant is simply run again.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from claude_agent.actions import git
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")


def perform(context: Context) -> Mapping[str, object]:
    """Return `sha` (the commit checked out) and `path` (absolute) of the clone."""
    url, ref = context.text("url"), context.text("ref")
    git.check_url(url)
    git.check_ref(ref)
    address = _address(url, context.workspace)
    folder = _target(context, address)
    context.say(f"cloning {url} into {folder}")
    _prepare(folder, address)
    git.run(
        folder, "fetch", "--quiet", "--force", "--prune", "--no-recurse-submodules",
        "--no-write-fetch-head", "--", address,
        "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*",
    )  # fmt: skip
    sha = _resolve(folder, address, ref)
    git.run(folder, "checkout", "--quiet", "--force", "--detach", sha)
    context.say(f"at {ref or 'HEAD'}: {git.run(folder, 'log', '-1', '--format=%h %s')}")
    return {"sha": sha, "path": str(folder)}


def _address(url: str, workspace: Path) -> str:
    """Make a relative path absolute, so that it means the same in every folder."""
    local = (workspace / url).resolve()
    return str(local) if "://" not in url and local.is_dir() else url


def _target(context: Context, address: str) -> Path:
    given, named = context.text("dir"), context.text("workspace")
    if given and named:
        raise BadParameter(name="workspace", problem="give either dir or workspace")
    if given:
        return (context.workspace / given).resolve()
    if named:
        if context.home is None or not _NAME.fullmatch(named):
            problem = "it is a word of letters, digits, _ . and -, up to 100 of them"
            raise BadParameter(name="workspace", problem=problem)
        return context.home / "workspaces" / named
    workspace = context.workspace.resolve()
    if _is_free(workspace) or _origin(workspace) == address:
        return workspace
    if context.home is None or not context.execution:
        msg = f"{workspace} is not empty and is no clone of {address}"
        raise ActionFailed(
            msg,
            hint="Start in an empty folder, or name one with `with.dir`.",
        )
    return context.home / "workspaces" / context.execution


def _is_free(folder: Path) -> bool:
    """Whether nothing is in the folder but, at most, a clone that was cut off at its start."""
    names = [entry.name for entry in folder.iterdir()]
    return not names or (names == [".git"] and not _origin(folder) and not git.head(folder))


def _origin(folder: Path) -> str:
    if not (folder / ".git").is_dir():
        return ""
    return git.run(folder, "config", "--local", "--get", "remote.origin.url", check=False)


def _prepare(folder: Path, address: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    origin = _origin(folder)
    if origin and origin != address:
        msg = f"{folder} already holds a clone of {origin}"
        raise ActionFailed(
            msg,
            hint="Remove it, or name another folder with `with.dir`.",
        )
    if not origin and not _is_free(folder):
        msg = f"{folder} is not empty"
        raise ActionFailed(msg, hint="Name another folder with `with.dir`.")
    # One run at a time owns a workspace: a lock file found here was left by a killed one.
    for lock in (folder / ".git").rglob("*.lock"):
        lock.unlink(missing_ok=True)
    git.run(folder, "init", "--quiet", "--template=")
    git.run(folder, "config", "--local", "remote.origin.url", address)


def _resolve(folder: Path, address: str, ref: str) -> str:
    if not ref:
        told = git.run(folder, "ls-remote", "--quiet", "--", address, "HEAD")
        if not told:
            msg = f"{address} has no commit yet"
            raise ActionFailed(msg)
        return told.split()[0]
    names = [f"refs/remotes/origin/{ref}", f"refs/tags/{ref}"]
    names += [ref] if _COMMIT.match(ref) else []
    for name in names:
        sha = git.run(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
        if sha:
            return sha
    msg = f"{address} has no branch, tag or commit {ref!r}"
    raise ActionFailed(msg)
