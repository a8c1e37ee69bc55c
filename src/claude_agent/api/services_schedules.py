"""The port's part for schedules."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Answered, IdempotencyKey, Wire


class ScheduleServices(ABC):
    """When workflows start by themselves; a name is `<workflow>.<n>`, or of the only one."""

    @abstractmethod
    def schedules(self, workflow: str) -> Wire:
        """Return {"items"}: every schedule, or those of one workflow."""

    @abstractmethod
    def schedule(self, name: str) -> Wire:
        """Return one schedule with its next times and newest firings. Raises NotFound."""

    @abstractmethod
    def pause_schedule(self, name: str, *, reason: str, actor: str) -> Wire:
        """Let it fire no more; return it. Raises NotFound."""

    @abstractmethod
    def resume_schedule(self, name: str, *, actor: str) -> Wire:
        """Let it fire again from now on; return it. Raises NotFound."""

    @abstractmethod
    def trigger_schedule(self, name: str, *, actor: str, key: IdempotencyKey | None) -> Answered:
        """Start it now; answer with the execution. Raises NotFound, Invalid."""

    @abstractmethod
    def backfill_schedule(
        self, name: str, span: tuple[int, int], *, limit: int, dry_run: bool, actor: str
    ) -> Wire:
        """Fire for the times of a span that fired nothing; return which. Raises Invalid."""
