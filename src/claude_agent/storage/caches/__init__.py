"""Bodies of the cache of shared state."""

from claude_agent.storage.caches.memory import MemoryCache
from claude_agent.storage.state_cache import StateCache


def far_cache(broker_url: str, *, namespace: str) -> StateCache | None:
    """Return the cache that the processes of several hosts share; None: they have none."""
    if broker_url.startswith(("redis://", "rediss://")):
        from claude_agent.storage.caches.redis import RedisCache  # noqa: PLC0415 - an extra

        return RedisCache(broker_url, namespace=namespace)
    return None


__all__ = ["MemoryCache", "far_cache"]
