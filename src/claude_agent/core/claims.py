"""Slots and claims: the best ready task over every queue goes into a free slot.

Of 15 slots one takes EMERGENCY only, one is kept for each of the eight queues, the rest are
shared; so no agent starves another and an emergency never waits for a slot.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from claude_agent.clock import Clock
from claude_agent.core.accounts import Accounts, Away
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.resilience import not_tried, try_task
from claude_agent.core.task_desk import READY, TaskDesk
from claude_agent.domain.priority import Priority
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Claim
from claude_agent.errors import Conflict
from claude_agent.storage import task_rows
from claude_agent.storage.database import Database, Reader, Row, Tx
from claude_agent.storage.notifier import Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place in which an attempt runs."""

    n: int
    queue: str
    """The queue it is kept for; empty: every queue."""
    least: int
    """The lowest priority it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerIdentity:
    """The process that owns slots."""

    id: str
    host: str
    """The host that has its home, and so the folders of its runs."""
    boot_id: str
    pid: int
    mark: str = ""
    """Tells the host's home from every other folder that claims to be it."""
    home: str = ""
    role: str = "server"
    """`server` or `worker`."""
    serves: tuple[str, ...] = ()
    """The queues from which it claims; empty: every queue."""


def layout(count: int, queues: Sequence[str]) -> list[Slot]:
    """Return `count` slots: one for EMERGENCY, one for each queue, the rest shared.

    With too few slots there is first no emergency slot, then no kept ones: work goes on.
    """
    kept = list(queues) if count > len(queues) else []
    emergency = 1 if count > len(queues) + 1 else 0
    shared = count - len(kept) - emergency
    slots = [Slot(n=n, queue="", least=0) for n in range(1, shared + 1)]
    slots += [Slot(n=shared + n, queue=q, least=0) for n, q in enumerate(kept, start=1)]
    if emergency:
        slots.append(Slot(n=count, queue="", least=int(Priority.EMERGENCY)))
    return slots


class Claims:
    """Gives ready tasks to the free slots of one worker process."""

    def __init__(
        self,
        *,
        database: Database,
        desk: TaskDesk,
        clock: Clock,
        notifier: Notifier,
        identity: WorkerIdentity,
        accounts: Accounts,
    ) -> None:
        self._accounts = accounts
        self._database = database
        self._desk = desk
        self._clock = clock
        self._notifier = notifier
        self._identity = identity
        self._serves = frozenset(identity.serves)
        self._one_at_a_time = threading.Lock()

    @property
    def worker(self) -> str:
        """The id of the worker process."""
        return self._identity.id

    @property
    def identity(self) -> WorkerIdentity:
        """The worker process."""
        return self._identity

    def register(self, slots: Sequence[Slot], catalogue: Catalogue) -> None:
        """Make the worker, its slots and the queues known. Raises `Conflict`.

        A database that one process has for itself (SQLite): other workers' rows are leftovers,
        and the taken places are counted anew. In a shared one a row is dropped only with proof.
        """

        def work(tx: Tx) -> None:
            if not self._database.shared:
                tx.execute("work.drop_workers", id=self.worker)
                tx.execute("work.drop_slots", id=self.worker)
            self._put_host(tx)
            self._put_worker(tx, slots)
            for agent in catalogue.agents.values():
                tx.execute("work.put_queue", name=agent.queue, max=agent.slots)
            if not self._database.shared:
                tx.execute("work.recount")

        self._database.write(work)

    def _put_worker(self, tx: Tx, slots: Sequence[Slot]) -> None:
        me = self._identity
        tx.execute(
            "work.put_worker",
            id=me.id,
            host=me.host,
            boot_id=me.boot_id,
            pid=me.pid,
            at=self._clock.now(),
            role=me.role,
            queues=",".join(me.serves),
        )
        for slot in slots:
            tx.execute("work.put_slot", worker=me.id, n=slot.n, queue=slot.queue, least=slot.least)

    def _put_host(self, tx: Tx) -> None:
        me = self._identity
        row = tx.row("hosts.find", id=me.host)
        if self._database.shared and row is not None and row["mark"] not in ("", me.mark):
            # Two homes under one name: each would settle runs whose folders the other has.
            message = f"The host {me.host} has another home ({row['home']})."
            hint = "Set CLAUDE_AGENT_HOST_ID to a name of its own"
            raise Conflict(message, hint=f"{hint}, or say: claude-agent host lost {me.host}")
        at = self._clock.now()
        tx.execute("hosts.put", id=me.host, mark=me.mark, home=me.home, boot_id=me.boot_id, at=at)

    def beat(self) -> bool:
        """Say that this process is alive; False: it was taken for lost meanwhile."""

        def work(tx: Tx) -> bool:
            tx.execute("hosts.seen", id=self._identity.host, at=self._clock.now())
            return tx.execute("work.beat", id=self.worker) == 1

        return self._database.write(work, durable=False)

    def claim(self) -> list[Task]:
        """Claim until no slot is free or nothing is ready; one transaction for all of it."""
        with self._one_at_a_time:
            if not self._database.read(self._something_to_do):
                return []
            return self._database.write(self._claim_all)

    def _something_to_do(self, reader: Reader) -> bool:
        if not reader.rows("work.free_slots", worker=self.worker):
            return False
        queues = self.open_queues(reader)
        return self._pick(reader, queues, 0, self._accounts.away(reader)) is not None

    @staticmethod
    def _pick(reader: Reader, queues: Sequence[str], least: int, away: Away) -> Row | None:
        values = {"queues": list(queues), "least": least}
        return reader.row("tasks.pick", **values, away=away.agents, bound=away.bound)

    def wanted(self) -> int:
        """Return how many claims may find something now: ready tasks, at most the free slots.

        The slots of all worker processes count: any of them may claim.
        """

        def work(reader: Reader) -> int:
            row = reader.row("work.count_free")
            free = row["count"] if row is not None else 0
            return len(reader.rows("tasks.some_ready", limit=free)) if free else 0

        return self._database.read(work)

    def open_queues(self, reader: Reader) -> list[str]:
        """Return the queues from which this worker claims now."""
        names = [row["name"] for row in reader.rows("work.open_queues")]
        return [name for name in names if not self._serves or name in self._serves]

    def waiting_since(self) -> int | None:
        """Return when the oldest task became ready that a free slot could serve now."""

        def work(reader: Reader) -> int | None:
            slots = reader.rows("work.free_slots", worker=self.worker)
            queues = self.open_queues(reader)
            found = self._best(reader, slots, queues, self._accounts.away(reader))
            if found is None:
                return None
            row = reader.row("tasks.ready_for", queues=[found[0]["queue"]])
            return row["oldest"] if row is not None else None

        return self._database.read(work)

    def _claim_all(self, tx: Tx) -> list[Task]:
        claimed: list[Task] = []
        # Claims go one after the other, and wait for no task: one that is locked is passed over.
        tx.lock("work.lock_slots", worker=self.worker)
        tx.lock("work.lock_queues")
        slots = tx.rows("work.free_slots", worker=self.worker)
        queues = self.open_queues(tx)
        away = self._accounts.away(tx)
        while slots and queues:
            found = self._best(tx, slots, queues, away)
            if found is None:
                break
            row, slot = found
            if not tx.execute("work.take_place", name=row["queue"]):
                queues.remove(row["queue"])
                continue
            if not self._may_start(tx, row):
                # Another claim was quicker; what it took is seen from now on.
                tx.execute("work.give_place", name=row["queue"])
                away = self._accounts.away(tx)
                continue
            if row["kind"] == "prompt":
                away = self._accounts.away(tx)
            claimed.append(self._take(tx, row["id"], slot["n"]))
            slots = [each for each in slots if each["n"] != slot["n"]]
            queues = self.open_queues(tx)
        return claimed

    def _best(
        self, reader: Reader, slots: Sequence[Row], queues: Sequence[str], away: Away
    ) -> tuple[Row, Row] | None:
        """Return the best ready task that one of the slots may take, and that slot.

        A kept slot is used before a shared one, so that shared ones stay free for others.
        """
        shared = any(not slot["queue"] and not slot["min_priority"] for slot in slots)
        kept = {slot["queue"] for slot in slots if slot["queue"]}
        served = [queue for queue in queues if shared or queue in kept]
        row = self._pick(reader, served, 0, away) if served else None
        if row is None and any(slot["min_priority"] for slot in slots):
            least = max(slot["min_priority"] for slot in slots)
            row = self._pick(reader, queues, least, away)
        if row is None:
            return None
        fitting = [
            slot
            for slot in slots
            if slot["queue"] in ("", row["queue"])
            and slot["min_priority"] <= row["effective_priority"]
        ]
        fitting.sort(key=lambda slot: (slot["min_priority"], slot["queue"] == "", slot["n"]))
        return (row, fitting[0]) if fitting else None

    def _may_start(self, tx: Tx, row: Row) -> bool:
        if not try_task(tx, row["agent"], row["id"]):
            return False
        if self._accounts.take(tx, row):
            if _locked(tx, row):
                return True
            self._accounts.give_back(tx, row)
        not_tried(tx, row["agent"], row["id"])
        return False

    def _take(self, tx: Tx, task_id: str, slot: int) -> Task:
        task = task_rows.peek(tx, task_id)  # it was locked when it was picked
        if task is None:
            message = f"task {task_id} vanished while it was claimed"
            raise LookupError(message)
        if not tx.execute("work.fill_slot", worker=self.worker, n=slot, task=task_id):
            # An adoption was quicker, or this process was taken for lost and has no slots.
            message = f"Slot {slot} is not free any more."
            raise Conflict(message)
        command = Claim(worker=self.worker, slot=slot, host=self._identity.host)
        return self._desk.apply(tx, task, command, self._desk.context(f"worker:{self.worker}"))

    def place_again(self, tx: Tx, task: Task) -> int:
        """Give an adopted task a slot of this worker; return its number (0: none was free).

        Its queue's kept slot comes first, as in a claim. The slot it had is free again.
        """
        tx.lock("work.lock_slots", worker=self.worker)
        tx.execute("work.clear_slot", task=task.id)
        slots = [
            slot
            for slot in tx.rows("work.free_slots", worker=self.worker)
            if slot["queue"] in ("", task.spec.queue) and slot["min_priority"] <= task.spec.priority
        ]
        slots.sort(key=lambda slot: (slot["min_priority"], slot["queue"] == "", slot["n"]))
        if not slots:
            return 0
        found: int = slots[0]["n"]
        filled = tx.execute("work.fill_slot", worker=self.worker, n=found, task=task.id)
        return found if filled else 0

    def ring(self) -> None:
        """Ring for whoever claims."""
        self._notifier.ring(READY)


def _locked(tx: Tx, row: Row) -> bool:
    """Take the lock that a picked task needs; False: somebody else has it."""
    name = row["lock_name"]
    if not name or tx.execute("locks.take", name=name, task=row["id"]):
        return True
    holder = tx.row("locks.one", name=name)
    return holder is not None and holder["task_id"] == row["id"]
