"""What the gateway asks of the server about breakers and what was healed."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire


class ResilienceServices(ABC):
    """What is left alone for a while, and what was restarted or rolled back."""

    @abstractmethod
    def resilience(self) -> Wire:
        """Return {"breakers","restarts","rollbacks"}, the newest first."""

    @abstractmethod
    def reset_breaker(self, name: str, *, actor: str) -> Wire:
        """Use it again at once; return the breaker. Raises NotFound, Conflict."""
