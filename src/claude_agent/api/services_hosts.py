"""What the gateway asks of the server about hosts."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire


class HostServices(ABC):
    """The machines that share the database."""

    @abstractmethod
    def hosts(self) -> Wire:
        """Return {"items": [Host]}."""

    @abstractmethod
    def lose_host(self, name: str, *, actor: str) -> Wire:
        """Record a person's statement that a host is lost for good; return {"name", "tasks"}.

        Raises NotFound, Conflict while it is alive.
        """
