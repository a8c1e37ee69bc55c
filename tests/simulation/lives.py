"""Lives of one server: each a process of its own on one file, the earlier ones ended by SIGKILL.

The core and the database are the real ones; runs are simulated. A run has begun once it stands in
the ledger: then it lives on whatever becomes of the server, as under a shim.
"""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from typing_extensions import override

from claude_agent.domain.approval_policy import Policy
from claude_agent.domain.task import Task
from claude_agent.storage import log, rebuild
from claude_agent.storage.database import Database, Tx
from claude_agent.storage.databases.sqlite import SqliteDatabase
from tests.unit.core.stand import NO, Stand

T = TypeVar("T")
Act = Callable[[Stand], bool]
"""What a person does: True where it is done already; else it is tried."""
Fails = Callable[[str, int], bool]
"""(what runs, how often it has begun): whether this run fails."""
ROUNDS = 80
AGAIN = {
    *("task.claimed", "task.starting", "task.started", "task.released", "task.adopted"),
    *("step.started", "execution.waiting", "execution.resumed", "schedule.moved"),
}
"""Events that a death may bring about once more, without anything being done twice."""


def die() -> None:
    """End this process as the kernel does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Story:
    """What people want, in order, and which runs fail."""

    def __init__(
        self,
        *acts: Act,
        about: str,
        fails: Fails = lambda what, n: False,  # noqa: ARG005 - nothing fails
        policy: Policy = Policy(),  # noqa: B008 - frozen
    ) -> None:
        self.acts, self.fails, self.policy = acts, fails, policy
        self.about = set(about.split())
        """Events that are said in the transactions around which it dies."""


class Dying(SqliteDatabase):
    """A database whose process dies at a transaction."""

    def __init__(self, path: Path, life: "Life") -> None:
        super().__init__(path, durable=False)
        self._life = life

    @override
    def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        at, before = self._life.count(), self.read(log.head).pos

        def deadly(tx: Tx) -> T:
            if at == "after":
                tx.after_commit(die)  # before anybody is rung
            done = work(tx)
            if at == "before":
                die()
            return done

        done = super().write(deadly, durable=durable)
        if self._life.counts:
            said = {one.event.type for one in self.read(lambda r: log.after(r, before, 1_000))}
            self._life.labels.append(f"{work.__qualname__}|{' '.join(sorted(said))}")
        return done


class Life(Stand):
    """One server process, which dies at a transaction: `(number, "before" or "after")`."""

    def __init__(self, folder: Path, story: Story, number: int, dies: tuple[int, str]) -> None:
        self.story, self.dies, self.counted = story, dies, 0
        self.labels: list[str] = []
        self.counts = False
        self.ledger = folder / "ledger"
        url = None if number == 1 else "kept"
        super().__init__(folder, seed=number, url=url, worker=f"life{number}.", policy=story.policy)
        self.clock.advance(max(0, self._last() - self.clock.now()))

    def _last(self) -> int:
        return max((one.event.at for one in self.history()), default=0)

    @override
    def hear(self) -> None:
        """Threads would make the number of a transaction chance."""

    @override
    def _open_database(self) -> Database:
        return Dying(self.path, self)

    def count(self) -> str:
        """Count a transaction; return when in it this life ends: "before", "after" or not."""
        if not self.counts:
            return ""
        self.counted += 1
        return self.dies[1] if self.counted == self.dies[0] else ""

    # What a server and its runs do --------------------------------------------------------

    def live(self) -> None:
        """Go on from wherever it stands until everything has come to its end."""
        self.counts = True
        for task in self.control.active():
            self.adopt(task)
        for _ in range(ROUNDS):
            at_rest = all(act(self) for act in self.story.acts)  # one after the other
            self.clock.advance(1_000)
            self.scheduler.tick()
            self.links.orchestrator.drain()
            tasks = self.claims.claim()
            for task in tasks:
                self.run(task)
            if at_rest and not tasks and not self.open_ones():
                return
        msg = f"it never ends: {self.open_ones()}"
        raise AssertionError(msg)

    def open_ones(self) -> list[str]:
        """Return what has not ended."""
        tasks = [row["state"] for row in self.rows("rebuild.tasks") if not row["ended_at"]]
        return tasks + [
            row["state"] for row in self.rows("rebuild.executions") if not row["ended_at"]
        ]

    def begun(self) -> list[list[str]]:
        """Return [what, run id] of every run that has begun."""
        if not self.ledger.exists():
            return []
        return [line.split("\t") for line in self.ledger.read_text().splitlines()]

    def run(self, task: Task) -> None:
        """Start a run, let it begin and end."""
        one = self.start(task)
        if one.state != "running":
            return
        what = f"{one.spec.purpose} {one.spec.step_id or one.spec.title}"
        with self.ledger.open("a") as out:
            out.write(f"{what}\t{one.run_id}\n")
        self.finish(one)

    def finish(self, one: Task) -> None:
        lines = self.begun()
        what = next(what for what, run in lines if run == one.run_id)
        failed = self.story.fails(what, sum(each == what for each, _ in lines))
        self.end(one, NO if failed else None, n=1)

    def adopt(self, task: Task) -> None:
        """Take over what a server that is dead has left: a run that began lives still."""
        took = self.control.adopt(task, alive=True)
        if took.run_id in [run for _, run in self.begun()]:
            self.finish(took)
        else:
            self.control.release(took, "its run was sealed")

    # How it ended ---------------------------------------------------------------------------

    def ending(self) -> dict[str, Any]:
        """Return how everything ended, without the ids and times that each life draws anew."""
        history = self.history()
        types = Counter(one.event.type for one in history)
        return {
            "executions": sorted(
                [row["workflow"], row["state"], row["generation"], self._steps(row["id"])]
                for row in self.rows("rebuild.executions")
            ),
            "tasks": sorted(
                [row["purpose"], row["step_id"] or row["title"], row["state"]]
                for row in self.rows("rebuild.tasks")
            ),
            "runs": sorted(what for what, _ in self.begun()),
            "events": {name: n for name, n in sorted(types.items()) if name not in AGAIN},
            "state": {row["key"]: row["value"] for row in self.rows("state.keys")},
            "left": [dict(row) for name, how in REST.items() for row in self.rows(name, **how)],
            "damage": self.database.read(lambda r: rebuild.differing(r, history)),
        }

    def _steps(self, execution_id: str) -> list[list[Any]]:
        run = self.execution(execution_id)
        return sorted([one.id, one.state.value, one.k] for one in run.steps.values())


REST: dict[str, dict[str, int]] = {
    "locks.all": {},
    "rebuild.places": {},
    "inbox.waiting": {"limit": 9},
}
"""What nobody may have once everything has ended."""


def write_ending(life: Life) -> None:
    text = json.dumps({"ending": life.ending(), "labels": life.labels})
    (life.folder / "end.json").write_text(text)
