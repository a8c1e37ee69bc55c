"""Run git on foreign repositories without letting them run anything."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from claude_agent.actions.errors import ActionFailed, BadParameter, code_of

# A repository's own configuration and hooks are foreign code; these switches win over both.
_SAFE = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "protocol.ext.allow=never",
    "-c", "submodule.recurse=false",
    "-c", "fetch.recurseSubmodules=false",
    "-c", "advice.detachedHead=false",
    "-c", "gc.auto=0",
)  # fmt: skip
_KEPT = frozenset({"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_TRACE"})
_URL_LIMIT = 2048
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+#@/-]{0,199}\Z")


def check_url(url: str) -> None:
    """Raise BadParameter for what git would not read as a plain address or path."""
    if url.startswith("-"):
        raise BadParameter(name="url", problem=f"{url!r} looks like an option")
    if re.match(r"[^/:]*::", url):
        raise BadParameter(
            name="url", problem=f"{url!r} names a remote helper, which could run a program"
        )
    if len(url) > _URL_LIMIT or _CONTROL.search(url):
        raise BadParameter(name="url", problem="it is too long or holds control characters")


def check_ref(ref: str) -> None:
    """Raise BadParameter for what is not a plain branch, tag or commit."""
    if ref and (not _REF.match(ref) or ".." in ref or "@{" in ref):
        raise BadParameter(
            name="ref", problem=f"{ref!r} is not the name of a branch, tag or commit"
        )


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return `base` without foreign git settings, with prompts and odd protocols off."""
    kept = {k: v for k, v in base.items() if not k.startswith("GIT_") or k in _KEPT}
    return kept | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        "LC_ALL": "C",
    }


def run(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run git in `folder` and return what it printed; raise ActionFailed with its last words."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell; addresses and refs are checked
            ["git", *_SAFE, *arguments],  # noqa: S607 - git is found on PATH, as for the person
            cwd=folder,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        msg = "git is not installed"
        raise ActionFailed(msg, hint="Install git and run again.") from error
    if done.returncode and check:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        fatal = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
        msg = f"git {arguments[0]} failed: {fatal[0].strip()}"
        raise ActionFailed(msg, code=code_of(done.stderr))
    return "" if done.returncode else done.stdout.strip()


def head(folder: Path) -> str:
    """Return the commit checked out in `folder`, or an empty text where there is none."""
    if not (folder / ".git").exists():
        return ""
    return run(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False)
