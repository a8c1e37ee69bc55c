"""The process of a producer or a worker: does what the bench writes to its standard input.

    python -m queue_peers.program '{"body": ..., "url": ..., "marks": ..., "size": ...}'

Each line in is `{"do": name, ...}`, each line out `{"ok": ..., ...}` or `{"error": text}`.
Runs in the Python of the queue under measurement, so it needs the standard library alone.
"""

import importlib
import json
import logging
import os
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queue_peers.adapter import Adapter, NotOffered
from queue_peers.marks import Marks

if TYPE_CHECKING:
    from collections.abc import Callable

BULK = 1_000
"""So many jobs go in one bulk call."""


class Program:
    """One adapter and what may be asked of it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._marks = Marks(Path(config["marks"]), config["size"])
        self._job_s = config["job_ms"] / 1000
        self._pause = threading.Event()
        module, _, name = config["body"].partition(":")
        made: type[Adapter] = getattr(importlib.import_module(f"queue_peers.bodies.{module}"), name)
        self._adapter = made(config["url"], self._job)
        self.asks: dict[str, Callable[..., dict[str, Any]]] = {
            "prepare": self.prepare,
            "enqueue": self.enqueue,
            "bulk": self.bulk,
            "latency": self.latency,
            "start": self.start,
            "stop": self.stop,
        }

    def _job(self, number: int) -> None:
        if self._job_s:
            self._pause.wait(self._job_s)
        self._marks.done(number)

    def prepare(self) -> dict[str, Any]:
        """Make what the queue needs to exist."""
        self._adapter.prepare()
        return {}

    def start(self, threads: int) -> dict[str, Any]:
        """Begin to work."""
        self._adapter.start(threads)
        return {}

    def stop(self) -> dict[str, Any]:
        """Stop working, or sending."""
        self._adapter.stop()
        return {}

    def enqueue(self, first: int, count: int, threads: int = 1) -> dict[str, Any]:
        """Send one by one, from so many threads; return jobs a second."""
        self._send(first)  # connections are made with the first; every measured job is warm
        if threads == 1:
            began = time.perf_counter()
            self._send_all(range(first + 1, first + count))
        else:
            lots = [range(first + 1 + n, first + count, threads) for n in range(threads)]
            with ThreadPoolExecutor(threads) as pool:
                began = time.perf_counter()
                list(pool.map(self._send_all, lots))
        return {"rate": (count - 1) / (time.perf_counter() - began)}

    def _send(self, number: int) -> None:
        self._marks.sent(number)
        self._adapter.send(number)

    def _send_all(self, numbers: range) -> None:
        for number in numbers:
            self._send(number)

    def bulk(self, first: int, count: int) -> dict[str, Any]:
        """Send in bulk; return jobs a second."""
        self._adapter.send_many([first])
        began = time.perf_counter()
        for start in range(first + 1, first + count, BULK):
            self._adapter.send_many(range(start, min(start + BULK, first + count)))
        return {"rate": (count - 1) / (time.perf_counter() - began)}

    def latency(self, first: int, count: int, seconds: float) -> dict[str, Any]:
        """Send one at a time to an idle worker, at odd moments; return how many went through."""
        odds = random.Random(first)  # noqa: S311 - the same moments for every queue
        end = time.monotonic() + seconds
        through = 0
        while through < count and (through < 1 or time.monotonic() < end):
            self._send(first + through)
            if not self._marks.wait(first + through, 1, timeout=20):
                break
            through += 1
            self._pause.wait(odds.uniform(0.02, 0.28))
        return {"through": through}


def main() -> None:
    """Answer line by line until the input ends."""
    logging.basicConfig(level=logging.ERROR)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer

    def answer(found: dict[str, Any]) -> None:
        answers.write(json.dumps(found) + "\n")
        answers.flush()

    try:
        program = Program(json.loads(sys.argv[1]))
        answer({"ok": "here"})
        for line in sys.stdin:
            ask = json.loads(line)
            try:
                answer({"ok": ask["do"], **program.asks[ask.pop("do")](**ask)})
            except NotOffered as error:
                answer({"error": str(error)})
    except NotOffered as error:
        answer({"error": str(error)})
    os._exit(0)  # some libraries keep threads that would hold the process


if __name__ == "__main__":
    main()
