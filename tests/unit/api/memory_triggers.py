"""Triggers in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_triggers import TriggerServices
from tests.wire_samples import NOW


class MemoryTriggers(TriggerServices):
    """One of each kind."""

    @override
    def triggers(self, workflow: str, kind: str) -> Wire:
        kinds = [kind] if kind else ["schedule", "webhook", "event"]
        return {"items": [_trigger(one, workflow or "nightly") for one in kinds]}


def _trigger(kind: str, workflow: str) -> Wire:
    firing = {
        "at": NOW,
        "state": "started",
        "reason": None,
        "execution_id": "execution-1",
        "execution_ref": "X1",
        "execution_state": "running",
    }
    return {
        "workflow": workflow,
        "kind": kind,
        "name": "deploy",
        "on": "POST /hooks/deploy",
        "if": None,
        "state": "active",
        "reason": None,
        "next": None,
        "last": firing,
        "definition": "ab" * 32,
    }
