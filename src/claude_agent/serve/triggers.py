"""Triggers, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_triggers import TriggerServices
from claude_agent.serve.base import Base


class Triggers(Base, TriggerServices):
    """List."""

    @override
    def triggers(self, workflow: str, kind: str) -> Wire:
        return {"items": self._parts.links.triggers.list.all(workflow, kind)}
