"""How programs find the tools of agents at work, and what they are told of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers.agents import CLIS
from tests.unit.agents.test_cli_adapters import ADAPTERS, asked, tools

__all__ = ["tools"]
NAMES = ("claude", "codex", "gemini")
URL = "http://127.0.0.1:7420"
TOOLS = {"CLAUDE_AGENT_URL": URL}
SCHEMA = {"type": "object", "required": ["n"]}


def given_tools(name: str, tools: str, **more: Any) -> Any:
    """Return the command of an agent with an isolated home that is to find our tools."""
    environment = {**TOOLS, CLIS[name].key: "k"}
    home = Path("/h/agents/testing")
    return ADAPTERS[name].command(asked(tools, home=home, environment=environment, **more))


@pytest.mark.parametrize("name", NAMES)
def test_our_tools_are_named_without_the_token_and_alike_in_each_attempt(
    name: str, tools: str
) -> None:
    command = given_tools(name, tools)
    assert command.env["CLAUDE_AGENT_RUN_TOKEN"] == "", "the shim fills it"
    settings = [
        *command.argv,
        *(x.decode() for x in (*command.files.values(), *command.seeds.values())),
    ]
    told = [each for each in settings if '/mcp"' in each]
    assert len(told) == 1, "told once where they are"
    assert any("CLAUDE_AGENT_RUN_TOKEN" in each for each in settings)
    assert "mcp.json" not in ADAPTERS[name].command(asked(tools)).files
    assert "CLAUDE_AGENT_RUN_TOKEN" not in ADAPTERS[name].command(asked(tools)).env


@pytest.mark.parametrize("name", NAMES)
def test_an_agent_is_told_what_it_owes_and_how_to_hand_it_over(name: str, tools: str) -> None:
    asks = given_tools(name, tools, result_schema=SCHEMA).stdin.decode()
    assert asks.startswith("Do it.\n\n")
    assert "call the tool complete_task of the MCP server claude-agent" in asks
    assert json.loads(asks.splitlines()[-1]) == SCHEMA
    plain = ADAPTERS[name].command(asked(tools, result_schema=SCHEMA)).stdin
    assert plain is not None
    assert b"CLAUDE_AGENT_OUTPUTS" in plain
    assert given_tools(name, tools).stdin == b"Do it."


def test_gemini_is_not_told_of_tools_that_its_person_did_not_give_it(tools: str) -> None:
    command = ADAPTERS["gemini"].command(asked(tools, environment=TOOLS, result_schema=SCHEMA))
    assert command.stdin is not None
    assert b"complete_task" not in command.stdin
    assert "CLAUDE_AGENT_RUN_TOKEN" in command.env, "for settings of the person's own"


@pytest.mark.parametrize("may", ["all", "edit"])
def test_claude_may_use_our_tools_in_every_mode(tools: str, may: Any) -> None:
    argv = given_tools("claude", tools, may=may).argv
    allowed = argv[argv.index("--allowedTools") + 1].split(",")
    assert "mcp__claude-agent" in allowed
    assert ("Bash" in allowed) == (may == "all")
