"""Explanations in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Wire, WorkflowStart
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

    @override
    def plan_workflow(self, start: WorkflowStart) -> Wire:
        return samples.plan(dict(start.params))

    @override
    def workflow_versions(self, name: str) -> Wire:
        return samples.versions(name)

    @override
    def workflow_diff(self, name: str, before: str, after: str) -> Wire:
        return samples.diff(name, before, after)

    @override
    def import_workflow(self, source: str, file: str, origin: str) -> Wire:
        return samples.imported(source)
