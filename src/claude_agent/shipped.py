"""The adapters that this version ships, by the name that a configuration gives them."""

from collections.abc import Mapping
from pathlib import Path

from claude_agent.agents.adapter import Adapter
from claude_agent.agents.adapters.acp import AcpAdapter
from claude_agent.agents.adapters.aider import AiderAdapter
from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.adapters.cli import CliAdapter
from claude_agent.agents.adapters.codex import CodexAdapter
from claude_agent.agents.adapters.declared import declared
from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.adapters.gemini import GeminiAdapter
from claude_agent.agents.adapters.opencode import OpenCodeAdapter
from claude_agent.agents.adapters.shell import ShellAdapter

ADAPTERS: Mapping[str, type[Adapter]] = {
    "shell": ShellAdapter,
    "fake": FakeAdapter,
    "claude": ClaudeAdapter,
    "codex": CodexAdapter,
    "gemini": GeminiAdapter,
    "opencode": OpenCodeAdapter,
    "aider": AiderAdapter,
    "acp": AcpAdapter,
}
CLIS = tuple(name for name in ADAPTERS if name not in ("shell", "fake", "acp"))
"""Those that drive a CLI which a person installs."""


def clis_for(environ: Mapping[str, str]) -> list[Adapter]:
    """Return those that drive a CLI, looking for it as a process with this environment would."""
    found = [ADAPTERS[name] for name in CLIS]
    return [body(environ) for body in found if issubclass(body, CliAdapter)]


def declared_by(path: Path) -> type[Adapter]:
    """Return the adapter that a TOML file declares. Raises `Invalid` (file, line, nearest key)."""
    return declared(path)
