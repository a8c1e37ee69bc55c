"""Servers on one database in memory, the runs that they start, and everything that can happen.

The servers are the real core. What the core only hears of is simulated here and is the truth it is
measured by: runs that begin, end, are lost, live on, are sealed or reaped (`Run`). All is drawn
from one seed. What happens is an entry of ACTS (`tests.simulation.acts`).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claude_agent.clock import ManualClock
from claude_agent.core.liveness import Lock
from claude_agent.domain.approval_policy import Policy
from claude_agent.domain.task import Task
from claude_agent.errors import (
    ClaudeAgentError,
    Conflict,
    FencedOut,
    Invalid,
    NotFound,
    Unavailable,
)
from claude_agent.ids_source import IdSource
from claude_agent.storage import log
from claude_agent.storage.database import Database, Row
from claude_agent.storage.log import Recorded
from tests.simulation.flows import CHILD
from tests.simulation.memory import Died, Disk, Fault, MemoryDatabase
from tests.unit.core.stand import Stand, _template

REFUSED = (Conflict, FencedOut, NotFound, Invalid)
"""What a call may answer because somebody else was first."""


@dataclass(slots=True)
class Run:
    """What a run truly is, whatever the servers believe."""

    id: str
    task: Task
    state: str = "made"
    """made, sealed, alive, orphaned (its shim is dead), ended (with a verdict), reaped."""
    ok: bool = False
    began: bool = False
    met: str = ""
    """The kind of limit of its account that ended it."""


class Server(Stand):
    """One server process of a world."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.name = f"S{number}"
        self.follows: dict[str, Task] = {}
        """The tasks whose runs it drives, as it last saw them: memory that a kill takes."""
        folder, worker = Path("/nowhere"), f"w{number}."
        super().__init__(folder, url="memory", worker=worker, policy=world.policy)

    def open(self) -> None:
        self.clock, self.ids = self.world.clock, self.world.ids
        opened = False
        try:
            super().open()
            self.scheduler.catch_up()
            opened = True
        finally:
            if not opened:  # it died of it: its locks are free
                self.database.close()
        self.notifier.ring = lambda *_: None

    def _open_database(self) -> Database:
        return MemoryDatabase(self.world.disk, shared=self.world.shared)

    def hear(self) -> None:
        """Threads would end the order that the seed has drawn."""

    def disk_rows(self, sql: str) -> list[Row]:
        """Return the rows of any query, for checks."""
        return self.world.disk.connection.execute(sql).fetchall()

    def probe(self, worker: str) -> Lock:
        alive = any(one.claims.worker == worker for one in self.world.servers)
        return Lock.HELD if alive else Lock.FREE


@dataclass
class World:
    """Everything of one history."""

    seed: int
    policy: Policy = Policy()  # noqa: RUF009 - frozen
    chance: random.Random = field(init=False)
    servers: list[Server] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)
    """Ids whose acceptance was acknowledged, and what they are."""
    executions: list[str] = field(default_factory=list)
    stale: list[Task] = field(default_factory=list)
    seen: list[Recorded] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    """The types of all events, once it is over."""
    kills: int = 0
    yes: set[str] = field(default_factory=set)
    """The approvals to which somebody said yes."""
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The idempotency keys that were answered: (id, body) of the first time."""
    started: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - the seed is the point
        self.clock = ManualClock()
        self.ids = IdSource(self.clock, self.seed)
        self.disk = Disk(_template())
        self.shared = self.chance.random() < 0.3
        often = self.chance.choice([0, 0, 0.1])
        self.disk.twice = lambda: self.chance.random() < often
        self.up()
        self.servers[0].engine.define_workflow(CHILD)

    def close(self) -> None:
        self.disk.close()

    def say(self, line: str) -> None:
        """Add a line to the history that a failure prints."""
        self.lines.append(f"{len(self.lines):4} {self.clock.now() - 1_700_000_000_000:>8} {line}")

    # Processes ------------------------------------------------------------------------------

    def up(self) -> Server:
        """Start a server; where it dies of that, another one."""
        self.started += 1
        try:
            one = Server(self, self.started)
        except (Died, Unavailable):
            self.say(f"S{self.started} dies while it starts")
            return self.up()
        self.servers.append(one)
        self.say(f"{one.name} starts")
        return one

    def kill(self, one: Server, why: str = "kill -9") -> None:
        """End a server as SIGKILL does; what the log says now, it says for ever (I11)."""
        self.say(f"{one.name} dies: {why}")
        self.kills += 1
        self.servers.remove(one)
        one.close()
        for task in one.follows.values():
            self.stale.append(task)
        reader = MemoryDatabase(self.disk)
        found = reader.read(lambda r: r.rows("log.after", after=len(self.seen), limit=100_000))
        self.seen += [log.recorded(row) for row in found]
        reader.close()

    def call(self, one: Server, what: str, work: Callable[[], Any]) -> Any:
        """Let a server do something; it may die of it, be refused, or meet a broken disk."""
        try:
            done = work()
        except Died:
            self.say(f"{one.name} {what}")
            self.kill(one, "in the middle of that")
            return None
        except REFUSED as error:
            self.say(f"{one.name} {what}: refused, {error.detail[:80]}")
            return None
        except ClaudeAgentError as error:
            self.say(f"{one.name} {what}: {type(error).__name__} {error.detail[:60]}")
            return None
        self.say(f"{one.name} {what}")
        return done

    def arm(self) -> None:
        """Let one of the next transactions meet a fault, now and then."""
        if self.chance.random() < 0.06:
            at = self.chance.choice(["statement", "statement", "commit", "committed"])
            kills = at == "committed" or self.chance.random() < 0.6
            self.disk.fault = Fault(at, self.chance.randrange(25), kills=kills)

    # What servers do with runs -----------------------------------------------------------------

    def follow(self, one: Server, task: Task | None) -> Task | None:
        """Let a server remember how a task stands."""
        if task is None:
            return None
        if task.state in ("running", "verifying", "uncertain"):
            one.follows[task.id] = task
        else:
            one.follows.pop(task.id, None)
        return task

    def lose(self, one: Server, task: Task) -> None:
        """Forget a task that somebody else drives."""
        one.follows.pop(task.id, None)
        self.stale.append(task)

    def begin(self, run: Run) -> None:
        """The shim begins: at most one of a task may live, and each for a recorded reason (I4)."""
        assert run.state == "made", f"run {run.id} begins though it is {run.state}"
        living = [
            other.id
            for other in self.runs.values()
            if other.task.id == run.task.id and other.state in ("alive", "orphaned")
        ]
        assert not living, f"I4: {run.id} begins while {living} are alive"
        effect = run.task.spec.effect_key
        twins = [
            other.id
            for other in self.runs.values()
            if effect
            and other.task.spec.effect_key == effect
            and other.task.id != run.task.id
            and other.began
        ]
        done = [each for each in twins if self.runs[each].state in ("alive", "orphaned")]
        assert not done, f"I4: two live runs have the effect {effect}: {run.id}, {done}"
        lock = run.task.spec.lock
        holders = [
            other.id
            for other in self.runs.values()
            if lock and other.task.spec.lock == lock and other.state in ("alive", "orphaned")
        ]
        assert not holders, f"{run.id} begins with the lock {lock} that {holders} have"
        if run.task.approval:
            found = "SELECT state FROM approvals WHERE id = ?"
            row = self.disk.connection.execute(found, (run.task.approval,)).fetchone()
            assert row["state"] == "used", f"I9: {run.id} begins, its approval is {row['state']}"
        run.state, run.began = "alive", True

    def run_of(self, task: Task) -> Run:
        """Return the run that a task has now."""
        return self.runs.setdefault(task.run_id, Run(task.run_id, task))
