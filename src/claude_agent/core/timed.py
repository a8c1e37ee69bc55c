"""What the scheduler looks after: a part of the core that has something due at some time."""

from abc import ABC, abstractmethod

from claude_agent.domain.events import Context
from claude_agent.storage.database import Reader, Tx


class Timed(ABC):
    """A part with times of its own; the scheduler is the only one who asks it to act on them."""

    @abstractmethod
    def tick(self, now: int) -> int:
        """Make due what is due at `now` (epoch milliseconds); return how many things changed."""

    @abstractmethod
    def next_due(self, reader: Reader) -> int | None:
        """Return when the next thing is due; None: nothing is."""

    def beat(self) -> int:
        """Do what is to be done every few seconds, due or not; return how many things changed."""
        return 0

    def move(self, tx: Tx, jump: int, context: Context) -> int:
        """Let what waits wait as long as before, though the wall clock jumped by `jump` ms.

        Return how many were moved. Dates (of a calendar) do not move; lengths of time do.
        """
        del tx, jump, context
        return 0
