"""`mcp`: the tools of a person's own assistant, over stdin and stdout."""

from importlib import import_module

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.session import Session
from claude_agent.errors import SetupError

_PACKAGES = ("mcp", "mcp_types")


@click.command("mcp")
@pass_session
def command(session: Session) -> int:
    """Serve your own assistant: MCP over stdin and stdout, with your token.

    Your assistant starts it, like: claude mcp add claude-agent -- claude-agent mcp
    """
    try:
        build = import_module("claude_agent.mcp.server").build
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        message = "The server for assistants needs a package that is not installed."
        raise SetupError(message, hint="pip install 'claude-agent[mcp]'") from error
    build(session.system).run("stdio")
    return 0
