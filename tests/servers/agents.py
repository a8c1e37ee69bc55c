"""The real agent CLIs, as `make agents` installed them, and how they reach the scripted model."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.model.server import Model

PLACE = Path(__file__).parents[2] / ".tools" / "agents"
KEY = "dummy-key-0123456789abcdefghij"


@dataclass(frozen=True, slots=True)
class Cli:
    """One CLI and the names by which it takes its key and the model's address."""

    name: str
    key: str
    address: str
    path: str = ""
    """What follows the model's address."""
    model: str = ""
    agent: str = "testing"
    """The agent of the product that is driven by it."""

    def environ(self, model: Model) -> dict[str, str]:
        """Return what a product needs so that the agent `testing` is this CLI."""
        prefix = f"CLAUDE_AGENT_AGENTS_{self.agent.upper()}_"
        return {
            "PATH": path(),
            "TMPDIR": os.environ["HOME"],  # where a CLI leaves its reports
            self.key: KEY,
            self.address: f"{model.url}{self.path}",
            f"{prefix}ADAPTER": self.name,
            f"{prefix}HOME": "isolated",
            f"{prefix}MODEL": self.model,
            f"{prefix}SLOTS": "3",
            f"{prefix}ENVIRONMENT": f'["PATH", "{self.key}", "{self.address}"]',
        }


CLIS: Mapping[str, Cli] = {
    cli.name: cli
    for cli in (
        Cli("claude", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        Cli("codex", "OPENAI_API_KEY", "OPENAI_BASE_URL", path="/v1", model="gpt-5-codex"),
        Cli("gemini", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", model="gemini-2.5-pro"),
    )
}


def path() -> str:
    """Return a PATH on which the CLIs and their Node come first."""
    return f"{PLACE / 'bin'}:{os.environ['PATH']}"


def installed(name: str) -> Cli:
    """Return a CLI; skip the test where it is not installed."""
    if not (PLACE / "bin" / name).exists():
        pytest.skip(f"the agent CLI {name} is not installed: `make agents` installs it")
    return CLIS[name]
