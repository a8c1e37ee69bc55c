"""Workflows of steps that do nothing, beside DBOS in the same run: what the engine itself costs.

Durable (SQLite, synchronous FULL), with full history, projections and the hash chain. For each
place: milliseconds a step of chains of ten one after the other, steps a second of many chains at
once, seconds of a fan-out and join; and how long a graph of 10,000 steps takes to compile.

    python bench/workflows.py [--quick] [--ours]

`--ours`: without DBOS. One JSON line each: `{name, value, unit, peer, peer_value, ratio, goal,
machine}`. Nothing here is a test.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from queue_peers.process import PeerFailed
from queue_peers.systems import ALL, DBOS_POSTGRESQL, DBOS_SQLITE, Site

from claude_agent.clock import SystemClock
from claude_agent.core.catalogue import AgentInfo, Catalogue
from claude_agent.core.claims import Claims, WorkerIdentity, layout
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.execution_links import ExecutionLinks
from claude_agent.core.foundation import Foundation
from claude_agent.core.in_worker import InWorker
from claude_agent.core.log_follower import LogFollower
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.workflow_engine import WorkflowEngine
from claude_agent.domain.definition import ActionSpec
from claude_agent.domain.routing import Route
from claude_agent.ids_source import IdSource
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.notifiers.local import LocalNotifier

LENGTH = 10
WAIT_S = 120.0
Figures = dict[str, float]


class Engine:
    """The core of a server: everything but agents, windows and the gateway."""

    def __init__(self, folder: Path) -> None:
        self.database = open_sqlite(str(folder / "bench.db"))
        clock = SystemClock()
        ids, notifier = IdSource(clock), LocalNotifier()
        info = AgentInfo(
            name="master", queue="master", slots=4, adapter="shell", takes_prompt=False
        )
        catalogue = Catalogue(
            agents={"master": info},
            actions={"noop": ActionSpec(name="noop", idempotent=True)},
            route=lambda _: Route(agent="master", reason="the only one"),
        )
        foundation = Foundation(
            database=self.database, clock=clock, ids=ids, notifier=notifier, catalogue=catalogue
        )
        desk = TaskDesk(clock, ids, notifier)
        executions = ExecutionDesk(desk, catalogue)
        self.follower = LogFollower(self.database)
        links = ExecutionLinks(foundation, desk, executions, folder / "workspaces")
        self.engine = WorkflowEngine(
            foundation,
            desk=desk,
            executions=executions,
            follower=self.follower,
            starts=links.starts,
        )
        me = WorkerIdentity(id="bench", host="here", boot_id="boot", pid=os.getpid())
        claims = Claims(
            database=self.database, desk=desk, clock=clock, notifier=notifier, identity=me
        )
        claims.register(layout(8, ["master"]), catalogue)
        self._in_worker = InWorker(self.database, desk, claims)
        self._in_worker.start()

    def define(self, steps: Sequence[dict[str, Any]]) -> str:
        """Store a workflow; return its hash."""
        return self.engine.define_workflow({"name": f"w{len(steps)}", "steps": list(steps)})

    def run(self, digest: str, times: int = 1) -> float:
        """Start executions at once; return the seconds until all of them have succeeded."""
        done = threading.Event()

        def seen(_: int) -> None:
            done.set()

        end = self.database.subscribe(seen)
        began = time.perf_counter()
        open_ones = [self.engine.execute(digest) for _ in range(times)]
        while open_ones and time.perf_counter() - began < WAIT_S:
            done.clear()
            last = self.database.read(lambda r: r.row("executions.by_id", id=open_ones[-1]))
            if last is not None and last["ended_at"] is not None:
                open_ones.pop()
            else:
                done.wait(1.0)
        seconds = time.perf_counter() - began
        end()
        if open_ones:
            message = f"{len(open_ones)} executions did not end"
            raise RuntimeError(message)
        return seconds

    def close(self) -> None:
        """End it."""
        self._in_worker.stop()
        self.follower.close()
        self.database.close()


def step(name: str, *depends_on: str) -> dict[str, Any]:
    """Return a step that does nothing."""
    return {"id": name, "agent": "master", "action": "noop", "depends_on": list(depends_on)}


def ours(folder: Path, chains: int, at_once: int, width: int) -> Figures:
    """Measure the engine on SQLite."""
    engine = Engine(folder)
    try:
        ten = engine.define([step(f"s{n}", *[f"s{n - 1}"] * (n > 0)) for n in range(LENGTH)])
        names = [f"s{n}" for n in range(width)]
        fan = engine.define([*map(step, names), step("join", *names)])
        engine.run(ten)
        alone = statistics.median(engine.run(ten) for _ in range(chains))
        return {
            "chain_ms": alone * 1000 / LENGTH,
            "steps_s": at_once * LENGTH / engine.run(ten, at_once),
            "fan_s": engine.run(fan),
        }
    finally:
        engine.close()


def dbos(site: Site, name: str, numbers: Sequence[int]) -> Figures:
    """Measure DBOS on SQLite or PostgreSQL. Raises `PeerFailed`."""
    system = next(one for one in ALL if one.name == name)
    program = Path(__file__).parent / "queue_peers" / "dbos_workflows.py"
    words = [site.python(system), str(program), site.space(system), *map(str, numbers)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise PeerFailed(done.stderr.strip().splitlines()[-1] if done.stderr else "it failed")
    found: Figures = json.loads(done.stdout.strip().splitlines()[-1])
    return found


FIGURES = {
    "chain_ms": ("chain of 10, per step", "ms", "<= 1.2 ms; >= 2x DBOS SQLite"),
    "steps_s": ("100 chains at once", "steps/s", ">= 2000; >= 6x DBOS SQLite"),
    "fan_s": ("1,000-way fan-out and join", "s", "<= 0.5 s; >= 5x DBOS"),
}


def report(found: Figures, peers: dict[str, Figures]) -> None:
    """Print one line for each figure and peer; a ratio above 1 says that we are faster."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    for key, (name, unit, goal) in FIGURES.items():
        for peer, theirs in (peers or {"": {}}).items():
            value, other = found[key], theirs.get(key)
            better = None
            if other:
                better = value / other if unit == "steps/s" else other / value
            line = {
                "name": f"workflows: {name}",
                "value": round(value, 2),
                "unit": unit,
                "peer": peer or None,
                "peer_value": round(other, 2) if other else None,
                "ratio": round(better, 1) if better else None,
                "goal": goal,
                "machine": machine,
            }
            print(json.dumps(line), flush=True)


def compile_time(count: int) -> None:
    """Print how long a large graph takes from data to a compiled definition."""
    folder = Path(tempfile.mkdtemp(prefix="ca-workflows-"))
    engine = Engine(folder)
    try:
        steps = [step(f"s{n}", *[f"s{n - 1}"] * (n > 0)) for n in range(count)]
        began = time.perf_counter()
        engine.engine.compile({"name": "large", "steps": steps})
        seconds = time.perf_counter() - began
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)
    line = {"name": f"workflows: compile {count} steps", "value": round(seconds, 2), "unit": "s"}
    rest = {"peer": None, "peer_value": None, "ratio": None, "goal": "< 1 s for 10,000"}
    print(json.dumps(line | rest | {"machine": platform.machine()}), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer chains; DBOS on SQLite alone")
    parser.add_argument("--ours", action="store_true", help="without DBOS")
    options = parser.parse_args()
    numbers = (20, 100, 1000) if options.quick else (100, 100, 1000)
    folder = Path(tempfile.mkdtemp(prefix="ca-workflows-"))
    folder.chmod(0o755)
    site = Site(folder)
    peers: dict[str, Figures] = {}
    try:
        wanted = () if options.ours else (DBOS_SQLITE, DBOS_POSTGRESQL)
        for name in wanted[: 1 if options.quick else None]:
            try:
                peers[name] = dbos(site, name, numbers)
            except (PeerFailed, OSError, subprocess.SubprocessError) as error:
                sys.stderr.write(f"bench: {name}: {error}\n")
        (folder / "ours").mkdir()
        report(ours(folder / "ours", *numbers), peers)
    finally:
        site.close()
        shutil.rmtree(folder, ignore_errors=True)
    compile_time(10_000)


if __name__ == "__main__":
    main()
