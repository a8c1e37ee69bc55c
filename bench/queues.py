"""The queue beside what somebody would pick instead: same jobs, same run, same machine.

200-byte jobs, one producer process, one worker process with 8 threads. For each queue: enqueue
one at a time and in bulk, drain, both at once, latency of an idle worker, `kill -9` of the worker
at 30 %, memory, processor time; for our broker and Huey once more on a disk whose every fsync
takes 2 ms longer. The peers are installed into `bench/.peers`, their servers started here.

    python bench/queues.py [--quick] [--only TEXT ...] [--rounds N] [--jobs N]
"""

import argparse
import dataclasses
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from queue_peers import report
from queue_peers.measures import (
    FULL,
    QUICK,
    Figures,
    Plan,
    build_slow_fsync,
    campaign,
    killed,
    slow_disk,
)
from queue_peers.process import PeerFailed
from queue_peers.systems import ALL, HUEY, STRICT, Site, System

Results = dict[str, list[Figures]]


class Run:
    """One run over the chosen queues, in rounds, so that a noisy moment hits all of them."""

    def __init__(self, site: Site, chosen: list[System], plan: Plan) -> None:
        self._site, self._chosen, self._plan = site, chosen, plan
        self.results: Results = {}
        self.failed: dict[str, str] = {}

    def everything(self) -> None:
        """Measure all rounds; a queue that cannot be measured is left out with its reason."""
        for _ in range(self._plan.rounds):
            for system in self._chosen:
                self._try(system, lambda one: campaign(self._site, one, self._plan))
        for system in self._chosen:
            if "kill" in system.what:
                self._try(system, lambda one: killed(self._site, one, self._plan))
        try:
            library = build_slow_fsync(self._site.folder)
        except PeerFailed as error:
            self.failed["slow disk"] = str(error)
            return
        for system in self._chosen:
            if system.name in {STRICT, HUEY}:
                self._try(system, lambda one: slow_disk(self._site, one, self._plan, library))

    def _try(self, system: System, measure: Callable[[System], Figures]) -> None:
        sys.stderr.write(f"bench: {system.name}\n")
        try:
            self.results.setdefault(system.name, []).append(measure(system))
        except (PeerFailed, OSError, ValueError) as error:
            self.failed.setdefault(system.name, str(error) or type(error).__name__)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few jobs; SQLite, Redis, limits")
    parser.add_argument("--only", nargs="*", default=[], help="queues whose name holds this text")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    # Ended by somebody: the servers go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = QUICK if options.quick else FULL
    plan = dataclasses.replace(
        plan, rounds=options.rounds or plan.rounds, jobs=options.jobs or plan.jobs
    )
    wanted = [one.casefold() for one in options.only]
    chosen = [
        one
        for one in ALL
        if (one.quick or not options.quick)
        and (not wanted or any(text in one.name.casefold() for text in wanted))
    ]
    folder = Path(tempfile.mkdtemp(prefix="ca-queues-"))
    folder.chmod(0o755)
    site = Site(folder)
    try:
        run = Run(site, chosen, plan)
        run.everything()
    finally:
        site.close()
        if not os.environ.get("BENCH_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
    names = [one.name for one in chosen]
    report.lines(run.results, run.failed, names)
    report.table(run.results, run.failed, names)


if __name__ == "__main__":
    main()
