"""How messages get into the table: together, once for a key, and not into a queue that is full."""

import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from claude_agent.clock import Clock
from claude_agent.errors import QueueFull
from claude_agent.storage.database import Database, Tx

STAMPS_PER_MS = 1_000
KEY_MS = 600_000
"""How long a key names its message at least; longer while the message is open."""


class NewMessage(NamedTuple):
    """A message to be stored."""

    id: str
    queue: str
    actor: str
    body: str
    """The encoded message."""
    priority: int = 0
    """Lower goes first, as in Dramatiq."""
    delay_ms: int = 0
    """Not claimed before this much time has passed."""
    expires_in_ms: int | None = None
    """A dead letter unless it was begun within this time; None: never."""
    key: str = ""
    """A message under the same key is not stored again."""


class MessageIntake:
    """Stores new messages. Thread-safe."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        limits: Mapping[str, int] | None = None,
        durable: bool = True,
    ) -> None:
        self._database = database
        self._durable = durable
        self._clock = clock
        self._limits = limits or {}
        self._durable = durable
        self._stamp_lock = threading.Lock()
        self._last_stamp = 0

    def put(self, messages: Sequence[NewMessage]) -> list[str]:
        """Store messages durably, all or none; return their ids, or those their keys name already.

        A known id is replaced and becomes ready again. Raises `QueueFull`. (`durable=False`: they
        survive the process, not a power cut.)
        """
        return self._database.write(lambda tx: self.put_in(tx, messages), durable=self._durable)

    def put_in(self, tx: Tx, messages: Sequence[NewMessage]) -> list[str]:
        """Do so within a transaction of the caller."""
        now = self._clock.now()
        ids = [_once(tx, message, now) for message in messages]
        new = [one for one, known in zip(messages, ids, strict=True) if one.id == known]
        self._refuse_when_full(tx, new)
        if new:
            tx.execute_many("messages.put", [self._row(message, now) for message in new])
        return ids

    def stamp(self, now: int) -> int:
        """Return the next place in the order of one priority."""
        # First in, first out within a process even inside one millisecond or when the clock goes
        # back; between processes by the clock. A counter row would make all producers queue up.
        with self._stamp_lock:
            self._last_stamp = max(self._last_stamp + 1, now * STAMPS_PER_MS)
            return self._last_stamp

    def _row(self, message: NewMessage, now: int) -> dict[str, object]:
        due = now + max(message.delay_ms, 0)
        expiry = message.expires_in_ms
        return {
            "id": message.id,
            "queue": message.queue,
            "actor": message.actor,
            "body": message.body,
            "state": "delayed" if message.delay_ms > 0 else "ready",
            "priority": message.priority,
            "position": self.stamp(now),
            "not_before": due,
            "expires_at": None if expiry is None else due + expiry,
            "enqueued_at": now,
        }

    def _refuse_when_full(self, tx: Tx, messages: Sequence[NewMessage]) -> None:
        if not self._limits:
            return
        for queue in {one.queue for one in messages if one.delay_ms <= 0}:
            limit = self._limits.get(queue, self._limits.get("*"))
            if limit is None:
                continue
            coming = sum(one.queue == queue and one.delay_ms <= 0 for one in messages)
            beyond = limit - coming
            if beyond < 0 or tx.row("messages.full", queue=queue, beyond=beyond):
                message = f"The queue {queue} is full: it takes {limit} messages that are ready."
                raise QueueFull(message, hint="Nothing was stored. Send it again a little later.")


def _once(tx: Tx, message: NewMessage, now: int) -> str:
    if not message.key:
        return message.id
    until = now + KEY_MS
    tx.execute("messages.key_take", key=message.key, id=message.id, expires_at=until, now=now)
    row = tx.row("messages.key_of", key=message.key)
    return str(row["message_id"]) if row else message.id
