"""Workflows of steps that do nothing, beside DBOS in the same run: what the engine itself costs.

Durable (SQLite, synchronous FULL), with full history, projections and the hash chain. For each
place: milliseconds a step of chains of ten one after the other, steps a second of many chains at
once, seconds of a fan-out and join. Of ours alone: a step in a long log beside a short one, submits
while a thousand executions are open, and how long a graph of 10,000 steps takes to compile.

    python bench/workflows.py [--quick] [--ours] [--only steps growth open compile]

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
import time
from collections.abc import Sequence
from pathlib import Path

from queue_peers.process import PeerFailed
from queue_peers.systems import ALL, DBOS_POSTGRESQL, DBOS_SQLITE, Site
from workflow_parts.engine import LENGTH, Engine, chain, step
from workflow_parts.load import SHORT_LOG, growth, open_at_once

Figures = dict[str, float]
PARTS = ("steps", "open", "compile", "growth")
GROWTH_CHAINS = 60
FLAT = 0.87


def ours(folder: Path, chains: int, at_once: int, width: int) -> Figures:
    """Measure the engine on SQLite."""
    engine = Engine(folder)
    try:
        ten = engine.define(chain())
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


def line(
    name: str,
    value: float,
    unit: str,
    goal: str,
    *,
    peer: tuple[str, float | None] | None = None,
    ratio: float | None = None,
) -> None:
    """Print one line; of a peer: its name and its value."""
    other = peer[1] if peer else None
    found = {
        "name": f"workflows: {name}",
        "value": round(value, 2),
        "unit": unit,
        "peer": peer[0] if peer else None,
        "peer_value": round(other, 2) if other else None,
        "ratio": round(ratio, 2) if ratio else None,
        "goal": goal,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
    }
    print(json.dumps(found), flush=True)


def report(found: Figures, peers: dict[str, Figures]) -> None:
    """Print one line for each figure and peer; a ratio above 1 says that we are faster."""
    for key, (name, unit, goal) in FIGURES.items():
        for peer, theirs in (peers or {"": {}}).items():
            value, other = found[key], theirs.get(key)
            better = None
            if other:
                better = value / other if unit == "steps/s" else other / value
            line(name, value, unit, goal, peer=(peer, other) if peer else None, ratio=better)


def compile_time(folder: Path, count: int) -> None:
    """Print how long a large graph takes from data to a compiled definition."""
    engine = Engine(folder)
    try:
        definition = {"name": "large", "steps": chain(count)}
        began = time.perf_counter()
        engine.engine.compile(definition)
        seconds = time.perf_counter() - began
    finally:
        engine.close()
    line(f"compile {count} steps", seconds, "s", "< 1 s for 10,000")


def steps(folder: Path, *, quick: bool, alone: bool) -> None:
    """Print what steps cost, beside DBOS unless we are to be alone."""
    numbers = (20, 100, 1000) if quick else (100, 100, 1000)
    site = Site(folder)
    peers: dict[str, Figures] = {}
    try:
        wanted = () if alone else (DBOS_SQLITE, DBOS_POSTGRESQL)
        for name in wanted[: 1 if quick else None]:
            try:
                peers[name] = dbos(site, name, numbers)
            except (PeerFailed, OSError, subprocess.SubprocessError) as error:
                sys.stderr.write(f"bench: {name}: {error}\n")
        report(ours(made(folder, "steps"), *numbers), peers)
    finally:
        site.close()


def long_log(folder: Path, events: int) -> None:
    """Print what a step costs in a long log beside a short one."""
    long, short = growth(folder, events, GROWTH_CHAINS)
    name = f"chain of 10, per step, {events:,} events in the log"
    goal = f"ratio >= {FLAT}: flat within 15 %"
    line(name, long, "ms", goal, peer=(f"{SHORT_LOG:,} events", short), ratio=short / long)


def many_open(folder: Path, count: int) -> None:
    """Print how long submits take until so many executions are open, and how many are lost."""
    p99, lost = open_at_once(folder, count)
    line(f"submit p99, {count:,} executions open at once", p99, "ms", "<= 50 ms")
    line(f"lost of {count:,} executions open at once", lost, "executions", "0")


def made(folder: Path, name: str) -> Path:
    """Return a new folder in a folder."""
    (folder / name).mkdir()
    return folder / name


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less; DBOS on SQLite alone")
    parser.add_argument("--ours", action="store_true", help="without DBOS")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ca-workflows-"))
    folder.chmod(0o755)
    try:
        if "steps" in options.only:
            steps(folder, quick=options.quick, alone=options.ours)
        if "open" in options.only:
            many_open(made(folder, "open"), 1_000)
        if "compile" in options.only:
            compile_time(made(folder, "compile"), 10_000)
        if "growth" in options.only:
            long_log(made(folder, "growth"), 100_000 if options.quick else 1_000_000)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
