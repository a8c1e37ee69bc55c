"""Start of the shim over a bare interpreter, and its memory; prints one JSON line.

Measured from the start of the process to the first act of the command (it writes the time), against
`python -I -S -c pass` from start to exit in the same rounds. Memory is the shim's resident set
while its command runs.
"""

import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic_ns

from claude_agent.agents.run_folder import RunFolder, RunSpec
from claude_agent.agents.shim_builder import build

ROUNDS = 60
GOAL_MS = 15.0
GOAL_RSS_MB = 12.0


def spawn(argv: list[str]) -> int:
    """Start a program with its output thrown away."""
    away = (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)
    return os.posix_spawn(argv[0], argv, os.environ, file_actions=[away])


def folder(home: Path, image: Path, number: int, argv: tuple[str, ...]) -> RunFolder:
    """Write a run folder."""
    place = RunFolder(home / str(number))
    place.write(
        RunSpec(
            run_id=f"bench-{os.getpid()}.{number}",
            task_id="bench",
            run=number,
            fence=1,
            agent="bench",
            ref="BENC",
            title="bench",
            commands=(("bench", argv),),
            cwd=str(home),
            env={"PATH": os.environ["PATH"]},
        ),
        {},
        image,
    )
    return place


def shim_argv(place: RunFolder) -> list[str]:
    """Return how the server starts a shim."""
    return [sys.executable, "-I", "-S", str(place.path / "shim.pyz"), str(place.path)]


def timed(act: Callable[[], None]) -> float:
    """Return the milliseconds that `act` takes."""
    begin = monotonic_ns()
    act()
    return (monotonic_ns() - begin) / 1e6


def bare() -> None:
    """Start and end the interpreter."""
    os.waitpid(spawn([sys.executable, "-I", "-S", "-c", "pass"]), 0)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as text:
        home = Path(text)
        image = build(home)
        begun: list[float] = []
        whole: list[float] = []
        peer: list[float] = []
        fifo = home / "fifo"
        os.mkfifo(fifo)
        for number in range(ROUNDS):
            peer.append(timed(bare))
            ear = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            os.set_blocking(ear, True)
            hold = os.open(fifo, os.O_WRONLY)
            place = folder(home, image, number, ("/bin/sh", "-c", f"echo > {fifo}"))
            begin = monotonic_ns()
            pid = spawn(shim_argv(place))
            os.read(ear, 1)
            begun.append((monotonic_ns() - begin) / 1e6)
            os.waitpid(pid, 0)
            whole.append((monotonic_ns() - begin) / 1e6)
            os.close(ear)
            os.close(hold)
        rss = memory(home, image)
    base = statistics.median(peer)
    over = statistics.median(begun) - base
    print(
        json.dumps(
            {
                "name": "shim_start",
                "value": round(over, 2),
                "unit": "ms over the bare interpreter until the command acts",
                "peer": "python -I -S -c pass",
                "peer_value": round(base, 2),
                "ratio": round(statistics.median(begun) / base, 2),
                "goal": GOAL_MS,
                "whole_run_ms": round(statistics.median(whole), 2),
                "rss_mb": round(rss, 1),
                "rss_goal_mb": GOAL_RSS_MB,
                "machine": f"{platform.machine()} {os.cpu_count()} cores "
                f"Python {platform.python_version()}",
            }
        )
    )


def memory(home: Path, image: Path) -> float:
    """Return the resident set of a shim whose command runs, in MB."""
    fifo = home / "hold"
    os.mkfifo(fifo)
    place = folder(home, image, ROUNDS, ("/bin/sh", "-c", f"read x < {fifo}"))
    pid = spawn(shim_argv(place))
    with fifo.open("w") as release:  # opens when the command reads
        status = Path(f"/proc/{pid}/status").read_text("ascii")
        resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
        release.write("go\n")
    os.waitpid(pid, 0)
    return resident


if __name__ == "__main__":
    main()
