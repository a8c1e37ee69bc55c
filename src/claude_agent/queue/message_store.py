"""The rows of plain messages: put, claim, settle, recover. Knows SQL names and no Dramatiq.

A message is *leased* by an *owner* (a process) under a *fence* that grows with each claim. Every
later word about it names id, owner and fence; zero rows changed means that it is no longer ours.
"""

import json
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from claude_agent.clock import Clock
from claude_agent.queue.message_intake import MessageIntake, NewMessage
from claude_agent.storage.database import Database, Reader, Row, Tx

ACKS_AT_ONCE = 64
"""Keeps a statement well below the parameter limits of both databases."""


class Verdict(StrEnum):
    """What becomes of a leased message."""

    DONE = "done"
    """Processed: its row goes."""
    RETRY = "retry"
    """Failed with attempts left: the same row waits for its time."""
    RELEASE = "release"
    """Not begun: ready again, nothing counted."""
    DEAD = "dead"
    """A dead letter, with its reason."""


class Lease(NamedTuple):
    """A message in the hands of an owner."""

    id: str
    body: str
    fence: int


class Settlement(NamedTuple):
    """What an owner says about one of its leases."""

    id: str
    fence: int
    verdict: Verdict
    body: str = ""
    """RETRY: the new body."""
    not_before: int = 0
    """RETRY: epoch ms of the next attempt."""
    reason: str = ""
    """DEAD: a code: `failed`, `skipped`, `unknown_actor`, `undecodable`."""
    error: str = ""
    """DEAD: what happened, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How many messages a consumer can take from its queue now."""

    queue: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """How many messages all consumers together can take: then the best over all queues count."""

    count: int
    ahead: int = 0
    """So many on top, while they are of one queue: of several, the better would not go first."""
    queue: str | None = None
    """The one queue of which messages are at hand; None: of several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one transaction of the dispatcher brought."""

    leases: tuple[tuple[Lease, ...], ...]
    """For each wish, in its order: what was claimed."""
    fenced_out: int
    """How many messages were no longer ours when we settled them."""
    next_due: int | None
    """When the next delayed message becomes ready, epoch ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process that holds leases for as long as it holds the lock of its file."""

    id: str
    lock_file: str
    pid: int
    host: str = ""
    """Where the lock of its file proves something."""
    boot_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """An actor that some worker can run."""

    name: str
    queue: str
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many messages of a queue are in each state."""

    ready: int
    delayed: int
    leased: int
    dead: int

    @property
    def open(self) -> int:
        """Messages that are not yet through."""
        return self.ready + self.delayed + self.leased


class MessageStore:
    """Plain messages on a storage `Database`."""

    def __init__(
        self, database: Database, clock: Clock, *, intake: MessageIntake | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self.intake = intake or MessageIntake(database, clock)

    def put(self, messages: Sequence[NewMessage]) -> list[str]:
        """Store messages durably, all or none; see `MessageIntake`."""
        return self.intake.put(messages)

    def turn(
        self,
        owner: str,
        settled: Sequence[Settlement],
        wishes: Sequence[Wish],
        *,
        most: Most | None = None,
    ) -> Turn:
        """Settle, promote what is due and claim, in one transaction.

        With `most`, only so many are claimed: the best over all queues that are wished for.
        It is not synced: a claim or a settlement lost with the machine is a second delivery.
        """
        now = self._clock.now()

        def work(tx: Tx) -> Turn:
            fenced_out = len(settled) - _settle_all(tx, owner, settled, now)
            next_due = _next_due(tx)
            if next_due is not None and next_due <= now:
                tx.execute("messages.promote", now=now)
                next_due = _next_due(tx)
            leases = _claim_all(tx, owner, wishes, now, most)
            return Turn(leases=leases, fenced_out=fenced_out, next_due=next_due)

        return self._database.write(work, durable=False)

    def add_owner(self, owner: Owner) -> None:
        """Register an owner; it must hold the lock of its file already."""
        self._database.write(
            lambda tx: tx.execute(
                "messages.owner_add",
                id=owner.id,
                lock_file=owner.lock_file,
                pid=owner.pid,
                host=owner.host,
                boot_id=owner.boot_id,
                started_at=self._clock.now(),
            )
        )

    def owners(self) -> list[Owner]:
        """Return every registered owner."""
        return list(self.beats())

    def beats(self) -> dict[Owner, int]:
        """Return the beat of every registered owner."""
        rows = self._database.read(lambda reader: reader.rows("messages.owners"))
        return {
            Owner(
                id=row["id"],
                lock_file=row["lock_file"],
                pid=row["pid"],
                host=row["host"],
                boot_id=row["boot_id"],
            ): row["beat"]
            for row in rows
        }

    def beat(self, owner: Owner) -> None:
        """Show the other hosts that an owner is alive."""
        self._database.write(lambda tx: tx.execute("messages.owner_beat", id=owner.id))

    def recover(self, owner: Owner, in_hand: Sequence[str], *, limit: int) -> int:
        """Take back all leases of an owner that is gone, and forget it; return how many.

        A message it was working on (`in_hand`) counts a delivery; over `limit` it is buried as
        `poison`. What it had only fetched goes back uncounted.
        """
        now = self._clock.now()

        def work(tx: Tx) -> int:
            changed = 0
            for message_id in in_hand:
                line = history_line(at=now, event="owner_lost", owner=owner.id, pid=owner.pid)
                changed += tx.execute(
                    "messages.blame",
                    id=message_id,
                    owner=owner.id,
                    limit=limit,
                    now=now,
                    line=line,
                )
            changed += tx.execute("messages.reclaim", owner=owner.id)
            tx.execute("messages.drop_cancelled")
            tx.execute("messages.owner_remove", id=owner.id)
            return changed

        return self._database.write(work)

    def find(self, message_id: str) -> Row | None:
        """Return one message as it stands, or None."""
        return self._database.read(lambda reader: reader.row("messages.of_id", id=message_id))

    def counts(self, queue: str) -> Counts:
        """Count the messages of one queue by state, all at one instant."""

        def work(reader: Reader) -> Counts:
            def number(state: str) -> int:
                row = reader.row(f"messages.count_{state}", queue=queue)
                return int(row["number"]) if row else 0

            # One read: a message that moves between two of them would be in neither.
            return Counts(
                ready=number("ready"),
                delayed=number("delayed"),
                leased=number("leased"),
                dead=number("dead"),
            )

        return self._database.read(work)

    def flush(self, queue: str, *, dead: bool = False) -> None:
        """Drop what waits in a queue, with `dead` also its dead letters."""

        def work(tx: Tx) -> None:
            tx.execute("messages.flush", queue=queue)
            if dead:
                tx.execute("messages.flush_dead", queue=queue)

        self._database.write(work)

    def publish(self, entries: Sequence[ManifestEntry]) -> None:
        """Write actors into the boot manifest."""
        now = self._clock.now()
        rows = [
            {"name": e.name, "queue": e.queue, "priority": e.priority, "bound_at": now}
            for e in entries
        ]
        self._database.write(lambda tx: tx.execute_many("messages.manifest_put", rows))

    def manifest(self) -> dict[str, ManifestEntry]:
        """Return the boot manifest by actor name."""
        rows = self._database.read(lambda reader: reader.rows("messages.manifest"))
        return {
            row["name"]: ManifestEntry(
                name=row["name"], queue=row["queue"], priority=row["priority"]
            )
            for row in rows
        }


def _next_due(tx: Tx) -> int | None:
    row = tx.row("messages.next_due")
    return row["not_before"] if row else None


def _claim_all(
    tx: Tx, owner: str, wishes: Sequence[Wish], now: int, most: Most | None
) -> tuple[tuple[Lease, ...], ...]:
    if most is None or sum(wish.count for wish in wishes) <= most.count:
        return tuple(_claim(tx, owner, wish.queue, wish.count, now) for wish in wishes)
    claimed = _claim_best(tx, owner, wishes, now, most)
    return tuple(
        tuple(_lease(pool.popleft()) for _ in range(min(wish.count, len(pool))))
        for wish in wishes
        for pool in (claimed[wish.queue],)
    )


def _claim(tx: Tx, owner: str, queue: str, count: int, now: int) -> tuple[Lease, ...]:
    rows = tx.rows("messages.claim", owner=owner, queue=queue, count=count, now=now)
    # RETURNING promises no order.
    return tuple(_lease(row) for row in sorted(rows, key=_order))


def _claim_best(
    tx: Tx, owner: str, wishes: Sequence[Wish], now: int, most: Most
) -> dict[str, deque[Row]]:
    heads: dict[str, Row] = {}
    for wish in wishes:
        count = min(wish.count, most.count + most.ahead)
        for row in tx.rows("messages.best", queue=wish.queue, count=count, now=now):
            heads[row["id"]] = row
    ids = [row["id"] for row in _chosen(sorted(heads.values(), key=_order), most)]
    claimed: dict[str, deque[Row]] = defaultdict(deque)
    if ids:
        rows = tx.rows("messages.claim_these", ids=ids, owner=owner, now=now)
        for row in sorted(rows, key=_order):
            claimed[row["queue"]].append(row)
    return claimed


def _chosen(ranked: list[Row], most: Most) -> list[Row]:
    chosen = ranked[: most.count]
    if any(row["queue"] != most.queue for row in chosen):
        return chosen
    for row in ranked[most.count : most.count + most.ahead]:
        if row["queue"] != most.queue:
            break
        chosen.append(row)
    return chosen


def _order(row: Row) -> tuple[int, int]:
    return row["priority"], row["position"]


def _lease(row: Row) -> Lease:
    return Lease(id=row["id"], body=row["body"], fence=row["fence"])


def _settle_all(tx: Tx, owner: str, settled: Sequence[Settlement], now: int) -> int:
    """Write every settlement; return how many were still ours to make."""
    done = [one for one in settled if one.verdict is Verdict.DONE]
    changed = 0
    for at in range(0, len(done), ACKS_AT_ONCE):
        part = done[at : at + ACKS_AT_ONCE]
        changed += tx.execute(
            "messages.ack",
            owner=owner,
            ids=[one.id for one in part],
            keys=[f"{one.id}:{one.fence}" for one in part],
        )
    others = [one for one in settled if one.verdict is not Verdict.DONE]
    changed += sum(_settle(tx, owner, one, now) for one in others)
    if others:
        tx.execute("messages.drop_cancelled")
    return changed


def _settle(tx: Tx, owner: str, settled: Settlement, now: int) -> int:
    key = {"id": settled.id, "owner": owner, "fence": settled.fence}
    match settled.verdict:
        case Verdict.RELEASE:
            changed = tx.execute("messages.release", **key)
        case Verdict.RETRY:
            changed = tx.execute(
                "messages.retry",
                body=settled.body,
                not_before=settled.not_before,
                state="delayed" if settled.not_before > now else "ready",
                **key,
            )
        case _:  # Verdict.DEAD; the done ones are acked together
            line = history_line(at=now, event="dead", owner=owner, reason=settled.reason)
            changed = tx.execute(
                "messages.bury",
                now=now,
                reason=settled.reason,
                error=settled.error,
                line=line,
                **key,
            )
    return changed


def history_line(**data: object) -> str:
    """Return one line of a message's history: a JSON object and a line feed."""
    return json.dumps(data, separators=(",", ":")) + "\n"
