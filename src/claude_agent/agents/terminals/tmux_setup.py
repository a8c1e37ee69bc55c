"""Whether this machine can have a tmux terminal, said in one sentence with the next step."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from claude_agent.agents.terminal import clean_environment
from claude_agent.errors import SetupError

_OLDEST = (3, 2)  # the first with control-mode clients that get no output (`-f no-output`)
_SOCKET_PATH_LIMIT = 100
_INSTALLERS = {
    "apt-get": "sudo apt-get install tmux",
    "dnf": "sudo dnf install tmux",
    "pacman": "sudo pacman -S tmux",
    "zypper": "sudo zypper install tmux",
    "apk": "sudo apk add tmux",
    "brew": "brew install tmux",
}


def check_machine(program: str, socket: Path) -> None:
    """Raise `SetupError` unless tmux is installed, new enough, and can have this socket.

    The socket's folder exists afterwards, for its owner alone.
    """
    if len(os.fsencode(socket)) > _SOCKET_PATH_LIMIT:
        msg = f"The path of tmux's socket is over {_SOCKET_PATH_LIMIT} bytes."
        raise SetupError(msg, hint="Choose a shorter home folder.")
    hint = f"Install it: {_install_command()}"
    if shutil.which(program) is None:
        msg = "tmux is not installed."
        raise SetupError(msg, hint=hint)
    version = printed([program, "-V"]).strip()
    if not version:
        msg = "tmux is installed and does not start."
        raise SetupError(msg, hint=hint)
    numbers = re.search(r"(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < _OLDEST:
        msg = f"{version} is too old: 3.2 or newer is needed."
        raise SetupError(msg, hint=hint)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def printed(argv: Sequence[str]) -> str:
    """Run tmux once and return what it prints, "" when it fails or takes over 5 s."""
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            argv,
            capture_output=True,
            check=False,
            timeout=5,
            env=clean_environment(os.environ),
            cwd="/",
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _install_command() -> str:
    found = [command for tool, command in _INSTALLERS.items() if shutil.which(tool)]
    return found[0] if found else _INSTALLERS["apt-get"]
