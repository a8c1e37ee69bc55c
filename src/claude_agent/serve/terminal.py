"""Sessions and probes, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_terminal import TerminalServices
from claude_agent.errors import NotFound
from claude_agent.serve.base import Base


class Terminals(Base, TerminalServices):
    """Looks at this machine; changes nothing."""

    @override
    def terminal_sessions(self) -> Wire:
        agents = self._parts.foundation.catalogue.agents
        return {
            "items": [
                {
                    "name": one.name,
                    "agent": one.agent if one.agent in agents else None,
                    "ours": one.ours,
                    "windows": one.windows,
                    "attached": one.attached,
                    "dead": one.dead,
                    "active_at": one.active_at or None,
                }
                for one in self._parts.terminal.sessions()
            ]
        }

    @override
    def probe_agent(self, name: str) -> Wire:
        info = self._parts.foundation.catalogue.agents.get(name)
        if info is None:
            message = f"There is no agent {name[:60]}."
            raise NotFound(message, hint="List them: claude-agent agent list")
        return {"agent": name, **self._parts.probe(info.adapter)}
