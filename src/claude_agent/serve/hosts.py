"""Hosts, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_hosts import HostServices
from claude_agent.serve.base import Base


class HostDesk(Base, HostServices):
    """Look at the hosts; take a person's word about one."""

    @override
    def hosts(self) -> Wire:
        return {"items": self._parts.hosting.listing()}

    @override
    def lose_host(self, name: str, *, actor: str) -> Wire:
        tasks = self._parts.hosting.declare_lost(name, actor)
        return {"name": name, "tasks": [task.ref for task in tasks]}
