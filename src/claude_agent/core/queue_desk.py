"""Queues for people: look, pause, resume, limit, purge; every change is recorded."""

from collections.abc import Callable

from claude_agent.core import audit, views
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.task_desk import READY, TaskDesk
from claude_agent.core.views import Wire
from claude_agent.domain.states import TaskState
from claude_agent.domain.task_commands import Cancel
from claude_agent.errors import Conflict, FencedOut, NotFound
from claude_agent.storage import log, task_rows
from claude_agent.storage.database import Database, Reader, Row, Tx
from claude_agent.storage.notifier import Notifier

WAITING = (TaskState.HELD, TaskState.SCHEDULED, TaskState.READY)
RATE_MS = 300_000
"""The rate is that of the last five minutes."""
_BATCH = 200
_HISTORY = 20


class QueueDesk:
    """The only writer of what people say about queues."""

    def __init__(
        self, database: Database, desk: TaskDesk, catalogue: Catalogue, notifier: Notifier
    ) -> None:
        self._database = database
        self._desk = desk
        self._notifier = notifier
        self._configured = {each.queue: each.slots for each in catalogue.agents.values()}

    def all(self) -> list[Wire]:
        """Return every queue in its wire form."""
        return self._database.read(
            lambda r: views.queue_views(r.rows("work.queues"), r.rows("tasks.by_queue"))
        )

    def messages(self) -> list[Wire]:
        """Return the queues of the broker's own messages with what is in them."""
        return self._database.read(_message_queues)

    def show(self, name: str) -> Wire:
        """Return one queue with depths, rate and what was done to it. Raises `NotFound`."""
        return self._database.read(lambda r: self._detail(r, name))

    def pause(self, name: str, *, reason: str, actor: str) -> Wire:
        """Start nothing from this queue any more; what runs goes on."""

        def work(tx: Tx) -> None:
            _known(tx, name)
            if tx.execute("queues.pause", name=name):
                self._record(tx, name, actor, "paused", {"reason": reason})

        return self._changed(name, work)

    def resume(self, name: str, *, actor: str) -> Wire:
        """Start from this queue again."""

        def work(tx: Tx) -> None:
            _known(tx, name)
            if tx.execute("queues.resume", name=name):
                self._record(tx, name, actor, "resumed", {})
                tx.after_commit(lambda: self._notifier.ring(READY))

        return self._changed(name, work)

    def limit(self, name: str, most: int | None, *, actor: str) -> Wire:
        """Let at most so many tasks run at once, also after a restart; None: as configured."""

        def work(tx: Tx) -> None:
            before = _known(tx, name)
            now = self._configured.get(name, before["max"]) if most is None else most
            if (before["max"], before["person_max"]) != (now, most):
                tx.execute("queues.limit", name=name, max=now, person_max=most)
                data = {"limit": now, "was": before["max"], "configured": most is None}
                self._record(tx, name, actor, "limited", data)
                tx.after_commit(lambda: self._notifier.ring(READY))

        return self._changed(name, work)

    def _changed(self, name: str, work: Callable[[Tx], None]) -> Wire:
        # Read after the commit: only then has the change its place in the history.
        self._database.write(work)
        return self.show(name)

    def purge(self, name: str, *, reason: str, actor: str) -> int:
        """Cancel every task that waits here by now; return how many.

        Each batch is one transaction with its event, so a purge that was cut short is told
        exactly, and asking again does the rest. What undoes a workflow is never purged.
        """
        self._database.read(lambda r: _known(r, name))
        until = self._desk.context(actor).at
        cancelled = 0
        while True:
            looked, gone = self._database.write(
                lambda tx: self._purge_batch(tx, name, until, reason=reason, actor=actor)
            )
            cancelled += gone
            if looked < _BATCH:
                return cancelled

    def _purge_batch(
        self, tx: Tx, name: str, until: int, *, reason: str, actor: str
    ) -> tuple[int, int]:
        rows = tx.rows("queues.waiting", name=name, until=until, limit=_BATCH)
        task_rows.lock(tx, [row["id"] for row in rows])
        context = self._desk.context(actor)
        why = f"queue {name} purged by {actor}" + (f": {reason}" if reason else "")
        gone = sum(self._cancel(tx, row["id"], why, actor) for row in rows)
        if gone:
            tx.execute("queues.meet", name=name)
            data = {"cancelled": gone, "reason": reason}
            audit.record(tx, context, f"queue/{name}", "queue.purged", data)
        return len(rows), gone

    def _cancel(self, tx: Tx, task_id: str, why: str, actor: str) -> bool:
        task = task_rows.load(tx, task_id)
        if task is None or task.state not in WAITING:
            return False
        try:
            self._desk.apply(tx, task, Cancel(reason=why), self._desk.context(actor))
        except FencedOut:  # claimed in this very moment: it does not wait any more
            return False
        return True

    def _record(self, tx: Tx, name: str, actor: str, what: str, data: Wire) -> None:
        audit.record(tx, self._desk.context(actor), f"queue/{name}", f"queue.{what}", data)

    def _detail(self, reader: Reader, name: str) -> Wire:
        row = _known(reader, name)
        depths = reader.rows("queues.depths", name=name)
        plain = views.queue_views(
            [row], [{**each, "queue": name} for each in depths if each["state"] != "dead"]
        )
        since = self._desk.context("").at - RATE_MS
        ended = reader.row("queues.ended_since", name=name, since=since)
        told = log.of_stream(reader, f"queue/{name}")[-_HISTORY:]
        return plain[0] | {
            "states": {each["state"]: each["count"] for each in depths},
            "configured_limit": self._configured.get(name),
            "limit_by_person": row["person_max"] is not None,
            "ended_per_minute": round((ended["count"] if ended else 0) * 60_000 / RATE_MS, 1),
            "history": [views.frame(one) for one in told],
        }


def _known(reader: Reader, name: str) -> Row:
    row = reader.row("queues.one", name=name)
    if row is None and any(one["name"] == name for one in _message_queues(reader)):
        # Their actors are our own short ones: to hold them up would hold up the server itself.
        message = f"The queue {name} carries messages: it has no pause, no limit and no purge."
        raise Conflict(
            message, hint="Its dead letters are yours: claude-agent deadletter list --kind message"
        )
    if row is None:
        message = f"There is no queue {name[:60]}."
        raise NotFound(message, hint="List them: claude-agent queue list")
    return row


def _message_queues(reader: Reader) -> list[Wire]:
    names = {row["queue"] for row in reader.rows("messages.queues")}
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    for row in reader.rows("messages.by_queue"):
        counts.setdefault(row["queue"], {})[row["state"]] = row["count"]
    states = ("ready", "delayed", "leased", "dead")
    return [
        {"name": name, "kind": "message", **{state: counts[name].get(state, 0) for state in states}}
        for name in sorted(counts)
    ]
