"""How fast windows open through the one control-mode connection, beside a forked tmux client.

Prints one JSON line: windows a second running `true` (one thread, and 15 threads), the time of
one `open`, and as peers, in the same run, `tmux new-window` as a process of its own and a bare
`true` as a process, which bounds them all.
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from claude_agent.agents.terminal import Window
from claude_agent.agents.terminals.tmux import TmuxTerminal

THREADS = 15
AGENTS = ("backend-api", "database", "testing")
# Two words: a single word takes one more process (a shell that replaces itself by it).
TRUE = (shutil.which("true") or "/bin/true", "--")


def opens(terminal: TmuxTerminal, folder: Path, count: int) -> list[float]:
    """Open windows one after the other and return the seconds each took."""
    took = []
    for number in range(count):
        agent = AGENTS[number % len(AGENTS)]
        started = time.perf_counter()
        terminal.open(Window(agent=agent, name=f"t-{number}", argv=TRUE, cwd=folder))
        took.append(time.perf_counter() - started)
    return took


def opens_from_threads(terminal: TmuxTerminal, folder: Path, count: int) -> float:
    """Return windows a second when 15 threads open them at once."""
    each = max(1, count // THREADS)
    threads = [
        threading.Thread(target=opens, args=(terminal, folder, each)) for _ in range(THREADS)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * THREADS / (time.perf_counter() - started)


def each_ms(work: Callable[[], object], count: int) -> float:
    """Return the median milliseconds of one call."""
    took = []
    for _ in range(count):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return statistics.median(took) * 1000


def run(argv: Sequence[str]) -> None:
    """Run a program to its end."""
    subprocess.run(argv, check=True)


def measure(folder: Path, count: int) -> dict[str, object]:
    """Measure ours and the peers on a tmux server of their own."""
    socket = folder / "tmux.sock"
    terminal = TmuxTerminal(socket)
    terminal.ensure(AGENTS)
    try:
        opens(terminal, folder, 20)
        took = opens(terminal, folder, count)
        from_threads = opens_from_threads(terminal, folder, count)
        client = ["tmux", "-S", str(socket), "new-window", "-d", "-t", "=claude-testing:", *TRUE]
        forked = each_ms(lambda: run(client), max(10, count // 10))
        bare = each_ms(lambda: run(TRUE), max(10, count // 10))
    finally:
        terminal.kill_all()
    return {
        "bench": "tmux_windows",
        "windows": count,
        "windows_per_s": round(count / sum(took)),
        f"windows_per_s_{THREADS}_threads": round(from_threads),
        "open_ms_p50": round(statistics.median(took) * 1000, 2),
        "open_ms_p99": round(statistics.quantiles(took, n=100)[98] * 1000, 2),
        "peer_forked_client_ms_p50": round(forked, 2),
        "peer_bare_process_ms_p50": round(bare, 2),
        "python": platform.python_version(),
    }


def main() -> int:
    """Print the line; 0 also when it is slow: a benchmark is no test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=300)
    count = max(10, parser.parse_args().windows)
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(json.dumps(measure(Path(folder), count)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
