"""Breakers in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_resilience import ResilienceServices
from claude_agent.errors import NotFound
from tests import wire_samples as samples


class MemoryResilience(ResilienceServices):
    """One open breaker, a restart and a rollback."""

    @override
    def resilience(self) -> Wire:
        return {
            "breakers": [samples.breaker()],
            "restarts": [{"what": "server.started", "at": samples.NOW, "data": {"pid": 1}}],
            "rollbacks": [samples.rollback()],
        }

    @override
    def reset_breaker(self, name: str, *, actor: str) -> Wire:
        if name != "agent:testing":
            msg = f"There is no breaker {name}."
            raise NotFound(msg)
        return samples.breaker("closed")
