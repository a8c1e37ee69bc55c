"""`agent`: look at agents, attach to their sessions."""

import click

from claude_agent.cli.attaching import attach_to
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import harmless
from claude_agent.cli.views import agents as agents_view
from claude_sdk.errors import NotFound


@click.group("agent")
def command() -> None:
    """Look at agents, attach to their sessions."""


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """List the agents."""
    status = session.system.agents.status()
    show(agents_view.agents(status["agents"], status), form)


@command.command("show")
@click.argument("name")
@format_option
@pass_session
def show_(session: Session, name: str, form: str) -> None:
    """Show one agent."""
    found = session.system.agents.get(name)
    show(agents_view.agent(found, session.system.address(f"/ui/#/agents/{name}")), form)


@command.command("logs")
@click.argument("name")
@click.option("--lines", type=click.IntRange(1, 5000), default=200, show_default=True)
@pass_session
def logs(session: Session, name: str, lines: int) -> None:
    """Print what the agent's session shows."""
    click.echo(harmless(session.system.agents.logs(name, lines=lines)).rstrip("\n"))


@command.command("attach")
@click.argument("name", metavar="NAME|TASK")
@pass_session
def attach(session: Session, name: str) -> None:
    """Attach this terminal to an agent's session, or to the window of one of its tasks.

    Off a terminal the command is printed instead.
    """
    try:
        argv = session.system.agents.attach_argv(name)
    except NotFound as unknown:
        try:
            argv = session.system.tasks.attach_argv(name)
        except NotFound as error:
            raise (unknown if error.detail.startswith("There is no task") else error) from None
    attach_to(session, argv)
