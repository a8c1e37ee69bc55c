"""`help`: what belongs to no single command."""

import click

from claude_agent.cli import codes
from claude_agent.cli.output import lines

_ENVIRONMENT = {
    "CLAUDE_AGENT_HOME": "the home folder (state, token, runs, logs)",
    "CLAUDE_AGENT_URL": "the server's address, instead of <home>/server.json",
    "CLAUDE_AGENT_TOKEN": "the token, instead of <home>/token",
    "CLAUDE_AGENT_TOKEN_FILE": "a file with the token",
    "NO_COLOR": "no colours",
}


@click.command("help")
@click.argument("topic", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None) -> None:
    """Explain a topic (exit-codes, environment) or show a command's help."""
    parent = ctx.find_root()
    if topic is None:
        click.echo(parent.get_help())
        click.echo("\nTopics: claude-agent help exit-codes | environment")
    elif topic == "exit-codes":
        lines(f"{code:>4}  {meaning}" for code, meaning in codes.MEANINGS.items())
    elif topic == "environment":
        lines(f"  {name:<24}  {meaning}" for name, meaning in _ENVIRONMENT.items())
    else:
        click.echo(_of_command(parent, topic))


def _of_command(parent: click.Context, topic: str) -> str:
    group = parent.command
    found = group.get_command(parent, topic) if isinstance(group, click.Group) else None
    if found is None:
        msg = f"There is no help for {topic!r}; topics: exit-codes, environment, or a command."
        raise click.UsageError(msg)
    with click.Context(found, info_name=topic, parent=parent) as inner:
        return found.get_help(inner)
