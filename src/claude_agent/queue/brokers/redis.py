"""Tickets over Redis: Dramatiq's own RedisBroker, woken by a doorbell instead of by polling."""

import threading
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from redis.backoff import NoBackoff
from redis.retry import Retry
from typing_extensions import override

from claude_agent.clock import Clock
from claude_agent.queue.brokers.carrier import MOST, PREFETCH, CarrierBroker
from claude_agent.queue.tickets import TICKETS
from claude_agent.storage.notifier import Notifier

PATIENCE_S = 2.0
"""How long one command may take."""
IDLE_S = 1.0
"""It looks this often, bell or not."""
TOPIC = "tickets"
DEAD_AFTER_MS = 15_000
"""A process that did nothing for so long gives back the tickets that it holds."""
ALWAYS = 1_000_000
"""Maintenance at every command: there is one small queue, and lost tickets come back soon."""


class RedisCarrier(CarrierBroker, RedisBroker):
    """Carries tickets in a small list of a Redis server."""

    title = "Redis"
    failures = (*CarrierBroker.failures, redis.RedisError)

    def __init__(self, url: str, *, namespace: str, bell: Notifier, clock: Clock) -> None:
        client = redis.Redis.from_url(
            url,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            # A pooled connection that the server has dropped is opened again; no more than that.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        super().__init__(  # type: ignore[no-untyped-call] # theirs
            client=client,
            middleware=[],
            namespace=f"claude-agent:{namespace}",
            maintenance_chance=ALWAYS,
            heartbeat_timeout=DEAD_AFTER_MS,
        )
        self.queue = TICKETS
        self.bell = bell
        self.clock = clock

    @override
    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:  # no delay queue: a ticket is for now
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    @override
    def enqueue(
        self, message: "dramatiq.Message[Any]", *, delay: int | None = None
    ) -> "dramatiq.Message[Any]":
        """Send a ticket, unless so many wait already that it would wake nobody."""
        if self._client.llen(self._key(self.queue)) < MOST:
            message = super().enqueue(message)
            self.bell.ring(TOPIC)
        return message

    @override
    def attach(self) -> dramatiq.Consumer:
        return _BellConsumer(self)

    @override
    def probe(self) -> None:
        self._client.ping()

    @override
    def drop_unreadable(self) -> None:
        """Drop what this process holds and cannot read."""
        held = f"__acks__.{self.broker_id}.{self.queue}"
        for raw in self._client.smembers(self._key(held)):
            name = raw.decode(errors="replace")
            data = self._client.hget(self._key(f"{self.queue}.msgs"), raw)
            if not self._readable(data, name):
                self.do_ack(self.queue, raw)

    @override
    def close(self) -> None:
        self.bell.close()
        self._client.close()

    @property
    def _client(self) -> Any:
        return self.client  # theirs: untyped

    def _key(self, name: str) -> str:
        return f"{self.namespace}:{name}"

    def _readable(self, data: bytes | None, name: str) -> bool:
        if data is None:
            return False
        try:
            message: dramatiq.Message[Any] = dramatiq.Message.decode(data)
            return self.is_ticket(message) and message.options["redis_message_id"] == name
        except (dramatiq.DecodeError, ValueError, TypeError, KeyError, AttributeError):
            return False


class _BellConsumer(_RedisConsumer):
    """Dramatiq's consumer, which would poll; it sleeps until the bell rings."""

    def __init__(self, broker: RedisCarrier) -> None:
        super().__init__(broker, broker.queue, PREFETCH, 1)  # type: ignore[no-untyped-call] # theirs
        self._settled = threading.Event()

    @override
    def __next__(self) -> dramatiq.MessageProxy | None:
        message: dramatiq.MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call] # theirs
        if message is not None:
            if message.options.get("redis_message_id") is None:
                detail = "a message without its id"
                raise ValueError(detail)
            return message
        if self.outstanding_message_count >= self.prefetch:
            self._settled.wait(IDLE_S)
            self._settled.clear()
        else:
            self.broker.bell.wait({TOPIC}, IDLE_S)
        return None

    @override
    def ack(self, message: dramatiq.MessageProxy) -> None:
        try:
            super().ack(message)  # type: ignore[no-untyped-call] # theirs
        finally:
            self._settled.set()
