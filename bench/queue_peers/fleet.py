"""Tasks through the whole product: one server that takes none itself, and so many workers.

Each worker is a host of its own: its own home, tmux server and host id, all on this machine.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from product import AGENTS, CLI, ENDED, connect, until

from claude_sdk import ClaudeSystem
from queue_peers.process import PeerFailed

SLOTS = 15
"""Tasks at once of each worker."""
START_S, WORK_S = 60.0, 300.0


def tasks_per_second(url: str, workers: int, count: int, sleep_s: float) -> float:
    """Return tasks a second, from the first start to the last end. Raises `PeerFailed`."""
    try:
        with ExitStack() as stack:
            system = stack.enter_context(server(url, workers))
            for n in range(count):
                system.submit_task(run=f"sleep {sleep_s}", agent=AGENTS[n % len(AGENTS)])
            for _ in range(workers):
                stack.enter_context(worker(url))
            until(lambda: ended(system, count), timeout=WORK_S, look=0.2)
            tasks = _all(system)
            first = min(one["started_at"] for one in tasks)
            last = max(one["ended_at"] for one in tasks)
            return count / ((last - first) / 1000)
    except (subprocess.SubprocessError, TimeoutError) as error:
        raise PeerFailed(str(error)) from error


@contextmanager
def server(url: str, workers: int) -> Iterator[ClaudeSystem]:
    """A server that takes no task itself, with queues open for so many workers."""
    with _home(url) as (home, env):
        env["CLAUDE_AGENT_SERVER_WORKERS"] = "0"
        subprocess.run([CLI, "up", "--detach", "--port", "0"], env=env, check=True, stdout=-3)
        try:
            for agent in AGENTS:  # the limit of a queue counts over all hosts
                limit = [CLI, "queue", "limit", agent, str(SLOTS * workers)]
                subprocess.run(limit, env=env, check=True, stdout=-3)
            yield connect(home)
        finally:
            subprocess.run([CLI, "down", "--stop-agents"], env=env, check=False, stdout=-3)


@contextmanager
def worker(url: str) -> Iterator[None]:
    """A worker process, a host of its own."""
    with _home(url) as (_, env):
        argv = [CLI, "worker", "--concurrency", str(SLOTS)]
        process = subprocess.Popen(argv, env=env, stdout=-3, stderr=-3)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _home(url: str) -> Iterator[tuple[Path, dict[str, str]]]:
    home = Path(tempfile.mkdtemp(prefix="ca-fleet-", dir="/tmp"))
    env = {
        **os.environ,
        "CLAUDE_AGENT_HOME": str(home),
        "CLAUDE_AGENT_HOST_ID": home.name,
        "CLAUDE_AGENT_SERVER_DATABASE_URL": url,
    }
    try:
        yield home, env
    finally:
        kill = ["tmux", "-S", str(home / "tmux.sock"), "kill-server"]
        subprocess.run(kill, check=False, stderr=-3)
        shutil.rmtree(home, ignore_errors=True)


def ended(system: ClaudeSystem, count: int) -> bool:
    """Return whether so many tasks are at their end."""
    counts = system.tasks.list(limit=1)["counts"]
    return sum(number for state, number in counts.items() if state in ENDED) >= count


def _all(system: ClaudeSystem) -> list[dict[str, int]]:
    found, cursor = [], None
    while True:
        page = system.tasks.list(limit=100, cursor=cursor)
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            return found
