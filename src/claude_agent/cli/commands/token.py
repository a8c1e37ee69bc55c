"""`token`: tokens of people with a role."""

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import approvals as approvals_view


@click.group("token")
def command() -> None:
    """Make, list and revoke tokens of people with a role."""


@command.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "approver", "operator"]), required=True)
@format_option
@pass_session
def create(session: Session, name: str, role: str, form: str) -> None:
    """Make a token for a person; it is shown this once."""
    made = session.system.tokens.create(name, role)
    note(f"The token of {name} ({role}); it is shown only now:")
    show(approvals_view.token_made(made), form)


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """List who has a token."""
    show(approvals_view.tokens(session.system.tokens.list()), form)


@command.command("revoke")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@pass_session
def revoke(session: Session, name: str, *, dry_run: bool) -> None:
    """Let the token of a person open nothing any more."""
    if dry_run:
        note(f"Would revoke the token of {name}; nothing was changed.")
        return
    session.system.tokens.revoke(name)
    note(f"The token of {name} is revoked.")
