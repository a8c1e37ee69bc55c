"""The product's figures: submit to begun, `true` end to end, tasks a second, start, recovery.

One JSON line each: `{name, value, unit, peer, peer_value, ratio, goal, machine}`. The peer is
the machine's own limit for the same thing, measured in the same run. Nothing here is a test.

    python bench/product.py [--quick]
"""

import argparse
import compileall
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from claude_sdk import ClaudeSystem

AGENTS = (
    *("master", "supervisor", "backend-api", "frontend-ui", "database", "testing"),
    *("deployment", "instagram"),
)
CLI = str(Path(sys.executable).parent / "claude-agent")
PACKAGES = Path(__file__).parent.parent / "src"
LOOK_S = 0.02
ENDED = {"succeeded", "dead", "cancelled", "expired"}


def say(name: str, value: float, unit: str, goal: str, **more: Any) -> None:
    """Print one figure."""
    line = {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "goal": goal,
        "peer": None,
        "peer_value": None,
        "ratio": None,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
    }
    line |= more
    if line["peer_value"]:
        line["ratio"] = round(value / line["peer_value"], 2)
    print(json.dumps(line), flush=True)


@contextmanager
def product() -> Iterator[tuple[Path, ClaudeSystem]]:
    """Start the product on a home of its own; stop it with its agents afterwards."""
    home = Path(tempfile.mkdtemp(prefix="ca-bench-", dir="/tmp"))
    env = {**os.environ, "CLAUDE_AGENT_HOME": str(home)}
    try:
        subprocess.run([CLI, "up", "--detach", "--port", "0"], env=env, check=True, stdout=-3)
        yield home, connect(home)
    finally:
        subprocess.run([CLI, "down", "--stop-agents"], env=env, check=False, stdout=-3)
        subprocess.run(
            ["tmux", "-S", str(home / "tmux.sock"), "kill-server"], check=False, stderr=-3
        )
        shutil.rmtree(home, ignore_errors=True)


def address(home: Path) -> dict[str, Any]:
    """Return what the server wrote about itself."""
    found: dict[str, Any] = json.loads((home / "server.json").read_text())
    return found


def connect(home: Path) -> ClaudeSystem:
    """Return a client of the server on a home."""
    return ClaudeSystem(url=address(home)["url"], token=(home / "token").read_text().strip())


def until(probe: Callable[[], Any], timeout: float = 60.0, look: float = LOOK_S) -> Any:
    """Wait for something true, looking often."""
    end = time.monotonic() + timeout
    pause = threading.Event()
    while time.monotonic() < end:
        if found := probe():
            return found
        pause.wait(look)
    message = "it did not happen in time"
    raise TimeoutError(message)


def latency(home: Path, system: ClaudeSystem, count: int) -> None:
    """Submit to the command running in its pane, and `true` from submit to succeeded."""
    begun: list[float] = []
    ended: list[float] = []
    for n in range(count):
        mark = home / f"mark-{n}"
        began = time.time_ns() / 1e9
        task = system.submit_task(run=f"date +%s.%N > {mark}", agent=AGENTS[n % len(AGENTS)])
        task_id = task["id"]
        done = until(lambda one=task_id: _ended(system, one))
        ran = float(mark.read_text())
        begun.append((ran - began) * 1000)
        ended.append((done["ended_at"] / 1000 - began) * 1000)
    bare = bare_window(home)
    peer = {
        "peer": "tmux new-window by a forked client, `date` in it",
        "peer_value": round(bare, 2),
    }
    p99 = sorted(begun)[int(len(begun) * 0.99) - 1]
    say("submit_to_running_p50", statistics.median(begun), "ms", "<= 35", p99=round(p99, 1), **peer)
    say("true_end_to_end_p50", statistics.median(ended), "ms", "<= 60")


def _ended(system: ClaudeSystem, task_id: str) -> Any:
    task = system.tasks.get(task_id)
    return task if task["state"] in ENDED else None


def bare_window(home: Path) -> float:
    """Return the median milliseconds of a bare window of the same tmux."""
    times = []
    for n in range(10):
        mark = home / f"bare-{n}"
        began = time.time_ns() / 1e9
        argv = ["tmux", "-S", str(home / "tmux.sock"), "new-window", "-d", "-t", "=claude-master:"]
        subprocess.run([*argv, f"date +%s.%N > {mark}"], check=True)
        text = until(lambda one=mark: one.exists() and one.read_text())
        times.append((float(text) - began) * 1000)
    return statistics.median(times)


def throughput(system: ClaudeSystem, count: int) -> None:
    """Drain tasks that were queued behind one another on eight queues, 15 slots."""
    began = time.monotonic()
    for n in range(count):
        system.submit_task(run="true", agent=AGENTS[n % len(AGENTS)])
    submitted = time.monotonic()
    until(lambda: not _open(system), timeout=300, look=0.1)
    ended = time.monotonic()
    say(
        "shell_tasks_per_second", count / (ended - began), "1/s", ">= 40 with 15 slots", count=count
    )
    say("submit_one_client", (submitted - began) / count * 1000, "ms", "<= 3 (idle server)")


def _open(system: ClaudeSystem) -> int:
    counts = system.tasks.list(limit=1)["counts"]
    return sum(number for state, number in counts.items() if state not in ENDED)


def recovery(home: Path, count: int) -> None:
    """Kill -9 of the server until `/health` answers again."""
    times = []
    for _ in range(count):
        pid = address(home)["pid"]
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        until(lambda old=pid: _serves(home, old))
        times.append(time.monotonic() - began)
    imports = _timed([sys.executable, "-c", "import claude_agent.server"])
    peer = {"peer": "importing the server's modules", "peer_value": round(imports, 2)}
    say(
        "recovery_after_kill",
        statistics.median(times),
        "s",
        "<= 2",
        worst=round(max(times), 2),
        **peer,
    )


def _serves(home: Path, old: int) -> bool:
    try:
        return bool(address(home)["pid"] != old and connect(home).server.health()["status"])
    except (OSError, ValueError):
        return False
    except Exception as error:  # noqa: BLE001 - the server is dead for a while: that is the point
        return bool(str(error) == "")


def memory(home: Path) -> None:
    """Resident memory of each standing process."""
    found = address(home)
    tmux = subprocess.run(
        ["tmux", "-S", str(home / "tmux.sock"), "display-message", "-p", "#{pid}"],
        check=True,
        capture_output=True,
        text=True,
    )
    parts = {"server": found["pid"], "keeper": found["keeper_pid"], "tmux": int(tmux.stdout)}
    sizes = {name: _rss_mb(pid) for name, pid in parts.items()}
    bare = _import_rss("fastapi, uvicorn")
    peer = {"peer": "bare FastAPI and uvicorn, imported", "peer_value": bare}
    say("server_rss_idle", sizes["server"], "MB", "<= 60", standing=sizes, **peer)


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def _import_rss(modules: str) -> float:
    code = f"import {modules}; print(open('/proc/self/status').read())"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    line = next(one for one in shown.stdout.splitlines() if one.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


def _timed(argv: list[str], env: dict[str, str] | None = None) -> float:
    began = time.monotonic()
    subprocess.run(argv, check=True, stdout=-3, env=env)
    return time.monotonic() - began


def commands(home: Path, count: int) -> None:
    """How long the CLI takes as a whole process."""
    env = {**os.environ, "CLAUDE_AGENT_HOME": str(home)}
    bare = statistics.median(_timed([sys.executable, "-c", "pass"]) for _ in range(count)) * 1000
    peer = {"peer": "python -c pass", "peer_value": round(bare, 1)}
    for name, argv, goal in (
        ("cli_version", [CLI, "--version"], "<= 80"),
        ("cli_status", [CLI, "status"], "<= 150"),
    ):
        value = statistics.median(_timed(argv, env) for _ in range(count)) * 1000
        say(name, value, "ms", goal, **peer)


def main() -> None:
    """Measure everything on one server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    compileall.compile_dir(PACKAGES, quiet=2)  # as an installation by pip does
    with product() as (home, system):
        latency(home, system, 30 if quick else 200)
        throughput(system, 200 if quick else 1000)
        commands(home, 7 if quick else 21)
        memory(home)
        recovery(home, 3 if quick else 10)


if __name__ == "__main__":
    main()
