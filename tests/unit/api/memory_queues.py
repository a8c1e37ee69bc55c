"""The port's part for queues, in memory."""

from typing import Any

from typing_extensions import override

from claude_agent.api.services import Wire
from claude_agent.api.services_queues import QueueServices
from claude_agent.errors import NotFound

_SHOWN = {"word": "open", "icon": "circle", "family": "idle"}


def queue_of(name: str) -> Wire:
    counts = {"ready": 0, "scheduled": 0, "running": 0, "limit": 3, "oldest_ready_at": None}
    return {"name": name, **counts, "paused": False, "shown": _SHOWN}


class MemoryQueues(QueueServices):
    """One queue, `testing`."""

    state: Wire = queue_of("testing")

    def _detail(self, name: str, **change: Any) -> Wire:
        if name != "testing":
            msg = f"There is no queue {name}."
            raise NotFound(msg)
        more = {"states": {"ready": 1}, "configured_limit": 3, "limit_by_person": False}
        self.state = self.state | change
        return self.state | more | {"ended_per_minute": 0.0, "history": []}

    @override
    def queues(self) -> Wire:
        return {"items": [self.state]}

    @override
    def queue(self, name: str) -> Wire:
        return self._detail(name)

    @override
    def pause_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        return self._detail(name, paused=True)

    @override
    def resume_queue(self, name: str, *, actor: str) -> Wire:
        return self._detail(name, paused=False)

    @override
    def limit_queue(self, name: str, limit: int | None, *, actor: str) -> Wire:
        return self._detail(name, limit=limit or 3)

    @override
    def purge_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        self._detail(name)
        return {"name": name, "cancelled": 1}
