"""A doorbell between processes over Redis' publish and subscribe."""

import logging
import threading
import uuid
from collections.abc import Collection
from typing import Any

import redis
from typing_extensions import override

from claude_agent.clock import Clock, SystemClock
from claude_agent.storage.notifier import Notifier
from claude_agent.storage.notifiers.local import LocalNotifier

_LOG = logging.getLogger(__name__)
PATIENCE_S = 2.0
LOOK_S = 0.5
PING_S = 2.0
SILENT_S = 5.0
"""A server that said nothing for so long, not even pong, is taken for lost."""
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0


class RedisNotifier(Notifier):
    """Rings every process that listens on the same server under the same namespace.

    Ringing never waits for the server. While the server is away `wait` returns True after
    `floor_s`: nobody can say then that nothing has changed; once it is back every topic rings.
    """

    def __init__(
        self, url: str, *, namespace: str, floor_s: float = 1.0, clock: Clock | None = None
    ) -> None:
        self._client: Any = redis.Redis.from_url(
            url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, retry=None
        )
        self._channel = f"claude-agent:{namespace}:bell"
        self._floor_s = floor_s
        self._clock = clock or SystemClock()
        self._me = uuid.uuid4().hex
        self._local = LocalNotifier()
        self._topics: set[str] = set()
        self._outgoing: set[str] = set()
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._listening = False
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("bell-out", self._publish), ("bell-in", self._listen))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def listening(self) -> bool:
        """Whether the rings of others arrive here now."""
        return self._listening

    @override
    def ring(self, topic: str) -> None:
        self._local.ring(topic)
        with self._changed:
            self._outgoing.add(topic)
            self._changed.notify()

    @override
    def wait(self, topics: Collection[str], timeout: float) -> bool:
        with self._changed:
            self._topics.update(topics)
        if self.listening or timeout < self._floor_s:
            return self._local.wait(topics, timeout)
        rung = self._local.wait(topics, self._floor_s)
        return rung or self._unsure()

    @override
    def close(self) -> None:
        self._closed.set()
        with self._changed:
            self._changed.notify()
        self._local.close()
        for thread in self._threads:
            thread.join(2 * LOOK_S)
        if not any(thread.is_alive() for thread in self._threads):
            self._client.connection_pool.disconnect()

    def _unsure(self) -> bool:
        return not self._listening and not self._closed.is_set()

    def _publish(self) -> None:
        pause = FIRST_RETRY_S
        while not self._closed.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._outgoing or self._closed.is_set())
                topics, self._outgoing = self._outgoing, set()
            try:
                for topic in () if self._closed.is_set() else topics:
                    self._client.publish(self._channel, f"{self._me}:{topic}")
            except (redis.RedisError, OSError):
                # Who listens rings every topic after it was cut off; who was not gets it late.
                with self._changed:
                    self._outgoing |= topics
                self._closed.wait(pause)
                pause = min(pause * 2, LAST_RETRY_S)
            else:
                pause = FIRST_RETRY_S

    def _listen(self) -> None:
        pause = FIRST_RETRY_S
        while not self._closed.is_set():
            try:
                self._follow()
            except (redis.RedisError, OSError) as error:
                if self._listening:
                    _LOG.info("the doorbell on Redis is away: %s", error)
                    pause = FIRST_RETRY_S
                self._listening = False
                self._closed.wait(pause)
                pause = min(pause * 2, LAST_RETRY_S)

    def _follow(self) -> None:
        with self._client.pubsub() as subscription:
            subscription.subscribe(self._channel)
            heard = pinged = self._clock.monotonic()
            while not self._closed.is_set():
                message = subscription.get_message(timeout=LOOK_S)
                now = self._clock.monotonic()
                if message is not None:
                    heard = now
                    self._hear(message)
                elif now - heard > SILENT_S:
                    detail = f"it said nothing for {SILENT_S:.0f} s"
                    raise redis.ConnectionError(detail)
                if now - pinged > PING_S:
                    pinged = now
                    subscription.ping()

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._listening = True
            with self._changed:
                waited = tuple(self._topics)
            for topic in waited:  # it may have rung while we were away
                self._local.ring(topic)
        elif message["type"] == "message":
            sender, _, topic = message["data"].decode(errors="replace").partition(":")
            if sender != self._me:
                self._local.ring(topic)
