"""Several hosts on one database: who is lost, whose runs wait, and what a person may declare.

A run belongs to the host that has its folder. A process of that host may take a lost worker's
runs over; a process of another host may only say that they are uncertain.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from claude_agent.core.claims import Claims
from claude_agent.core.foundation import Foundation
from claude_agent.core.liveness import Lock, Observer, Seen, Verdict
from claude_agent.core.message_bus import UnifiedMessageBus
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.events import Context
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import HOST_UNREACHABLE, Task
from claude_agent.domain.task_commands import Adopt
from claude_agent.domain.task_lost import Lose, Reap
from claude_agent.errors import Conflict, NotFound
from claude_agent.storage import task_rows
from claude_agent.storage.database import Reader, Row, Tx

HOST_LOST = "host lost"
"""Why a run is uncertain whose host a person declared lost."""
STREAM = "system/hosts"
Probe = Callable[[str], Lock]
"""Looks at the file lock of a worker process of this host, by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A worker process of this host that was taken for lost."""

    worker: str
    why: Verdict


class Hosts:
    """This process's view of the hosts, and what it may do about lost ones."""

    def __init__(
        self,
        foundation: Foundation,
        *,
        desk: TaskDesk,
        claims: Claims,
        bus: UnifiedMessageBus,
        probe: Probe,
    ) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._desk = desk
        self._claims = claims
        self._bus = bus
        self._probe = probe
        self._me = claims.identity
        self._observer = Observer(host=self._me.host, boot_id=self._me.boot_id)

    @property
    def here(self) -> str:
        """The id of this host."""
        return self._me.host

    # Looking --------------------------------------------------------------------------------

    def blind(self) -> None:
        """A look failed: what was counted so far proves nothing any more."""
        self._observer.blind()

    def look(self) -> list[Dropped]:
        """Look at the other worker processes once and act on what is proved.

        Returns those of this host that were dropped: their tasks have no owner from now on.
        """
        at = self._clock.monotonic()
        rows = self._database.read(lambda r: r.rows("hosts.workers"))
        others = [row for row in rows if row["id"] != self._me.id]
        verdicts = self._observer.look(at, [self._seen(row) for row in others])
        ours = [row for row in others if row["host"] == self.here and verdicts[row["id"]].lost]
        dropped = [
            Dropped(worker=row["id"], why=verdicts[row["id"]]) for row in ours if self._drop(row)
        ]
        for host in sorted({row["host"] for row in others} - {self.here}):
            theirs = [row for row in others if row["host"] == host]
            if all(row["lost_at"] or verdicts[row["id"]].lost for row in theirs):
                self._mark(host, theirs)
        return dropped

    def _seen(self, row: Row) -> Seen:
        here = row["host"] == self.here
        return Seen(
            id=row["id"],
            host=row["host"],
            boot_id=row["boot_id"],
            beat=row["beat"],
            lock=self._probe(row["id"]) if here else Lock.UNKNOWN,
        )

    def _drop(self, row: Row) -> bool:
        """Forget a lost worker of this host, unless it beat since; whoever looks adopts."""

        def work(tx: Tx) -> bool:
            if tx.execute("hosts.drop_worker", id=row["id"], beat=row["beat"]) != 1:
                return False
            tx.execute("hosts.drop_slots", id=row["id"])
            return True

        return self._database.write(work)

    def _mark(self, host: str, rows: Sequence[Row]) -> None:
        """Say that nobody hears of a host: what runs there is uncertain until there is proof."""
        fresh = [row for row in rows if not row["lost_at"]]

        def mark(tx: Tx) -> None:
            at = self._clock.now()
            for row in sorted(fresh, key=lambda one: str(one["id"])):
                tx.execute("hosts.mark_worker", id=row["id"], beat=row["beat"], at=at)

        if fresh:
            self._database.write(mark)
        for row in self._database.read(lambda r: r.rows("hosts.running", host=host)):
            self._lose(host, row["id"])

    def _lose(self, host: str, task_id: str) -> None:
        def work(tx: Tx) -> None:
            task = task_rows.load(tx, task_id)
            beats = tx.row("hosts.alive", host=host)
            if task is None or task.state != TaskState.RUNNING or task.host != host:
                return
            if beats is None or beats["count"]:
                return  # one of its processes is heard again
            self._desk.apply(tx, task, Lose(reason=HOST_UNREACHABLE), self._context())

        self._database.write(work)

    def _context(self) -> Context:
        return self._desk.context(f"worker:{self._me.id}")

    # A person's word ------------------------------------------------------------------------

    def declare_lost(self, name: str, actor: str) -> list[Task]:
        """Record a person's statement that a host is lost for good; return its tasks.

        They count as ended from now on and are ours to decide, in the same transaction.
        Raises `NotFound`, `Conflict` while one of its processes beats.
        """
        return self._database.write(lambda tx: self._declare(tx, name, actor))

    def _declare(self, tx: Tx, name: str, actor: str) -> list[Task]:
        self._may_be_lost(tx, name)
        context = self._desk.context(actor)
        tx.execute("hosts.lose", id=name, at=context.at, by=actor)
        ids = [row["id"] for row in tx.rows("hosts.active", host=name)]
        tx.lock("executions.lock_of_tasks", ids=ids)
        tx.lock("tasks.lock", ids=ids)
        data = {"host": name, "tasks": ids}
        self._bus.record(tx, STREAM, "host.lost", data, actor=actor)
        taken = [self._take(tx, task_id, context) for task_id in ids]
        tx.execute("hosts.drop_slots_of", host=name)
        tx.execute("hosts.drop_workers_of", host=name)
        return [task for task in taken if task is not None]

    def _may_be_lost(self, reader: Reader, name: str) -> None:
        if reader.row("hosts.find", id=name) is None:
            message = f"There is no host {name[:80]}."
            raise NotFound(message, hint="List them: claude-agent host list")
        if name == self.here:
            message = f"This server runs on {name}; it is not lost."
            raise Conflict(message, hint="List the hosts: claude-agent host list")
        beats = reader.row("hosts.alive", host=name)
        if beats is not None and beats["count"]:
            message = f"A process of host {name} is alive."
            hint = "Stop it; some 20 s after its last beat the host can be declared lost."
            raise Conflict(message, hint=hint)

    def _take(self, tx: Tx, task_id: str, context: Context) -> Task | None:
        task = task_rows.load(tx, task_id)
        if task is None:
            return None
        adopt = Adopt(worker=self._me.id, alive=False, host=self.here)
        task = self._desk.apply(tx, task, adopt, context)
        if task.state == TaskState.RUNNING:
            task = self._desk.apply(tx, task, Lose(reason=HOST_LOST), context)
        if task.state == TaskState.UNCERTAIN and task.reaped_run != task.run:
            task = self._desk.apply(tx, task, Reap(killed=0), context)
        return task

    # For people -----------------------------------------------------------------------------

    def listing(self) -> list[dict[str, Any]]:
        """Return every host with its worker processes."""
        return self._database.read(self._list)

    def _list(self, reader: Reader) -> list[dict[str, Any]]:
        slots = {row["worker_id"]: row for row in reader.rows("hosts.slots")}
        counts: dict[str, dict[str, int]] = {}
        for row in reader.rows("hosts.counts"):
            counts.setdefault(row["host"], {})[row["state"]] = row["count"]
        workers = reader.rows("hosts.workers")
        fencing = {row["host"]: _fencing_view(row) for row in reader.rows("many_hosts.fencing")}
        found = []
        for row in reader.rows("hosts.list"):
            theirs = [one for one in workers if one["host"] == row["id"]]
            views = [_worker_view(one, slots.get(one["id"])) for one in theirs]
            found.append(
                {
                    "name": row["id"],
                    "state": _state(row, theirs),
                    "here": row["id"] == self.here,
                    "home": row["home"],
                    "seen_at": row["seen_at"],
                    "lost_by": row["lost_by"],
                    "fencing": fencing.get(row["id"]),
                    "slots": sum(view["slots"] for view in views),
                    "busy": sum(view["busy"] for view in views),
                    "tasks": counts.get(row["id"], {}),
                    "workers": views,
                }
            )
        return found


def _state(row: Row, workers: Sequence[Row]) -> str:
    if row["lost_at"]:
        return "lost"
    return "up" if any(not one["lost_at"] for one in workers) else "unreachable"


def _fencing_view(row: Row) -> Row:
    return {name: row[name] for name in ("state", "tries", "at", "next_at", "said")}


def _worker_view(row: Row, slots: Row | None) -> dict[str, Any]:
    return {
        "id": row["id"],
        "pid": row["pid"],
        "role": row["role"],
        "queues": [name for name in row["queues"].split(",") if name],
        "slots": int(slots["slots"]) if slots is not None else 0,
        "busy": int(slots["busy"]) if slots is not None else 0,
        "started_at": row["started_at"],
        "lost": bool(row["lost_at"]),
    }
