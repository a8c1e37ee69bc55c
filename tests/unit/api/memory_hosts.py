"""Hosts in memory, for tests of the gateway."""

from typing import Any

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_hosts import HostServices
from claude_agent.errors import NotFound
from tests import wire_samples as samples


class MemoryHosts(HostServices):
    """Two hosts, one of them out of reach."""

    @override
    def hosts(self) -> Wire:
        found: list[dict[str, Any]] = [samples.host("head"), samples.host("far", "unreachable")]
        return {"items": found}

    @override
    def lose_host(self, name: str, *, actor: str) -> Wire:
        if name != "far":
            msg = f"There is no host {name}."
            raise NotFound(msg)
        return {"name": name, "tasks": ["T1"]}
