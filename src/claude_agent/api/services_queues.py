"""The port's part for queues and dead letters."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire


class QueueServices(ABC):
    """Queues, as people steer them; every change is recorded under the actor's name."""

    @abstractmethod
    def queues(self) -> Wire:
        """Return {"items"}: every queue."""

    @abstractmethod
    def queue(self, name: str) -> Wire:
        """Return one queue with its depths, its rate and what was done to it. Raises NotFound."""

    @abstractmethod
    def pause_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        """Start nothing from it any more; return the queue. Raises NotFound."""

    @abstractmethod
    def resume_queue(self, name: str, *, actor: str) -> Wire:
        """Start from it again; return the queue. Raises NotFound."""

    @abstractmethod
    def limit_queue(self, name: str, limit: int | None, *, actor: str) -> Wire:
        """Let so many run at once, None: as configured; return the queue. Raises NotFound."""

    @abstractmethod
    def purge_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        """Cancel what waits in it; return {"name","cancelled"}. Raises NotFound."""
