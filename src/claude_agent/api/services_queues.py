"""The port's part for queues and dead letters."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from claude_agent.api.asked import Answered, IdempotencyKey, LetterFilter, Wire
from claude_agent.core.letters import Criteria


class QueueServices(ABC):
    """Queues, as people steer them; every change is recorded under the actor's name."""

    @abstractmethod
    def queues(self) -> Wire:
        """Return {"items","messages"}: every queue of tasks, and of the broker's messages."""

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


class DeadLetterServices(ABC):
    """Dead letters of tasks and messages; a letter is named by (kind, id or ref)."""

    @abstractmethod
    def dead_letters(self, wanted: LetterFilter) -> Wire:
        """Return {"items","next","counts"}, the newest death first; counts by kind."""

    @abstractmethod
    def export_dead_letters(self, wanted: LetterFilter) -> Wire:
        """Return {"items","next"}: a page of letters with all their evidence."""

    @abstractmethod
    def dead_letter(self, kind: str, ref: str) -> Wire:
        """Return one letter with its evidence. Raises NotFound."""

    @abstractmethod
    def redrive_dead_letter(
        self,
        letter: tuple[str, str],
        *,
        changes: Mapping[str, Any],
        reason: str,
        actor: str,
        key: IdempotencyKey | None,
    ) -> Answered:
        """Let it run again, changed if wished; the key is stored in the same transaction.

        Raises NotFound, Conflict (a step of a workflow; not dead), and what a submit raises.
        """

    @abstractmethod
    def discard_dead_letter(
        self, letter: tuple[str, str], *, reason: str, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        """Put it aside for good. Raises NotFound, Conflict."""

    @abstractmethod
    def redrive_dead_letters(
        self, wanted: Criteria, rate: str | None, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        """Begin to re-drive all that are meant, at most `rate` (`5/s`); return the re-drive."""

    @abstractmethod
    def redrives(self) -> Wire:
        """Return {"items"}: the newest re-drives of many."""

    @abstractmethod
    def redrive(self, redrive_id: str) -> Wire:
        """Return one re-drive of many. Raises NotFound."""

    @abstractmethod
    def stop_redrive(self, redrive_id: str, *, actor: str) -> Wire:
        """End it before it is through; return it. Raises NotFound."""
