"""The cache within one process."""

import threading
from collections import OrderedDict

from typing_extensions import override

from claude_agent.storage.state_cache import Cached, StateCache


class MemoryCache(StateCache):
    """Keeps the keys that were used last."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Cached] = OrderedDict()

    @override
    def get(self, key: str) -> Cached | None:
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    @override
    def put(self, key: str, cached: Cached) -> None:
        with self._lock:
            known = self._known.get(key)
            if known is not None and known.version > cached.version:
                return
            self._known[key] = cached
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    @override
    def clear(self) -> None:
        with self._lock:
            self._known.clear()

    @override
    def close(self) -> None:
        self.clear()
