"""Keeps what a failed run had changed in its work tree: the diff of its dead letter.

Made by the server before the run's end is recorded, on the run's own host: later the work tree may
have been changed or removed. Whatever goes wrong here costs the diff and nothing else.
"""

import contextlib
import logging
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

_LOG = logging.getLogger(__name__)
NAME = "diff.patch"
MOST_BYTES = 262_144
PATIENCE_S = 5.0
_MOST_NEW = 200
_CUT = b"\n(the diff goes on; only its beginning was kept)\n"
# The repository's own configuration is foreign code: nothing of it may run here.
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_DIFF = ("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short")
_NEW = ("ls-files", "--others", "--exclude-standard")


Clean = Callable[[bytes, int], bytes]
"""Returns content without secrets; over that many bytes its end may be the middle of one."""


def keep(folder: Path, cwd: str, *, above: Path, clean: Clean | None = None) -> bool:
    """Write `diff.patch` into a run folder, at most 256 KiB; False where there is none.

    New files are named at its end, not shown: they may be large, and secrets. A work tree that
    holds the folder `above` (our home inside somebody's checkout) is not the run's own. `clean`
    takes the values of the run's secrets out.
    """
    if not cwd or (folder / NAME).exists():
        return False
    try:
        changed = _said(cwd, _DIFF, above)
        new = _said(cwd, _NEW, above) if changed is not None else None
    except OSError as error:
        _LOG.info("no diff of %s: %s", cwd, error)
        return False
    if changed is None:
        return False
    cut = len(changed) > MOST_BYTES
    if clean is not None:
        changed, new = clean(changed, MOST_BYTES), clean(new or b"", len(new or b""))
    if cut:
        changed = changed[:MOST_BYTES] + _CUT
    names = (new or b"").splitlines()[:_MOST_NEW]
    text = changed + b"".join(b"# new file: " + name + b"\n" for name in names)
    return bool(text) and _put(folder / NAME, text)


def _said(cwd: str, words: tuple[str, ...], above: Path) -> bytes | None:
    """Return the beginning of what git says; None where it fails or takes too long."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen(  # noqa: S603 - no shell
        [*_GIT, *words],
        cwd=cwd,
        env={**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_CEILING_DIRECTORIES": str(above)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as git:
        timer = threading.Timer(PATIENCE_S, git.kill)
        timer.start()
        said = git.stdout.read(MOST_BYTES + 1) if git.stdout is not None else b""
        cut = len(said) > MOST_BYTES
        if cut:
            git.kill()
        code = git.wait()
        timer.cancel()
    return said if cut or code == 0 else None


def _put(path: Path, content: bytes) -> bool:
    made = path.with_suffix(".tmp")
    try:
        with made.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    except OSError as error:
        _LOG.warning("the diff %s was not kept: %s", path, error)
        with contextlib.suppress(OSError):
            made.unlink()
        return False
    return True
