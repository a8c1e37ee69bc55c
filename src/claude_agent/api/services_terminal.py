"""What the gateway asks of the server about sessions and agent programs of its machine."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire


class TerminalServices(ABC):
    """Sessions of the terminal, and whether an agent's program can be used."""

    @abstractmethod
    def terminal_sessions(self) -> Wire:
        """Return {"items"}: every session, on a person's own tmux server also theirs."""

    @abstractmethod
    def probe_agent(self, name: str) -> Wire:
        """Return {"agent","adapter","ok","version","detail","hint"}. Raises NotFound."""
