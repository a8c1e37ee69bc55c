"""`agent`: look at agents, attach to their sessions."""

import os
import shlex
import shutil
import sys

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import harmless
from claude_agent.cli.views import agents as agents_view


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
@click.argument("name")
@pass_session
def attach(session: Session, name: str) -> None:
    """Attach this terminal to the agent's session (off a terminal: print the command)."""
    argv = list(session.system.agents.attach_argv(name))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(shlex.join(argv))
        return
    program = shutil.which(argv[0])
    if program is None:
        msg = f"{argv[0]} is not installed here; on the server's machine run: {shlex.join(argv)}"
        raise click.ClickException(msg)
    session.close()
    sys.stdout.flush()
    # A nested tmux would refuse: the person asked for this session, so the outer one is left out.
    environment = {key: value for key, value in os.environ.items() if key != "TMUX"}
    os.execve(program, argv, environment)  # noqa: S606 - the server's own command line, no shell
