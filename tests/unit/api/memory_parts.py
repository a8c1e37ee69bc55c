"""The parts of the port that have in-memory bodies of their own, in one."""

from tests.unit.api.memory_approvals import MemoryApprovals
from tests.unit.api.memory_at_work import MemoryAtWork
from tests.unit.api.memory_hooks import MemoryHooks
from tests.unit.api.memory_hosts import MemoryHosts
from tests.unit.api.memory_insight import MemoryInsight
from tests.unit.api.memory_publish import MemoryPublish
from tests.unit.api.memory_questions import MemoryQuestions
from tests.unit.api.memory_queues import MemoryQueues
from tests.unit.api.memory_resilience import MemoryResilience
from tests.unit.api.memory_schedules import MemorySchedules
from tests.unit.api.memory_signals import MemorySignals
from tests.unit.api.memory_state import MemoryState
from tests.unit.api.memory_takeover import MemoryTakeover
from tests.unit.api.memory_terminal import MemoryTerminal
from tests.unit.api.memory_triggers import MemoryTriggers


class MemoryParts(
    MemoryAtWork,
    MemoryQueues,
    MemoryHosts,
    MemorySignals,
    MemoryTakeover,
    MemoryTerminal,
    MemoryState,
    MemoryResilience,
    MemorySchedules,
    MemoryTriggers,
    MemoryHooks,
    MemoryPublish,
    MemoryApprovals,
    MemoryQuestions,
    MemoryInsight,
):
    """Everything but tasks, workflows, executions, events and the server."""
