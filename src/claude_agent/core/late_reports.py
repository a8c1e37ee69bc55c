"""What a run says after it was decided without it: recorded and shown, and nothing changes by it.

So it can be where a person declared the run's host lost and it was not, or said what happened in
a run that nobody could see: the run went on, and its verdict comes when its host is back.
"""

from dataclasses import dataclass

from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.task import Task
from claude_agent.domain.task_lost import ReportLate
from claude_agent.storage.database import Database, Tx

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Unheard:
    """A run that was decided without a verdict."""

    task_id: str
    run: int
    adapter: str


class LateReports:
    """Finds what has not reported, and records what does."""

    def __init__(self, database: Database, desk: TaskDesk, actor: str) -> None:
        self._database = database
        self._desk = desk
        self._actor = actor

    def unheard(self, since: int) -> list[Unheard]:
        """Return the newest runs that were decided without a verdict after a time, epoch ms."""
        rows = self._database.read(
            lambda r: r.rows("attempts.unjudged", since=since, limit=_AT_ONCE)
        )
        return [Unheard(row["task_id"], row["run"], row["adapter"]) for row in rows]

    def task(self, task_id: str) -> Task:
        """Return a task as it is now. Raises NotFound."""
        return self._database.read(lambda r: self._desk.find(r, task_id))

    def record(self, task_id: str, report: ReportLate) -> Task:
        """Record it; no fence is asked, for no state changes. Raises Conflict: it is not late."""

        def work(tx: Tx) -> Task:
            task = self._desk.find(tx, task_id)
            return self._desk.apply(tx, task, report, self._desk.context(self._actor))

        return self._database.write(work)
