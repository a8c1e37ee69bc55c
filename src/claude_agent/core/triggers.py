"""What starts executions besides people, wired."""

from claude_agent.core.event_triggers import EventTriggers
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.orchestrator import Inbox
from claude_agent.core.schedule_book import ScheduleBook
from claude_agent.core.schedule_desk import ScheduleDesk
from claude_agent.core.schedules import Schedules
from claude_agent.core.starts import Starts
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.trigger_list import TriggerList
from claude_agent.core.webhooks import Webhooks
from claude_agent.domain.definition import Definition
from claude_agent.storage.database import Tx


class Triggers:
    """The parts behind `on:`."""

    def __init__(
        self,
        foundation: Foundation,
        desk: TaskDesk,
        executions: ExecutionDesk,
        starts: Starts,
        inbox: Inbox,
    ) -> None:
        book = ScheduleBook(starts, inbox)
        executions.follow(book.follow)
        self.schedules = Schedules(foundation, desk, book)
        self.schedule_desk = ScheduleDesk(foundation, desk, book)
        self.webhooks = Webhooks(foundation, desk, executions, starts)
        self.events = EventTriggers(foundation, desk, executions, starts)
        self.list = TriggerList(foundation, executions, self.schedule_desk, starts.secrets)

    def arm(self, tx: Tx, definition: Definition, digest: str, actor: str) -> None:
        """Let the newest version of a workflow say what starts it."""
        self.schedule_desk.arm(tx, definition, digest, actor)
        self.webhooks.arm(tx, definition, digest, actor)
        self.events.arm(tx, definition, digest, actor)
