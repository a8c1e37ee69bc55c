"""From a Dramatiq message to a row: its options that concern the queue, not the worker."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from queue import PriorityQueue
from typing import Any, TypeAlias

import dramatiq
from dramatiq.middleware import MiddlewareError
from typing_extensions import override

from claude_agent.clock import Clock
from claude_agent.errors import UnknownName
from claude_agent.queue.brokers.body import decode, encode
from claude_agent.queue.brokers.dispatcher import Dispatcher
from claude_agent.queue.brokers.work_queue import WorkQueue
from claude_agent.queue.levels import number
from claude_agent.queue.message_intake import NewMessage

Message: TypeAlias = dramatiq.Message[Any]

EXPIRES_IN, DEDUPE_KEY, PRIORITY = "expires_in", "dedupe_key", "priority"
_OF_RETRIES = ("retries", "traceback", "requeue_timestamp")


class _BadPriority(UnknownName, MiddlewareError):
    """Both: Dramatiq logs and swallows what a middleware raises, unless it is its own error."""


class QueueOptions(dramatiq.Middleware):
    """Makes the broker's options known to Dramatiq, and its worker to the dispatcher."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @property
    @override
    def actor_options(self) -> set[str]:
        return {EXPIRES_IN}

    @override
    def before_declare_actor(
        self, broker: dramatiq.Broker, actor: "dramatiq.Actor[..., Any]"
    ) -> None:
        try:
            actor.priority = number(actor.priority)
        except UnknownName as error:
            raise _BadPriority(error.detail, hint=error.hint) from None

    @override
    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        # Its threads serve all queues: only so many messages are in its hands, over all queues.
        self._dispatcher.most = worker.queue_prefetch
        self._dispatcher.threads = worker.worker_threads
        # Before its threads are made. (Somebody else's own queue stays.)
        if type(worker.work_queue) is PriorityQueue:
            worker.work_queue = WorkQueue()


def prepared(message: Message, actor_options: Mapping[str, Any]) -> Message:
    """Return the message as it is stored: without `eta`, with a plain `expires_in`.

    `eta` is Dramatiq's own mark of a delayed message: the worker would hold it in memory.
    """
    if not message.options and EXPIRES_IN not in actor_options:
        return message
    expiry = message.options.get(EXPIRES_IN, actor_options.get(EXPIRES_IN))
    plain = _milliseconds(expiry)
    if "eta" not in message.options and plain == message.options.get(EXPIRES_IN):
        return message
    changed = {key: value for key, value in message.options.items() if key != "eta"}
    if plain is not None:
        changed[EXPIRES_IN] = plain
    if isinstance(message, dramatiq.MessageProxy):
        message.options.clear()
        message.options.update(changed)
        return message
    return dataclasses.replace(message, options=changed)


def row_of(message: Message, *, delay_ms: int, priority: int) -> NewMessage:
    """Return what the table gets. Raises `UnknownName` for a priority nobody knows.

    TypeError or ValueError: the message cannot be encoded.
    """
    options = message.options
    return NewMessage(
        id=message.message_id,
        queue=message.queue_name,
        actor=message.actor_name,
        body=encode(message),
        priority=number(options.get(PRIORITY, priority)),
        delay_ms=delay_ms,
        expires_in_ms=options.get(EXPIRES_IN),
        key=str(options.get(DEDUPE_KEY) or ""),
    )


def renewed(body: str, clock: Clock) -> str:
    """Return a dead letter's body as if it were sent now; as it is when it cannot be read."""
    try:
        message = decode(body)
    except (dramatiq.DecodeError, ValueError):
        return body
    options = {key: value for key, value in message.options.items() if key not in _OF_RETRIES}
    again = dataclasses.replace(message, options=options, message_timestamp=clock.now())
    return encode(again)


def _milliseconds(expiry: object) -> int | None:
    if isinstance(expiry, timedelta):
        return round(expiry.total_seconds() * 1000)
    return expiry if isinstance(expiry, int) else None
