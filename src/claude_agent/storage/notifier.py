"""The doorbell: it says that something may have changed, never what; a lost ring costs a wait."""

from abc import ABC, abstractmethod
from collections.abc import Collection


class Notifier(ABC):
    """Rings topics and waits for them."""

    @abstractmethod
    def ring(self, topic: str) -> None:
        """Wake whoever waits for the topic; remembered until the next wait."""

    @abstractmethod
    def wait(self, topics: Collection[str], timeout: float) -> bool:
        """Wait up to `timeout` seconds for one of the topics; True when one rang.

        What rang before the call counts. Returns at once, False, after `close`.
        """

    @abstractmethod
    def close(self) -> None:
        """Wake everybody for the last time."""
