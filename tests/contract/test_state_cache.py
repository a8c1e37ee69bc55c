"""The cache of shared state: one suite for the process's own and for Redis."""

from collections.abc import Iterator

import pytest

from claude_agent.domain.shared_state import Entry
from claude_agent.storage.caches import MemoryCache, far_cache
from claude_agent.storage.caches.redis import RedisCache
from claude_agent.storage.state_cache import Cached, StateCache
from tests.servers.redis import RedisServer


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> Iterator[StateCache]:
    made: StateCache = MemoryCache()
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        made = RedisCache(server.url, namespace=f"t{id(request)}")
    yield made
    made.clear()
    made.close()


def of(version: int, value: object = "x") -> Cached:
    entry = Entry(key="k", value=value, version=version, updated_at=1, updated_by="me")
    return Cached(version=version, entry=entry)


def test_what_was_put_is_there_and_nothing_else(cache: StateCache) -> None:
    assert cache.get("k") is None
    cache.put("k", of(1, {"a": [1, None]}))
    assert cache.get("k") == of(1, {"a": [1, None]})
    assert cache.get("other") is None
    cache.clear()
    assert cache.get("k") is None


def test_an_older_version_never_replaces_a_newer_one(cache: StateCache) -> None:
    cache.put("k", of(10))
    cache.put("k", of(9, "old"))
    assert cache.get("k") == of(10)
    cache.put("k", Cached(version=11, entry=None))
    cache.put("k", of(10))
    assert cache.get("k") == Cached(version=11, entry=None)


def test_two_namespaces_do_not_meet(redis_server: RedisServer) -> None:
    one, two = (RedisCache(redis_server.url, namespace=name) for name in ("one", "two"))
    one.put("k", of(1))
    assert two.get("k") is None
    one.clear()


def test_redis_that_is_away_is_a_cache_that_knows_nothing(redis_server: RedisServer) -> None:
    cache = RedisCache(redis_server.url, namespace="away")
    cache.put("k", of(1))
    redis_server.kill()
    assert cache.get("k") is None
    cache.put("k", of(2))
    cache.clear()
    cache.close()


def test_only_redis_is_a_far_cache() -> None:
    assert far_cache("database", namespace="x") is None
    assert far_cache("amqp://localhost", namespace="x") is None
    far = far_cache("redis://127.0.0.1:1", namespace="x")
    assert isinstance(far, RedisCache)
    far.close()
