"""Our own tools for an agent at work: where its program finds them, and what it is told of them.

The server speaks MCP at `/mcp`; the token says which run it is. It never stands in a file that a
program reads nor in a command line: the shim puts it into the environment.
"""

import json
from collections.abc import Mapping

from claude_agent.agents.adapter import RunRequest

NAME = "claude-agent"
"""What the server is called in the settings of a program."""
VARIABLE = "CLAUDE_AGENT_RUN_TOKEN"
"""Where a program finds the token of its run."""
URL = "CLAUDE_AGENT_URL"
ASKED: Mapping[str, str] = {VARIABLE: ""}
"""The variable that the shim fills; empty, so that it is the same in each attempt."""
WAIT_S = 120
"""How long a program waits for an answer; the server may restart meanwhile."""


def address(run: RunRequest) -> str:
    """Return where the tools of a run are; "": it was given none."""
    url = run.environment.get(URL, "")
    return f"{url}/mcp" if url else ""


def told(run: RunRequest, *, tools: bool) -> str:
    """Return what an agent is told of the result that it owes; "" where it owes none."""
    if not run.result_schema:
        return ""
    schema = json.dumps(run.result_schema, ensure_ascii=False)
    if tools:
        return (
            f"When the work is done, call the tool complete_task of the MCP server {NAME} with"
            f" `result`: one JSON object that fits this JSON Schema. If it is refused, correct it"
            f" and call again; if you cannot do the work, call fail_task.\n{schema}"
        )
    return (
        "When the work is done, write one JSON object that fits this JSON Schema into the file"
        f" that the environment variable CLAUDE_AGENT_OUTPUTS names.\n{schema}"
    )
