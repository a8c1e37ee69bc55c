"""Breakers and what was healed, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_resilience import ResilienceServices
from claude_agent.core.resilience import view
from claude_agent.serve.base import Base


class Healing(Base, ResilienceServices):
    """Look at it; use something again at once."""

    @override
    def resilience(self) -> Wire:
        return self._parts.resilience.overview()

    @override
    def reset_breaker(self, name: str, *, actor: str) -> Wire:
        return view(self._parts.accounts.reset(name, actor=actor))
