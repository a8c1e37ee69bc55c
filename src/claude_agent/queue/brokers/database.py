"""A complete Dramatiq broker on a SQL database: durable, with delays, leases and dead letters."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.errors import QueueJoinTimeout, QueueNotFound
from typing_extensions import override

from claude_agent.clock import Clock, SystemClock
from claude_agent.errors import UnknownName
from claude_agent.queue.brokers.body import encode
from claude_agent.queue.brokers.consumer import DatabaseConsumer, LeasedMessage
from claude_agent.queue.brokers.dispatcher import TOPIC, Dispatcher
from claude_agent.queue.brokers.inbox import Inbox
from claude_agent.queue.brokers.options import BrokerOptions
from claude_agent.queue.brokers.outgoing import Message, QueueOptions, prepared, renewed, row_of
from claude_agent.queue.brokers.owner import InHand
from claude_agent.queue.brokers.ownership import Ownership
from claude_agent.queue.brokers.quiet import QuietBroker
from claude_agent.queue.brokers.tickets import TicketConsumer
from claude_agent.queue.message_care import Cancelled, MessageCare
from claude_agent.queue.message_intake import MessageIntake
from claude_agent.queue.message_store import ManifestEntry, MessageStore
from claude_agent.queue.tickets import TICKETS, TicketCarrier, TicketSource, hint_of
from claude_agent.storage.database import Database, Tx
from claude_agent.storage.notifier import Notifier

_JOIN_LOOK_S = 0.05


class DatabaseBroker(QuietBroker):
    """Carries messages in a table of a database.

    Give it a path or `sqlite:///path` (it opens and closes the file itself; several processes may
    do so at once) or an open storage `database`. With a `TicketSource` the queue `tickets` is
    served from its rings instead of from rows.
    """

    def __init__(
        self,
        url: str | Path | None = None,
        *,
        database: Database | None = None,
        notifier: Notifier | None = None,
        clock: Clock | None = None,
        tickets: TicketSource | None = None,
        options: BrokerOptions | None = None,
    ) -> None:
        # Not above: the module that may name storage bodies imports this one.
        from claude_agent.queue.broker import open_parts  # noqa: PLC0415

        options = options or BrokerOptions()
        super().__init__(None if options.middleware is None else list(options.middleware))
        in_hand = InHand()
        self.add_middleware(in_hand)
        self.clock = clock or SystemClock()
        self._parts = open_parts(url, database=database, notifier=notifier, owners=options.owners)
        self.notifier = self._parts.notifier
        self.database = self._parts.database
        self._tickets = tickets
        self._options = options
        intake = MessageIntake(
            self.database,
            self.clock,
            limits=options.max_ready,
            durable=options.durability == "strict",
        )
        self.store = MessageStore(self.database, self.clock, intake=intake)
        self._care = MessageCare(self.database, self.clock, intake)
        self._dispatcher = Dispatcher(
            self.store,
            self.notifier,
            self.clock,
            ownership=self._ownership(in_hand),
            options=options,
            care=self._care,
        )
        self.silent_s = self._dispatcher.silent_s
        """Returns for how many seconds the dispatcher has not looked; 0 before it was started."""
        self.add_middleware(QueueOptions(self._dispatcher))
        self._manifest: Mapping[str, ManifestEntry] = {}
        self.carrier: TicketCarrier | None = None
        """What carries the tickets instead of this broker."""

    def _ownership(self, in_hand: InHand) -> Ownership:
        return Ownership(
            self.store,
            self._parts.owners,
            self.clock,
            in_hand=in_hand,
            limit=self._options.delivery_limit,
            hosts=self._parts.hosts,
        )

    @override
    def close(self) -> None:
        """Give back what is not being worked on, and let go of what was opened here."""
        self._dispatcher.stop()
        self._parts.close()

    @override
    def declare_queue(self, queue_name: str) -> None:
        # No delay queue is declared: delayed messages wait in the table, not in memory.
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = None
            self.emit_after("declare_queue", queue_name)

    @override
    def consume(
        self, queue_name: str, prefetch: int = 1, timeout: int = 30_000
    ) -> dramatiq.Consumer:
        self._require(queue_name)
        if queue_name == TICKETS and self._tickets is not None:
            return TicketConsumer(self._tickets, prefetch=prefetch, timeout_ms=timeout)
        self._dispatcher.start()
        self.publish_manifest()
        threads = self._dispatcher.threads
        inbox = Inbox(queue_name, prefetch, self.clock, ahead=self._options.batch, threads=threads)
        return DatabaseConsumer(self._dispatcher, inbox, timeout_ms=timeout)

    @override
    def enqueue(self, message: Message, *, delay: int | None = None) -> Message:
        """Store a message durably before returning; `delay` in milliseconds.

        A message id that exists already is replaced, not doubled. A message that this process is
        working on (a retry) goes back into its own row in the transaction of its ack.
        Message options: `priority` (a number, lower first, or LOW … EMERGENCY), `expires_in`
        (milliseconds or timedelta; not begun by then: a dead letter `expired`), `dedupe_key` (a
        message under the same key that is open or was sent less than 10 minutes ago is returned
        instead: look at its `message_id`).
        Raises QueueNotFound, `QueueFull`, `UnknownName`, and TypeError or ValueError for
        arguments that cannot be encoded.
        """
        return self.enqueue_many([message], delay=delay)[0]

    def enqueue_many(
        self, messages: Iterable[Message], *, delay: int | None = None
    ) -> list[Message]:
        """Store messages in one transaction, all or none; else as `enqueue`."""
        ready = [self._checked(message) for message in messages]
        return self._enqueue(ready, delay=delay)

    def enqueue_in(self, tx: Tx, message: Message, *, delay: int | None = None) -> Message:
        """Store a message within a transaction of `broker.database`; else as `enqueue`.

        It exists if and only if that transaction commits; workers are rung afterwards.
        """
        return self._enqueue_in(tx, self._checked(message), delay)

    def _enqueue_in(self, tx: Tx, message: Message, delay: int | None) -> Message:
        self.emit_before("enqueue", message, delay)
        row = row_of(message, delay_ms=delay or 0, priority=self._priority(message))
        stored = _under(message, self.store.intake.put_in(tx, [row])[0])

        def committed() -> None:
            self.notifier.ring(TOPIC)
            self.emit_after("enqueue", stored, delay)

        tx.after_commit(committed)
        return stored

    def send_by_name(
        self,
        actor: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        queue: str | None = None,
        delay: int | None = None,
        tx: Tx | None = None,
        **options: Any,
    ) -> Message:
        """Send to an actor that this process need not know, by the boot manifest.

        `queue` overrides the actor's own; `options` are Dramatiq's message options; with `tx` it
        is stored in that transaction, as by `enqueue_in`.
        Raises `UnknownName` when no worker has ever announced the actor; nothing is stored then.
        """
        # Not `enqueue`: declaring the queue here would make a worker in this process consume it.
        message = self._by_name(actor, args, kwargs, queue=queue, options=options)
        if tx is not None:
            return self._enqueue_in(tx, message, delay)
        return self._enqueue([message], delay=delay)[0]

    def publish_manifest(self) -> None:
        """Write every actor declared here into the boot manifest, for senders elsewhere."""
        entries = [
            ManifestEntry(name=a.actor_name, queue=a.queue_name, priority=a.priority)
            for a in self.actors.values()
        ]
        known = self._manifest
        new = [entry for entry in entries if known.get(entry.name) != entry]
        if new:
            self.store.publish(new)
            self._manifest = {**known, **{entry.name: entry for entry in new}}

    def get_queue_message_counts(self, queue_name: str) -> tuple[int, int, int]:
        """Return (ready, delayed, dead) of a queue; what workers hold is in none of them."""
        counts = self.store.counts(queue_name)
        return counts.ready, counts.delayed, counts.dead

    @override
    def flush(self, queue_name: str) -> None:
        """Drop what waits in a queue. What a worker holds is finished; dead letters stay."""
        self._require(queue_name)
        self.store.flush(queue_name)

    @override
    def flush_all(self) -> None:
        """Drop what waits in all declared queues, and their dead letters."""
        for queue_name in self.queues:
            self.store.flush(queue_name, dead=True)

    @override
    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait until a queue holds nothing ready, delayed or leased; `timeout` in milliseconds.

        Raises QueueNotFound, QueueJoinTimeout.
        """
        self._require(queue_name)
        deadline = None if timeout is None else self.clock.monotonic() + timeout / 1000
        progress = self._dispatcher.progress
        while self.store.counts(queue_name).open:
            if deadline is not None and self.clock.monotonic() >= deadline:
                message = f"timed out after {timeout} ms with messages left in {queue_name}"
                raise QueueJoinTimeout(message)  # type: ignore[no-untyped-call] # theirs
            with progress:
                progress.wait(_JOIN_LOOK_S)  # other processes work on it too: look again

    def cancel(self, message_id: str) -> Cancelled:
        """Take a message back; false when there is none, `last_try` when a worker has it."""
        return self._care.cancel(message_id)

    def redrive(self, message_id: str) -> None:
        """Make a dead letter ready again with fresh retries; its history is kept.

        Raises `NotFound`, `Conflict` when it is not a dead letter.
        """
        letter = self._care.dead_letter(message_id)
        body = renewed(letter["body"], self.clock)
        self._care.redrive(message_id, body, was=str(letter["dead_reason"]))
        self.notifier.ring(TOPIC)

    def drain(self, timeout: float | None = None) -> bool:
        """Take nothing new from now on and wait until what is in hand is done.

        What was fetched and not handed to a worker goes back. `timeout` in seconds; False when it
        ends first. `close` the broker afterwards.
        """
        return self._dispatcher.drain(timeout)

    def _goes_back(self, message: Message, delay: int) -> bool:
        """Return whether it is in our hands, so that its row is updated when it is settled."""
        if not isinstance(message, LeasedMessage):
            return False
        return message.retry(self._dispatcher, encode(message), self.clock.now() + delay)

    def _by_name(
        self,
        actor: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        queue: str | None,
        options: dict[str, Any],
    ) -> Message:
        entry = self._entry(actor)
        message: Message = dramatiq.Message(
            queue_name=queue or entry.queue,
            actor_name=actor,
            args=tuple(args),
            kwargs=dict(kwargs or {}),
            options=options,
        )
        return prepared(message, {})

    def _checked(self, message: Message) -> Message:
        self._require(message.queue_name)
        if self._options.refuse_unknown:
            self._entry(message.actor_name)
        actor = self.actors.get(message.actor_name)
        return prepared(message, actor.options if actor else {})

    def _priority(self, message: Message) -> int:
        known = self.actors.get(message.actor_name) or self._manifest.get(message.actor_name)
        return known.priority if known else 0

    def _require(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call] # theirs

    def _entry(self, actor: str) -> ManifestEntry:
        declared = self.actors.get(actor)
        if declared is not None:
            return ManifestEntry(name=actor, queue=declared.queue_name, priority=declared.priority)
        if actor not in self._manifest:
            self._manifest = self.store.manifest()
        try:
            return self._manifest[actor]
        except KeyError:
            raise _unknown(actor, {*self._manifest, *self.actors}) from None

    def _ring(self, message: Message) -> Message:
        if message.queue_name != TICKETS or self._tickets is None:
            return self._enqueue([message], delay=None)[0]
        self._tickets.ring(hint_of(message))
        return message

    def _enqueue(self, messages: Sequence[Message], *, delay: int | None) -> list[Message]:
        if self._tickets is not None and any(one.queue_name == TICKETS for one in messages):
            return [self._ring(one) for one in messages]
        if len(messages) == 1:
            return [self._enqueue_one(messages[0], delay)]
        for message in messages:
            self.emit_before("enqueue", message, delay)
        new = [one for one in messages if not self._goes_back(one, delay or 0)]
        if new:
            rows = [row_of(m, delay_ms=delay or 0, priority=self._priority(m)) for m in new]
            ids = dict(zip((row.id for row in rows), self.store.put(rows), strict=True))
            self.notifier.ring(TOPIC)
            messages = [_under(one, ids.get(one.message_id)) for one in messages]
        for message in messages:
            self.emit_after("enqueue", message, delay)
        return list(messages)

    def _enqueue_one(self, message: Message, delay: int | None) -> Message:
        self.emit_before("enqueue", message, delay)
        if not self._goes_back(message, delay or 0):
            row = row_of(message, delay_ms=delay or 0, priority=self._priority(message))
            message = _under(message, self.store.put((row,))[0])
            self.notifier.ring(TOPIC)
        self.emit_after("enqueue", message, delay)
        return message


def _under(message: Message, known: str | None) -> Message:
    """Return the message, under the id that its key names already."""
    if known is None or known == message.message_id:
        return message
    return message.copy(message_id=known)


def _unknown(actor: str, known: set[str]) -> UnknownName:
    near = difflib.get_close_matches(actor, known, n=1)
    if near:
        hint = f"Did you mean {near[0]}?"
    elif known:
        hint = f"Known actors: {', '.join(sorted(known))}."
    else:
        hint = "No worker has announced any actor yet: start one first."
    return UnknownName(f"There is no actor named {actor}.", hint=hint)
