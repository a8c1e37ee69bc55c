"""The real agent CLIs, as `make agents` installed them, and how they reach the scripted model."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    more: Mapping[str, str] = field(default_factory=dict)
    """What else it finds in its environment."""
    scenarios: Mapping[str, str] = field(default_factory=dict)
    """What is played for it instead."""
    busy: str = "sleep"
    """The scenario in whose middle it gets a signal: in a tool, or while it asks."""
    goes_on_when_cut: bool = False
    """It asks the model to go on, which is shown what it had said."""
    patience: Mapping[str, str] = field(default_factory=dict)
    """Rows that need a limit of time of their own."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Rows that do not apply, and why."""
    login: str = ""
    """The variable by which it has a subscription, whose limits it tells more of; empty: `key`."""
    tells: bool = True
    """It tells when a usage limit ends."""
    daily: frozenset[str] | None = None
    """The rows of `make test`, None: all; the rest are played by `make prove`."""

    def plays(self, row: str, scale: int) -> bool:
        """Say whether a row applies here."""
        return row not in self.without and (scale > 1 or self.daily is None or row in self.daily)

    def environ(self, model: Model) -> dict[str, str]:
        """Return what a product needs so that the agent `testing` is this CLI.

        So is `database`, with an account of its own: what limits it limits no other.
        """
        login = self.login or self.key
        return {
            "PATH": path(),
            "TMPDIR": os.environ["HOME"],  # where a CLI leaves its reports
            self.key: KEY,
            login: KEY,
            self.address: f"{model.url}{self.path}",
            **self.more,
            "CLAUDE_AGENT_ACCOUNTS_LAUNCHES": "100",
            "CLAUDE_AGENT_AGENTS_DATABASE_ACCOUNT": "limited",
            **self._agent("database", login),
            **self._agent(self.agent, self.key),
        }

    def _agent(self, name: str, key: str) -> dict[str, str]:
        prefix = f"CLAUDE_AGENT_AGENTS_{name.upper()}_"
        return {
            f"{prefix}ADAPTER": self.name,
            f"{prefix}HOME": "isolated",
            f"{prefix}MODEL": self.model,
            f"{prefix}SLOTS": "3",
            f"{prefix}ENVIRONMENT": json.dumps(["PATH", key, self.address, *self.more]),
        }


CLIS: Mapping[str, Cli] = {
    cli.name: cli
    for cli in (
        Cli("claude", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", login="CLAUDE_CODE_OAUTH_TOKEN"),
        Cli("codex", "OPENAI_API_KEY", "OPENAI_BASE_URL", path="/v1", model="gpt-5-codex"),
        Cli("gemini", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", model="gemini-2.5-pro"),
        # Five seconds of processor time a run: the rest is played by `make prove`.
        Cli(
            "opencode",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            path="/v1",
            model="openai/gpt-5-mini",
            goes_on_when_cut=True,
            patience={"down": "25s", "hangs": "25s"},  # it asks a failing model for ever
            without={
                "limited": "it waits by itself, until its run timeout",
                "mcp": "its adapter names no servers to it",
            },
            daily=frozenset({"edit", "bad_request", "resumed", "terminated"}),
        ),
        Cli(
            "aider",
            "OPENAI_API_KEY",
            "OPENAI_API_BASE",
            path="/v1",
            model="openai/stub-model",
            more={"HTTPS_PROXY": "http://127.0.0.1:9"},  # it looks for prices elsewhere
            scenarios={"edit": "edit-aider"},
            busy="hang",
            tells=False,
            patience={"hangs": "20s"},
            without={
                "resumed": "it cannot go on in a conversation",
                "mcp": "it knows no MCP: its result is a file, or its final text",
            },
            daily=frozenset({"edit", "bad_request", "bad_key", "interrupted"}),
        ),
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
