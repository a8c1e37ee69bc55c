"""Explanations in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_insight import InsightServices
from tests import wire_insight as samples


class MemoryInsight(InsightServices):
    """Explains everything alike."""

    @override
    def explain_execution(self, ref: str, step: str) -> Wire:
        return samples.execution_explained(ref, step or "b")

    @override
    def explain_task(self, ref: str) -> Wire:
        return samples.task_explained(ref)
