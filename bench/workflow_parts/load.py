"""What a step costs in a long log, and what a submit takes while many executions are open."""

import statistics
import threading
import time
from collections import deque
from functools import partial
from pathlib import Path

from claude_agent.clock import SystemClock
from claude_agent.domain.copying import replace
from claude_agent.domain.events import Event
from claude_agent.domain.execution import Execution
from claude_agent.domain.ids import REF_LONGEST, ref_of
from claude_agent.domain.task import Task
from claude_agent.ids_source import IdSource
from claude_agent.storage import execution_rows, log, task_rows
from claude_agent.storage.database import Reader, Tx
from workflow_parts.engine import LENGTH, Engine, chain, step

SHORT_LOG = 1_000
IN_ONE = 40
"""Executions that are copied in one transaction."""
CLIENTS = 8


class Filler:
    """Fills a log with copies of what one execution of ten steps left: events and rows."""

    def __init__(self, engine: Engine) -> None:
        self._database = engine.database
        self._ids = IdSource(SystemClock())
        execution = engine.engine.execute(engine.define(chain()))
        engine.wait_for({execution})
        self._run, self._tasks, self._events = self._database.read(lambda r: _of(r, execution))

    def fill(self, count: int) -> None:
        """Append until the log has `count` events, or a few more."""
        while (left := count - self.length()) > 0:
            times = min(IN_ONE, -(-left // len(self._events)))
            self._database.write(partial(self._copy, times=times), durable=False)

    def length(self) -> int:
        """Return how many events the log has."""
        return self._database.read(log.head).pos

    def _copy(self, tx: Tx, times: int) -> None:
        for _ in range(times):
            run = self._run.draft()
            run.id, run.ref = self._names()
            execution_rows.insert(tx, run, deadline_at=None)
            streams = {self._run.stream: run.stream}
            for task in self._tasks:
                new, ref = self._names()
                copy = replace(task, id=new, ref=ref, spec=replace(task.spec, execution_id=run.id))
                streams[task.stream] = copy.stream
                tx.execute("tasks.insert", **task_rows.to_row(copy))
                tx.execute("tasks.insert_spec", id=new, spec="{}")
            tx.append([replace(one, stream=streams[one.stream]) for one in self._events])

    def _names(self) -> tuple[str, str]:
        new = self._ids.new()
        return new, ref_of(new, REF_LONGEST)


def _of(reader: Reader, execution: str) -> tuple[Execution, list[Task], list[Event]]:
    run = execution_rows.load(reader, execution)
    found = [task_rows.peek(reader, one.task_id) for one in run.steps.values()] if run else []
    tasks = [task for task in found if task is not None]
    if run is None or len(tasks) != LENGTH:
        message = f"execution {execution} is not what it should be"
        raise RuntimeError(message)
    streams = [run.stream, *(task.stream for task in tasks)]
    events = [one.event for stream in streams for one in log.of_stream(reader, stream)]
    return run, tasks, events


def growth(folder: Path, events: int, chains: int) -> tuple[float, float]:
    """Return ms a step of chains of ten in a log of `events` events, and in a short one.

    Chains run in turn on both, so that a busy moment of the machine hits both.
    """
    engines = []
    try:
        for name, count in (("long", events), ("short", SHORT_LOG)):
            (folder / name).mkdir()
            engines.append(Engine(folder / name))
            Filler(engines[-1]).fill(count)
        works = [(engine, engine.define(chain())) for engine in engines]
        found: list[list[float]] = [[], []]
        for _ in range(chains):
            for times, (engine, digest) in zip(found, works, strict=True):
                times.append(engine.run(digest) * 1000 / LENGTH)
        return statistics.median(found[0][1:]), statistics.median(found[1][1:])
    finally:
        for engine in engines:
            engine.close()


def open_at_once(folder: Path, count: int) -> tuple[float, int]:
    """Return ms (99th percentile) of submits until `count` executions are open; how many are lost.

    Eight clients submit. Each execution does a step, waits for a signal, and does another one;
    those are sent once all are open. Whatever has not succeeded then is lost.
    """
    engine = Engine(folder)
    try:
        steps = [
            step("a"),
            {"id": "w", "type": "wait", "wait": {"signal": "go"}, "depends_on": ["a"]},
        ]
        digest = engine.define([*steps, step("z", "w")])
        waiting, taken = deque(range(count)), list[tuple[str, float]]()

        def client() -> None:
            while True:
                try:
                    waiting.pop()
                except IndexError:
                    return
                began = time.perf_counter()
                execution = engine.engine.execute(digest)
                taken.append((execution, time.perf_counter() - began))

        clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        was_open = sum(engine.counts().values()) - engine.counts().get("succeeded", 0)
        if was_open != count:
            message = f"{was_open} of {count} executions were open at once"
            raise RuntimeError(message)
        ids = {execution for execution, _ in taken}
        for execution in ids:
            engine.signal(execution, "go")
        engine.wait_for(ids)
        lost = count - engine.counts().get("succeeded", 0)
        took = sorted(seconds for _, seconds in taken)
        return took[len(took) * 99 // 100] * 1000, lost
    finally:
        engine.close()
