"""Explanations, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire, WorkflowStart
from claude_agent.api.services_insight import InsightServices
from claude_agent.core.explainer import Explainer
from claude_agent.core.foretelling import Foreteller
from claude_agent.core.importing.importer import import_view, imported
from claude_agent.core.versions import Versions
from claude_agent.serve.base import Base
from claude_agent.storage.database import Reader


class Insight(Base, InsightServices):
    """Says why things wait."""

    @property
    def _explainer(self) -> Explainer:
        parts = self._parts
        return Explainer(
            parts.executions,
            parts.desk,
            self._clock,
            parts.accounts,
            stuck_after_ms=parts.foundation.catalogue.stuck_after_ms,
        )

    @override
    def explain_execution(self, ref: str, step: str) -> Wire:
        return self._database.read(lambda r: self._explainer.execution(r, ref, step))

    @override
    def plan_workflow(self, start: WorkflowStart) -> Wire:
        engine, executions = self._parts.engine, self._parts.executions
        foreteller = Foreteller(executions, self._parts.foundation.catalogue, self._clock)
        if start.source is None:
            given = None
        else:
            given = engine.compile(start.source, file=start.file or "workflow.yaml")

        def work(reader: Reader) -> Wire:
            definition = given or executions.definition(
                reader, engine.newest(reader, start.name)["hash"]
            )
            return foreteller.plan(reader, definition, start.params, start.cwd or "")

        return self._database.read(work)

    @override
    def import_workflow(self, source: str, file: str, origin: str) -> Wire:
        return import_view(imported(source, file=file, origin=origin))

    @override
    def workflow_versions(self, name: str) -> Wire:
        return self._database.read(lambda r: Versions(self._parts.executions).list(r, name))

    @override
    def workflow_diff(self, name: str, before: str, after: str) -> Wire:
        versions = Versions(self._parts.executions)
        return self._database.read(lambda r: versions.diff(r, name, before, after))

    @override
    def explain_task(self, ref: str) -> Wire:
        return self._database.read(lambda r: self._explainer.task(r, ref))
