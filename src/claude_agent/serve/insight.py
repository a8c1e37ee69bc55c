"""Explanations, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_insight import InsightServices
from claude_agent.core.explainer import Explainer
from claude_agent.serve.base import Base


class Insight(Base, InsightServices):
    """Says why things wait."""

    @property
    def _explainer(self) -> Explainer:
        return Explainer(self._parts.executions, self._parts.desk, self._clock)

    @override
    def explain_execution(self, ref: str, step: str) -> Wire:
        return self._database.read(lambda r: self._explainer.execution(r, ref, step))

    @override
    def explain_task(self, ref: str) -> Wire:
        return self._database.read(lambda r: self._explainer.task(r, ref))
