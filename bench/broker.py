"""How fast DatabaseBroker enqueues and drains, beside what bounds it, measured in the same run.

Prints one JSON line each for `drain` (peer: Dramatiq's own in-memory StubBroker under the same
worker) and `enqueue` (peer: raw SQLite inserts with synchronous=FULL, one for each commit).
"""

import argparse
import json
import platform
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.brokers.stub import StubBroker

from claude_agent.queue import DatabaseBroker

PAYLOAD = "x" * 120
"""Makes a message of about 200 bytes of arguments and name."""
THREADS = 8


def drain(broker: dramatiq.Broker, count: int) -> float:
    """Return messages a second from the worker's start to the last handler's end."""
    left = threading.Semaphore(0)

    @dramatiq.actor(broker=broker, actor_name="noop")
    def noop(_: str) -> None:
        left.release()

    fill(noop, count)
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=100)
    started = time.perf_counter()
    worker.start()
    for _ in range(count):
        left.acquire()
    took = time.perf_counter() - started
    worker.stop()
    broker.close()
    return count / took


def fill(actor: Any, count: int) -> None:
    """Store the messages; how long it takes is not measured."""
    threads = [
        threading.Thread(target=lambda: [actor.send(PAYLOAD) for _ in range(count // 16)])
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(count % 16):
        actor.send(PAYLOAD)


def enqueue(path: Path, count: int) -> float:
    """Return messages a second of one producer, each durable before the next."""
    broker = DatabaseBroker(path)

    @dramatiq.actor(broker=broker, actor_name="noop")
    def noop(_: str) -> None: ...

    started = time.perf_counter()
    for _ in range(count):
        noop.send(PAYLOAD)
    took = time.perf_counter() - started
    broker.close()
    return count / took


def raw_inserts(path: Path, count: int) -> float:
    """Return rows a second of bare SQLite: FULL, one commit each."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE raw (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
    started = time.perf_counter()
    for number in range(count):
        connection.execute("INSERT INTO raw VALUES (?, ?)", (f"{number:036}", PAYLOAD * 2))
    took = time.perf_counter() - started
    connection.close()
    return count / took


def compare(name: str, pair: tuple[Callable[[], float], Callable[[], float]], rounds: int) -> str:
    """Run subject and peer in turn; return the JSON line with the medians."""
    subject, peer = pair
    runs = [(subject(), peer()) for _ in range(rounds)]
    value = statistics.median(run[0] for run in runs)
    bound = statistics.median(run[1] for run in runs)
    peer_name, goal = {
        "broker.drain": ("dramatiq StubBroker (in memory)", 0.60),
        "broker.enqueue": ("raw SQLite FULL insert", 0.75),
    }[name]
    line = {
        "name": name,
        "value": round(value),
        "unit": "messages/s",
        "peer": peer_name,
        "peer_value": round(bound),
        "ratio": round(value / bound, 3),
        "goal": goal,
        "machine": f"{platform.machine()} python {platform.python_version()}",
    }
    return json.dumps(line)


def main() -> None:
    """Measure what is asked for and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["drain", "enqueue"])
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    count = options.count
    with tempfile.TemporaryDirectory() as folder:
        number = iter(range(1_000))

        def fresh() -> Path:
            return Path(folder) / f"{next(number)}.db"

        pairs: dict[str, tuple[Callable[[], float], Callable[[], float]]] = {
            "drain": (
                lambda: drain(DatabaseBroker(fresh()), count),
                lambda: drain(StubBroker(), count),
            ),
            "enqueue": (
                lambda: enqueue(fresh(), count),
                lambda: raw_inserts(fresh(), count),
            ),
        }
        for what in options.what:
            sys.stdout.write(compare(f"broker.{what}", pairs[what], options.rounds) + "\n")


if __name__ == "__main__":
    main()
