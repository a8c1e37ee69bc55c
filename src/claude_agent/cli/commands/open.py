"""`open`: the way into the dashboard."""

import webbrowser

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import note
from claude_agent.cli.session import Session


@click.command("open")
@click.option("--browser", is_flag=True, help="Open it in this machine's browser as well.")
@pass_session
def command(session: Session, *, browser: bool) -> None:
    """Print an address that logs a browser in to the dashboard: once, within 30 s."""
    address = session.system.server.login_address()
    click.echo(address)
    if browser and not webbrowser.open(address):
        note("No browser could be started here; open the address by hand.")
