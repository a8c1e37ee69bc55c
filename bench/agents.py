"""What driving agents costs: processor time of a run, memory of many, adoption after a kill.

Fake agents ask no model: what is left is the shim, the terminal and the server. Times are
processor time as the kernel counts it, so a busy machine changes them little; adoption is by the
clock. The agent's own program is not counted.

    python bench/agents.py [--quick]
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from product import AGENTS, CLI, address, connect, say, until

from claude_sdk import ClaudeSystem

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
AT_ONCE = 15
NAMES = tuple(name.upper().replace("-", "_") for name in AGENTS)
HANG = '[[fake]]\n{"say": "I work"}\n{"hang": true}'
EDIT = (
    '[[fake]]\n{"say": "I look"}\n{"write": {"path": "a.txt", "content": "a"}}\n'
    '{"run": {"cmd": "true"}}\n{"usage": {"input": 10, "output": 5}}\n{"say": "done"}'
)


@contextmanager
def product() -> Iterator[tuple[Path, ClaudeSystem]]:
    """Start the product with fake agents on a home of its own; end it with them afterwards."""
    base = Path(tempfile.mkdtemp(prefix="ca-agents-", dir="/tmp"))
    home = base / "h"
    env = {**os.environ, "CLAUDE_AGENT_HOME": str(home)}
    env |= {f"CLAUDE_AGENT_AGENTS_{name}_ADAPTER": "fake" for name in NAMES}
    env |= {f"CLAUDE_AGENT_AGENTS_{name}_SLOTS": str(AT_ONCE) for name in NAMES}
    env |= {"CLAUDE_AGENT_SERVER_WORKERS": str(AT_ONCE + 1)}  # one takes emergencies only
    env |= {"CLAUDE_AGENT_ACCOUNTS_LAUNCHES": "1000"}
    try:
        words = [CLI, "up", "--detach", "--port", "0"]
        subprocess.run(words, env=env, cwd=base, check=True, stdout=-3)
        yield home, connect(home)
    finally:
        subprocess.run([CLI, "down", "--stop-agents"], env=env, cwd=base, check=False, stdout=-3)
        shutil.rmtree(base, ignore_errors=True)


def cpu_ms(pid: int, *, children: bool = False) -> float:
    """Return the processor time of a process so far; `children`: of those it has collected too."""
    stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    fields = stat[stat.rindex(")") + 2 :].split()
    own = int(fields[11]) + int(fields[12])
    return (own + (int(fields[13]) + int(fields[14]) if children else 0)) * TICK_MS


def rss_mb(pid: int) -> float:
    """Return the resident set of a process."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def tmux_pid(home: Path) -> int:
    """Return the tmux server of a home."""
    words = ["tmux", "-S", str(home / "tmux.sock"), "display-message", "-p", "#{pid}"]
    return int(subprocess.run(words, capture_output=True, check=True).stdout)


def submit(system: ClaudeSystem, prompt: str, count: int) -> list[str]:
    """Submit prompts to the fake agents in turn; return their ids."""
    tasks = (
        system.tasks.submit({"prompt": prompt, "agent": AGENTS[n % len(AGENTS)]})
        for n in range(count)
    )
    return [task["id"] for task in tasks]


def states(system: ClaudeSystem) -> dict[str, int]:
    """Return how many tasks are in each state."""
    return system.tasks.list(limit=1)["counts"]


def program_ms(home: Path, ids: list[str]) -> float:
    """Return what the agents' own programs used, as their shims were told by the kernel."""
    used = 0.0
    for task_id in ids:
        verdict: dict[str, Any] = json.loads((home / "runs" / task_id / "1/exit.json").read_text())
        used += verdict["usage"]["user_ms"] + verdict["usage"]["sys_ms"]
    return used


def cost_of_a_run(home: Path, system: ClaudeSystem, count: int) -> None:
    """Measure the server's, the terminal's and the shims' processor time for each run.

    The shims are children of tmux, which collects them: their time is its children's.
    """
    warm = submit(system, EDIT, AT_ONCE)
    until(lambda: states(system).get("succeeded", 0) >= len(warm), timeout=120)
    server, tmux = address(home)["pid"], tmux_pid(home)
    before = cpu_ms(server), cpu_ms(tmux), cpu_ms(tmux, children=True)
    ids = submit(system, EDIT, count)
    until(lambda: states(system).get("succeeded", 0) >= len(warm) + count, timeout=300, look=0.5)
    ours = cpu_ms(server) - before[0]
    terminal = cpu_ms(tmux) - before[1]
    below = cpu_ms(tmux, children=True) - before[2] - terminal
    shims = below - program_ms(home, ids)
    start = bare_start_ms()
    whole = (ours + terminal + shims) / count
    parts = {"server_ms": ours, "tmux_ms": terminal, "shim_ms": shims}
    say(
        "agent_run_cpu",
        whole,
        "ms of processor time for each run, without the agent's program",
        "<= 30",
        peer="python -I -S -c pass, which every shim has to start",
        peer_value=round(start, 2),
        over_bare_ms=round(whole - start, 2),
        **{name: round(value / count, 2) for name, value in parts.items()},
    )


def bare_start_ms(rounds: int = 20) -> float:
    """Return the processor time of an interpreter that starts and ends."""
    before = os.times()
    for _ in range(rounds):
        subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True)
    after = os.times()
    used = after.children_user + after.children_system
    return (used - before.children_user - before.children_system) * 1000 / rounds


def memory_and_adoption(home: Path, system: ClaudeSystem) -> None:
    """Measure the server beside 15 agents at work, kill it, and wait until all are adopted."""
    idle = rss_mb(address(home)["pid"])
    ids = submit(system, HANG, AT_ONCE)
    until(lambda: all((home / "runs" / one / "1/output.log").exists() for one in ids), timeout=120)
    until(lambda: states(system).get("running", 0) == AT_ONCE, timeout=120)
    say("server_rss_15_agents", rss_mb(address(home)["pid"]), "MB", "<= 70", idle=round(idle, 1))
    shims = [rss_mb(shim_of(home / "runs" / one / "1")) for one in ids]
    say("shim_rss", max(shims), "MB, the largest of 15 at work", "<= 12")
    old = address(home)["pid"]
    began = monotonic()
    os.kill(old, signal.SIGKILL)
    until(lambda: address(home)["pid"] != old, timeout=60)
    served = monotonic() - began
    adopted = connect(home)
    until(lambda: _adopted(adopted, ids), timeout=60)
    whole = monotonic() - began
    say("adoption_15_agents", whole, "s from kill -9", "<= 2", served_after_s=round(served, 2))
    say("adoption_after_serving", whole - served, "s", "<= 2")


def _adopted(system: ClaudeSystem, ids: list[str]) -> bool:
    try:
        frames = system.events.all()
    except OSError:
        return False
    told = {frame["id"] for frame in frames if frame["type"] == "task.adopted"}
    return set(ids) <= told


def shim_of(folder: Path) -> int:
    """Return the pid of the shim of a run folder."""
    return int(json.loads((folder / "begun").read_text())["pid"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    count = 60 if parser.parse_args().quick else 300
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with product() as (home, system):
        cost_of_a_run(home, system, count)
        memory_and_adoption(home, system)


if __name__ == "__main__":
    main()
