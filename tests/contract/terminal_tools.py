"""What the terminals' contract tests share."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from claude_agent.agents.terminal import Window
from claude_agent.agents.terminals.tmux import TmuxTerminal
from tests.waiting import wait_until

OUTER_TMUX = "/nowhere/default,1,0"

SAY = 'printf "%s\\0" "$@" > "$0.new" && mv "$0.new" "$0"'


def need_tmux() -> None:
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have tmux")
        pytest.skip("tmux is not installed")


def window(folder: Path, *argv: str, agent: str = "testing", name: str = "t-1") -> Window:
    return Window(agent=agent, name=name, argv=argv, cwd=folder)


def told(folder: Path, *words: str) -> tuple[str, ...]:
    """Return the command that writes its arguments to `folder/told`."""
    return ("/bin/sh", "-c", SAY, str(folder / "told"), *words)


def read_told(folder: Path) -> list[str]:
    path = folder / "told"
    wait_until(path.exists, what="the program's words")
    return os.fsdecode(path.read_bytes()).split("\0")[:-1]


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def pid_in(path: Path) -> int:
    return int(wait_until(lambda: read(path).strip(), what="a pid"))


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def sleeper(folder: Path) -> tuple[str, ...]:
    return ("/bin/sh", "-c", 'echo $$ > "$0"; exec sleep 60', str(folder / "pid"))


def raw_tmux(terminal: TmuxTerminal, *words: str) -> str:
    argv = ["tmux", "-S", str(terminal._socket), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
