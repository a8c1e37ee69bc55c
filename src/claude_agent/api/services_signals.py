"""What the gateway asks of the server about signals."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from claude_agent.api.asked import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSent:
    """A signal as it was sent."""

    name: str
    data: object = None
    source: str = ""
    message_id: str = ""


class SignalServices(ABC):
    """Signals to executions."""

    @abstractmethod
    def signal_execution(self, ref: str, signal: SignalSent, *, actor: str) -> Wire:
        """Give an execution a signal; return the Execution.

        The same message id again changes nothing. Raises NotFound, Conflict when it has ended,
        Invalid, TooLarge.
        """
