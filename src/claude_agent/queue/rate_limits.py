"""Dramatiq's rate limiters, barriers and group callbacks on the broker's own database."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from dramatiq.rate_limits import RateLimiterBackend
from typing_extensions import override

from claude_agent.queue.broker import DatabaseBroker
from claude_agent.queue.waiting_room import WaitingRoom
from claude_agent.storage.database import Tx

TOPIC = "rate_limits"
T = TypeVar("T")


class DatabaseRateLimits(RateLimiterBackend):
    """Keeps counters beside the messages; every change is one transaction.

    `ConcurrentRateLimiter(DatabaseRateLimits(broker), "mutex")`,
    `broker.add_middleware(GroupCallbacks(DatabaseRateLimits(broker)))`
    """

    def __init__(self, broker: DatabaseBroker) -> None:
        self._database = broker.database
        self._clock = broker.clock
        self._room = WaitingRoom(broker.notifier, broker.clock, TOPIC)

    @override
    def add(self, key: str, value: int, ttl: int) -> bool:
        """Begin a counter; False when there is one."""
        now = self._clock.now()
        return self._write(
            lambda tx: bool(
                tx.execute("broker.limit_add", key=key, value=value, expires_at=now + ttl, now=now)
            )
        )

    @override
    def incr(self, key: str, amount: int, maximum: int, ttl: int) -> bool:
        """Add to a counter unless it would pass `maximum`; a missing one counts as 0."""
        return self._change(key, ttl, lambda value: value + amount <= maximum, amount)

    @override
    def decr(self, key: str, amount: int, minimum: int, ttl: int) -> bool:
        """Take from a counter unless it would fall below `minimum`."""
        return self._change(key, ttl, lambda value: value - amount >= minimum, -amount)

    @override
    def incr_and_sum(
        self, key: str, keys: Callable[[], Sequence[str]], amount: int, maximum: int, ttl: int
    ) -> bool:
        """Add to a counter unless the sum of several would pass `maximum`."""
        now = self._clock.now()

        def work(tx: Tx) -> bool:
            tx.execute("broker.limit_hold", key=key, expires_at=now + ttl, now=now)
            window = list(keys())
            # A rival at the turn of a second holds another first row: these are shared.
            tx.execute("broker.limit_hold_all", keys=window)
            values = _values(tx, [key, *window], now)
            total = sum(values.get(one, 0) for one in window)
            if total + amount > maximum or values.get(key, 0) + amount > maximum:
                return False
            _set(tx, key, values.get(key, 0) + amount, now + ttl)
            return True

        return self._write(work)

    @override
    def wait(self, key: str, timeout: int | None) -> bool:
        """Wait up to `timeout` ms until `wait_notify` was called for this key."""

        def told() -> bool | None:
            now = self._clock.now()
            rows = self._database.read(lambda r: r.rows("broker.limits", keys=[key], now=now))
            return True if rows else None

        return bool(self._room.wait(told, None if timeout is None else timeout / 1000))

    @override
    def wait_notify(self, key: str, ttl: int) -> None:
        """Wake who waits for this key, now and for `ttl` ms."""
        self.add(key, 1, ttl)
        self._room.ring()

    def _change(self, key: str, ttl: int, allowed: Callable[[int], bool], amount: int) -> bool:
        now = self._clock.now()

        def work(tx: Tx) -> bool:
            tx.execute("broker.limit_hold", key=key, expires_at=now + ttl, now=now)
            value = _values(tx, [key], now).get(key, 0)
            if not allowed(value):
                return False
            _set(tx, key, value + amount, now + ttl)
            return True

        return self._write(work)

    def _write(self, work: Callable[[Tx], T]) -> T:
        # Not synced: a counter lost with the machine comes back with the message it counts.
        return self._database.write(work, durable=False)


def _values(tx: Tx, keys: Sequence[str], now: int) -> dict[str, int]:
    return {row["key"]: row["value"] for row in tx.rows("broker.limits", keys=keys, now=now)}


def _set(tx: Tx, key: str, value: int, expires_at: int) -> None:
    tx.execute("broker.limit_set", key=key, value=value, expires_at=expires_at)
