"""The port's part for webhooks in."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from claude_agent.api.asked import Answered


class HookServices(ABC):
    """Deliveries of strangers who sign."""

    @abstractmethod
    def receive_hook(
        self, path: str, raw: bytes, body: object, headers: Mapping[str, str]
    ) -> Answered:
        """Start what waits for a signed delivery; the same one again gets the same answer.

        Raises Unauthorized for an unknown address and a wrong signature alike, Invalid.
        """
