"""Asking an installed program for its version."""

import subprocess
from collections.abc import Mapping


def ask(path: str, flag: str, *, within: float, environ: Mapping[str, str] | None = None) -> bytes:
    """Return what a program prints when it is asked with one flag.

    Raises TimeoutExpired after `within` seconds, OSError or ValueError when it does not start.
    """
    answer = subprocess.run(  # noqa: S603 - a program of a fixed list, found on the PATH
        [path, flag],
        env=None if environ is None else dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=within,
        check=False,
    )
    return answer.stdout or answer.stderr
