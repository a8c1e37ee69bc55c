"""`breaker`: what is left alone for a while after failures, and what was healed."""

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import resilience as view


@click.group("breaker")
def command() -> None:
    """See what is left alone after failures, what was restarted and rolled back."""


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """Show breakers, restarts and rollbacks, each with its reason."""
    show(view.overview(session.system.resilience.overview()), form)


@command.command("reset")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def reset(session: Session, name: str, form: str, *, dry_run: bool) -> None:
    """Use something again at once, such as agent:backend-api after a login."""
    if dry_run:
        note(f"Would reset {name}; nothing was changed.")
        return
    show(view.breaker(session.system.resilience.reset(name)), form)
