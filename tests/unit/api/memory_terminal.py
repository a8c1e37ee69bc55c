"""Sessions and probes in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_terminal import TerminalServices


class MemoryTerminal(TerminalServices):
    """One session of a person, one agent without a program."""

    @override
    def terminal_sessions(self) -> Wire:
        one = {"name": "dev", "agent": None, "ours": False, "windows": 2, "attached": 1}
        return {"items": [{**one, "dead": 0, "active_at": 1}]}

    @override
    def probe_agent(self, name: str) -> Wire:
        said = {"detail": "It is not installed.", "hint": "Install it."}
        return {"agent": name, "adapter": "claude", "ok": False, "version": None, **said}
