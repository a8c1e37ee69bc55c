"""The port's part for triggers."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire


class TriggerServices(ABC):
    """What starts workflows by itself."""

    @abstractmethod
    def triggers(self, workflow: str, kind: str) -> Wire:
        """Return {"items"}: every trigger, or those of one workflow, or of one kind."""
