"""Queues, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_queues import QueueServices
from claude_agent.core.queue_desk import QueueDesk
from claude_agent.serve.base import Base, Parts


class Queues(Base, QueueServices):
    """Look, pause, resume, limit, purge."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        foundation = parts.foundation
        self._queues = QueueDesk(
            foundation.database, parts.desk, foundation.catalogue, foundation.notifier
        )

    @override
    def queues(self) -> Wire:
        return {"items": self._queues.all(), "messages": self._queues.messages()}

    @override
    def queue(self, name: str) -> Wire:
        return self._queues.show(name)

    @override
    def pause_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        return self._queues.pause(name, reason=reason, actor=actor)

    @override
    def resume_queue(self, name: str, *, actor: str) -> Wire:
        return self._queues.resume(name, actor=actor)

    @override
    def limit_queue(self, name: str, limit: int | None, *, actor: str) -> Wire:
        return self._queues.limit(name, limit, actor=actor)

    @override
    def purge_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        cancelled = self._queues.purge(name, reason=reason, actor=actor)
        return {"name": name, "cancelled": cancelled}
