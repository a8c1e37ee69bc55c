"""`host`: see the machines that share the database; say that one is lost for good."""

import sys

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import View, format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted
from claude_agent.cli.views import hosts as hosts_view
from claude_agent.cli.views.common import as_items


@click.group("host")
def command() -> None:
    """See the hosts; say that one is lost for good."""


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """List the hosts and their worker processes."""
    show(hosts_view.hosts(session.system.hosts.list()), form)


@command.command("lost")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def lost(session: Session, name: str, form: str, *, yes: bool, dry_run: bool) -> None:
    """Say that a host is off for good: its runs count as ended and are decided.

    Switch it off first: an agent that still works there would be a second copy.
    """
    if dry_run:
        note(f"Would declare {name} lost; nothing was changed.")
        return
    if not yes and sys.stdin.isatty():
        click.confirm(f"Is {name} switched off, and stays so?", abort=True, err=True)
    elif not yes:
        msg = f"To declare {name} lost without a terminal, add --yes."
        raise click.UsageError(msg)
    found = session.system.hosts.lost(name)
    note(f"{name} is lost; {counted(len(found['tasks']), 'task')} decided now.")
    items = [{"ref": ref} for ref in found["tasks"]]
    show(
        View(
            document=found, items=as_items(items), name="ref", table=lambda _: list(found["tasks"])
        ),
        form,
    )
