"""The port's part for events that clients say."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from claude_agent.api.asked import Answered, IdempotencyKey


class PublishServices(ABC):
    """Events of people and programs."""

    @abstractmethod
    def publish_event(
        self, type_: str, data: Mapping[str, object], *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        """Say an event; return {"id","type","at"}. The same key says it once.

        Raises Invalid, TooLarge.
        """
