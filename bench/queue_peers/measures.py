"""What is measured: one campaign over a queue brings all its figures of one round."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from queue_peers.marks import Marks
from queue_peers.process import PeerFailed, Process
from queue_peers.systems import BENCH, Site, System

THREADS = 8
Figures = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    jobs: int
    latencies: int
    latency_s: float
    """No more latencies are taken from a queue after so long."""
    idle_s: float
    killed_jobs: int
    killed_limit_s: float
    """After so long what is not done counts as lost."""
    slow_jobs: int
    rounds: int
    killed_job_ms: int = 5


QUICK = Plan(
    jobs=2_000,
    latencies=15,
    latency_s=3,
    idle_s=1,
    killed_jobs=400,
    killed_limit_s=3,
    slow_jobs=600,
    rounds=1,
)
FULL = Plan(
    jobs=10_000,
    latencies=80,
    latency_s=15,
    idle_s=10,
    killed_jobs=1_000,
    killed_limit_s=40,
    slow_jobs=3_000,
    rounds=3,
)


class Stage:
    """A place for one queue, with the processes started on it."""

    def __init__(
        self, site: Site, system: System, *, size: int, env: dict[str, str] | None = None
    ) -> None:
        self._system = system
        self._env = env or {}
        self._python = site.python(system)
        self._url = site.space(system)
        self._path = site.file("marks")
        self._log = site.file("log")
        self._size = size
        self.marks = Marks(self._path, size)
        self.stack = ExitStack()
        if system.prepares:
            with self.process() as preparing:
                preparing.ask("prepare")

    def process(self, *, job_ms: int = 0) -> Process:
        """Start a process that can be producer or worker."""
        config = {
            "body": self._system.body,
            "url": self._url,
            "marks": str(self._path),
            "size": self._size,
            "job_ms": job_ms,
        }
        return Process(self._python, config, log=self._log, env=self._env)

    def worker(self, *, job_ms: int = 0) -> Process:
        """Start a worker; it works when this returns."""
        worker = self.stack.enter_context(self.process(job_ms=job_ms))
        worker.ask("start", threads=THREADS)
        return worker

    def producer(self) -> Process:
        """Start a producer."""
        return self.stack.enter_context(self.process())


@contextmanager
def stage(
    site: Site, system: System, *, size: int, env: dict[str, str] | None = None
) -> Iterator[Stage]:
    """Make a stage; kill its processes afterwards."""
    made = Stage(site, system, size=size, env=env)
    with made.stack:
        yield made


def campaign(site: Site, system: System, plan: Plan) -> Figures:
    """Measure one queue in one round. Raises `PeerFailed`."""
    if system.alone:
        return _limit(site, system, plan)
    jobs = plan.jobs // system.slow
    figures: Figures = {}
    with stage(site, system, size=3 * jobs + plan.latencies) as it:
        producer = it.producer()
        figures["enqueue"] = producer.ask("enqueue", first=0, count=jobs)["rate"]
        worker = _drained(site, system, it, jobs, figures)
        if "latency" in system.what:
            _idle(site, system, worker, plan.idle_s, figures)
            _latency(it, producer, jobs, plan, figures)
        if "both" in system.what:
            first = jobs + plan.latencies
            producer.ask("enqueue", first=first, count=jobs)
            _finish(it, first, jobs)
            figures["both"] = jobs / _span(it, first, jobs)
        worker.kill()
        if "bulk" in system.what:
            _bulk(producer, 2 * jobs + plan.latencies, jobs, figures)
    return figures


def _drained(
    site: Site, system: System, it: Stage, jobs: int, figures: Figures, *, name: str = "drain"
) -> Process:
    worker = it.stack.enter_context(it.process())
    before = worker.cpu()
    worker.ask("start", threads=THREADS)
    _finish(it, 0, jobs)
    figures[f"{name}_cpu"] = (worker.cpu() - before) / jobs * 1_000
    figures["rss"] = worker.rss_mb()
    if server := site.server(system):
        figures["server_rss"] = server.memory_mb()
    ends = it.marks.done_at(range(jobs))
    # From the first end to the last: nobody's way of starting is part of the rate.
    figures[name] = (jobs - 1) / (max(ends) - min(ends))
    return worker


def _finish(it: Stage, first: int, jobs: int) -> None:
    if not it.marks.wait(first, jobs, timeout=120):
        message = f"{it.marks.done_count(first, jobs)} of {jobs} jobs done after 120 s"
        raise PeerFailed(message)


def _span(it: Stage, first: int, jobs: int) -> float:
    return max(it.marks.done_at(range(first, first + jobs))) - it.marks.sent_at([first])[0]


def _idle(site: Site, system: System, worker: Process, seconds: float, figures: Figures) -> None:
    pause = threading.Event()
    pause.wait(0.5)
    server = site.server(system)
    before, server_before = worker.cpu(), server.cpu() if server else 0.0
    pause.wait(seconds)
    used = worker.cpu() - before + (server.cpu() - server_before if server else 0.0)
    figures["idle_cpu"] = used / seconds * 100


def _latency(it: Stage, producer: Process, first: int, plan: Plan, figures: Figures) -> None:
    asked = {"first": first, "count": plan.latencies, "seconds": plan.latency_s}
    through = producer.ask("latency", **asked)["through"]
    if not through:
        message = "a job sent to its idle worker was not done"
        raise PeerFailed(message)
    numbers = range(first, first + through)
    pairs = zip(it.marks.sent_at(numbers), it.marks.done_at(numbers), strict=True)
    times = sorted((done - sent) * 1_000 for sent, done in pairs)
    figures["latency_p50"] = times[len(times) // 2]
    figures["latency_p99"] = times[min(int(len(times) * 0.99), len(times) - 1)]


def _bulk(producer: Process, first: int, jobs: int, figures: Figures) -> None:
    try:
        figures["bulk"] = producer.ask("bulk", first=first, count=jobs)["rate"]
    except PeerFailed:
        return  # it has none: that is no failure of the rest


def _limit(site: Site, system: System, plan: Plan) -> Figures:
    figures: Figures = {}
    with stage(site, system, size=plan.jobs) as it:
        both = it.producer()
        figures["enqueue"] = both.ask("enqueue", first=0, count=plan.jobs)["rate"]
        if "drain" in system.what:
            both.ask("start", threads=THREADS)
            _finish(it, 0, plan.jobs)
            ends = it.marks.done_at(range(plan.jobs))
            figures["drain"] = (plan.jobs - 1) / (max(ends) - min(ends))
    return figures


def killed(site: Site, system: System, plan: Plan) -> Figures:
    """Kill -9 the worker at 30 % of the jobs, start another; how long, and how many never came."""
    jobs = plan.killed_jobs
    with stage(site, system, size=jobs) as it:
        it.producer().ask("enqueue", first=0, count=jobs)
        worker = it.worker(job_ms=plan.killed_job_ms)
        if not it.marks.wait(0, jobs, share=0.3, timeout=60):
            message = "30 % were not done after 60 s"
            raise PeerFailed(message)
        worker.kill()
        left = [number for number, times in enumerate(it.marks.counts(0, jobs)) if not times]
        second = it.stack.enter_context(it.process(job_ms=plan.killed_job_ms))
        it.marks.sent(0)  # from here on: the new worker is told to start
        began = it.marks.sent_at([0])[0]
        second.ask("start", threads=THREADS)
        it.marks.wait(0, jobs, timeout=plan.killed_limit_s)
        lost = jobs - it.marks.done_count(0, jobs)
        figures = {"killed_lost": float(lost)}
        if not lost:
            figures["killed_done_s"] = max(it.marks.done_at(left)) - began
        return figures


def slow_disk(site: Site, system: System, plan: Plan, library: Path) -> Figures:
    """Drain, and submit from 1 and from 32 threads, while each fsync takes 2 ms more."""
    jobs, figures = plan.slow_jobs, Figures()
    env = {"LD_PRELOAD": str(library)}
    with stage(site, system, size=jobs, env=env) as it:
        producer, few = it.producer(), jobs // 4
        one = producer.ask("enqueue", first=0, count=few)["rate"]
        many = producer.ask("enqueue", first=few, count=jobs - few, threads=32)["rate"]
        figures |= {"slow_enqueue_1": one, "slow_enqueue_32": many}
        _drained(site, system, it, jobs, figures, name="slow_drain")
    return figures


def build_slow_fsync(folder: Path) -> Path:
    """Compile the library that makes fsync slow. Raises `PeerFailed`."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        message = "there is no C compiler"
        raise PeerFailed(message)
    made = folder / "slow_fsync.so"
    argv = [compiler, "-shared", "-fPIC", "-O2", "-o", str(made), str(BENCH / "slow_fsync.c")]
    done = subprocess.run([*argv, "-ldl"], capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"slow_fsync.c did not compile: {done.stderr.strip()[-200:]}"
        raise PeerFailed(message)
    return made
