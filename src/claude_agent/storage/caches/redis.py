"""The cache that processes on several hosts share: Redis, which may forget and may be away."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import redis
from typing_extensions import override

from claude_agent.clock import Clock, SystemClock
from claude_agent.domain.shared_state import Entry
from claude_agent.storage.state_cache import Cached, StateCache

_LOG = logging.getLogger(__name__)
_PATIENCE_S = 0.25
_AWAY_S = 5.0
"""After a failure the server is left alone for so long: a cache never slows its user down."""
_KEEP_MS = 3_600_000
_PUT = """
local was = redis.call('HGET', KEYS[1], 'version')
if was and tonumber(was) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'entry', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

T = TypeVar("T")


class RedisCache(StateCache):
    """One hash for each key; a script lets only a newer version replace it."""

    def __init__(self, url: str, *, namespace: str, clock: Clock | None = None) -> None:
        self._client: Any = redis.Redis.from_url(
            url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S, retry=None
        )
        self._prefix = f"claude-agent:{namespace}:state:"
        self._put: Any = self._client.register_script(_PUT)
        self._clock = clock or SystemClock()
        self._away_until = 0.0

    def _asked(self, work: Callable[[], T]) -> T | None:
        if self._clock.monotonic() < self._away_until:
            return None
        try:
            return work()
        except (redis.RedisError, ValueError, KeyError, TypeError) as error:
            self._away_until = self._clock.monotonic() + _AWAY_S
            _LOG.warning("the state cache on Redis is left alone for %g s: %s", _AWAY_S, error)
            return None

    @override
    def get(self, key: str) -> Cached | None:
        def work() -> Cached | None:
            version, text = self._client.hmget(self._prefix + key, "version", "entry")
            if version is None or text is None:
                return None
            data = json.loads(text)
            return Cached(version=int(version), entry=None if data is None else Entry(**data))

        return self._asked(work)

    @override
    def put(self, key: str, cached: Cached) -> None:
        text = json.dumps(None if cached.entry is None else asdict(cached.entry))
        args = [cached.version, text, _KEEP_MS]
        self._asked(lambda: self._put(keys=[self._prefix + key], args=args))

    @override
    def clear(self) -> None:
        def work() -> None:
            for name in self._client.scan_iter(match=self._prefix + "*", count=500):
                self._client.delete(name)

        self._asked(work)

    @override
    def close(self) -> None:
        self._client.close()
