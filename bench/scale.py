"""Past one machine, by measurement: more workers on one PostgreSQL, and the log's append ceiling.

Plain messages with 1, 2 and 4 worker processes (jobs that do nothing: how far one database
carries; jobs of 5 ms: whether more workers do more). Tasks of the whole product that sleep 2 s,
with 1, 2 and 4 `claude-agent worker`, each a host of its own with 15 slots. Appends of events by
1 to 32 writers in 1, 2 and 4 processes, in transactions of 1, 10 and 100: all of them pass the one
counter row that gives the log its order.

    python bench/scale.py [--small] [--jobs N] [--only workers tasks appends]
"""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from queue_peers import report
from queue_peers.fleet import SLOTS, tasks_per_second
from queue_peers.measures import THREADS, Stage
from queue_peers.process import PeerFailed
from queue_peers.systems import ON_POSTGRESQL, Site, System

WORKERS = (1, 2, 4)
WRITERS = ((1, 1), (1, 2), (1, 8), (1, 32), (2, 1), (2, 4), (2, 16), (4, 2), (4, 8))
"""Processes and threads in each: 1, 2, 8 and 32 writers."""
PRODUCT = "claude-agent, PostgreSQL"
SLEEP_S = 2.0
PARTS = ("workers", "tasks", "appends")
LOG = "the log, PostgreSQL"
BARE = "limit: PostgreSQL inserts without a counter row, as many writers"
Rates = dict[str, float]


def system(name: str, body: str) -> System:
    """Return something of ours on PostgreSQL."""
    return System(name=name, body=body, place="postgresql", ours=True, prepares=True)


def drained(site: Site, workers: int, jobs: int, job_ms: int) -> float:
    """Return messages a second of so many worker processes, from the first end to the last."""
    stage = Stage(site, system(ON_POSTGRESQL, "ours:Ours"), size=jobs)
    with stage.stack:
        stage.producer().ask("bulk", first=0, count=jobs)
        ready = [stage.stack.enter_context(stage.process(job_ms=job_ms)) for _ in range(workers)]
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda one: one.ask("start", threads=THREADS), ready))
        if not stage.marks.wait(0, jobs, timeout=120):
            message = f"{stage.marks.done_count(0, jobs)} of {jobs} jobs done after 120 s"
            raise PeerFailed(message)
        ends = stage.marks.done_at(range(jobs))
        return (jobs - 1) / (max(ends) - min(ends))


def appended(site: Site, body: str, processes: int, threads: int, jobs: int) -> float:
    """Return transactions a second of so many writers together."""
    stage = Stage(site, system(LOG, f"appends:{body}"), size=jobs)
    with stage.stack:
        writers = [stage.producer() for _ in range(processes)]
        share = jobs // processes

        def rate(number: int) -> float:
            asked = {"first": number * share, "count": share, "threads": threads}
            return float(writers[number].ask("enqueue", **asked)["rate"])

        with ThreadPoolExecutor(processes) as pool:
            return sum(pool.map(rate, range(processes)))


def tried(name: str, of: str, unit: str, measure: Callable[[], float]) -> float | None:
    """Return the figure; print a line with the reason when it could not be measured."""
    sys.stderr.write(f"bench: {name}\n")
    try:
        return measure()
    except (PeerFailed, OSError, ValueError) as error:
        report.line(name, None, unit, of=of, reason=str(error))
        return None


def workers(site: Site, jobs: int) -> list[tuple[str, float]]:
    """Print what more worker processes bring."""
    found = []
    for job_ms, what in ((0, "no-op"), (5, "5 ms")):
        alone = None
        for count in WORKERS:
            name = f"scale.workers_{count}.{what.replace(' ', '_')}"
            rate = tried(
                name, ON_POSTGRESQL, "jobs/s", lambda n=count, ms=job_ms: drained(site, n, jobs, ms)
            )
            if rate is None:
                continue
            found.append((f"{what} jobs/s, {count} worker processes", rate))
            alone = alone or rate
            more = {"peer": "the same, one worker", "peer_value": round(alone)}
            ratio = round(rate / alone, 2)
            report.line(name, round(rate), "jobs/s", of=ON_POSTGRESQL, ratio=ratio, **more)
    return found


def tasks(site: Site, count: int) -> list[tuple[str, float]]:
    """Print what more hosts bring for tasks."""
    found = []
    alone = None
    for hosts in WORKERS:
        name = f"scale.tasks_{hosts}_workers"

        def measure(number: int = hosts) -> float:
            url = site.space(system(PRODUCT, ""))
            return tasks_per_second(url, number, count, SLEEP_S)

        rate = tried(name, PRODUCT, "tasks/s", measure)
        if rate is None:
            continue
        found.append((f"tasks/s, {hosts} workers of {SLOTS} slots", rate))
        alone = alone or rate
        more = {"peer": "the same, one worker", "peer_value": round(alone, 1)}
        ratio = round(rate / alone, 2)
        report.line(name, round(rate, 1), "tasks/s", of=PRODUCT, ratio=ratio, **more)
    return found


def appends(site: Site, jobs: int) -> list[tuple[str, float]]:
    """Print the ceiling of the log, and what batches lift it to."""
    found = []
    for processes, threads in WRITERS:
        writers = f"{processes}x{threads}"
        bare = tried(
            f"scale.bare_{writers}",
            BARE,
            "1/s",
            lambda p=processes, t=threads: appended(site, "BareInserts", p, t, jobs),
        )
        if bare is not None:
            found.append((f"bare inserts/s, {writers} writers", bare))
        for body, batch in (("Appends", 1), ("TenAtOnce", 10), ("HundredAtOnce", 100)):
            name = f"scale.appends_{writers}_batch_{batch}"
            fewer = max(jobs // batch, processes * threads * 4)
            rate = tried(
                name,
                LOG,
                "events/s",
                lambda b=body, p=processes, t=threads, n=fewer: appended(site, b, p, t, n),
            )
            if rate is None:
                continue
            events = rate * batch
            found.append((f"events/s, {writers} writers, {batch} in a transaction", events))
            more: dict[str, object] = {"of": LOG, "peer": BARE}
            if bare:
                more |= {"peer_value": round(bare), "ratio": round(events / bare, 3)}
            report.line(name, round(events), "events/s", **more)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="few jobs")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    # Ended by somebody: the servers go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    jobs = options.jobs or (1_000 if options.small else 10_000)
    folder = Path(tempfile.mkdtemp(prefix="ca-scale-"))
    folder.chmod(0o755)  # the server runs as a user of its own
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        site = Site(folder)
        stack.callback(site.close)
        found = workers(site, jobs) if "workers" in options.only else []
        found += tasks(site, 60 if options.small else 240) if "tasks" in options.only else []
        found += appends(site, jobs) if "appends" in options.only else []
    for name, value in found:
        sys.stderr.write(f"{name:<50} {value:>10,.1f}\n")
    sys.stderr.write(report.machine() + "\n")


if __name__ == "__main__":
    main()
