"""What the gateway asks of the server about why things wait and what would follow."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire


class InsightServices(ABC):
    """Explanations; nothing here changes anything."""

    @abstractmethod
    def explain_execution(self, ref: str, step: str) -> Wire:
        """Return why an execution, or one step of it, has not ended, and what follows.

        Raises NotFound, UnknownName where there is no such step.
        """

    @abstractmethod
    def explain_task(self, ref: str) -> Wire:
        """Return why a task has not ended. Raises NotFound."""
