"""`agent`: look at agents, attach to their sessions, find what their runs have left."""

import click

from claude_agent.cli import codes
from claude_agent.cli.attaching import attach_to
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import harmless
from claude_agent.cli.views import agents as agents_view
from claude_agent.cli.views import leftovers as leftovers_view
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


@command.command("doctor")
@click.option("--clean", is_flag=True, help="End and remove what runs that are over have left.")
@format_option
@pass_session
def doctor(session: Session, form: str, *, clean: bool) -> int:
    """Say what runs that are over have left on this machine: processes, sockets, secrets.

    Looks at this machine alone and needs no server. Exit code 1: something is left.
    """
    from claude_agent import leftovers  # noqa: PLC0415 - only here

    found, tmux = leftovers.look(session.home)
    done = [clean and leftovers.clean(one, tmux) for one in found]
    show(leftovers_view.leftovers(found, done), form)
    left = [one for one, gone in zip(found, done, strict=True) if one.fault and not gone]
    return codes.FAILED if left else codes.OK
