"""`version`."""

import click

from claude_agent import __version__
from claude_agent.cli.output import View, format_option, show


@click.command("version")
@format_option
def command(form: str) -> None:
    """Show the version of this program."""
    document = {"name": "claude-agent", "version": __version__}
    show(
        View(
            document=document,
            items=[document],
            name="version",
            table=lambda _: [f"claude-agent {__version__}"],
        ),
        form,
    )
