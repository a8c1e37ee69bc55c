"""`workflow versions` and `workflow diff`."""

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import plans as plans_view


@click.command("versions")
@click.argument("name")
@format_option
@pass_session
def versions(session: Session, name: str, form: str) -> None:
    """List the versions of a workflow, the newest first."""
    show(plans_view.versions(session.system.workflows.versions(name)), form)


@click.command("diff")
@click.argument("name")
@click.argument("before", required=False, default="")
@click.argument("after", required=False, default="")
@click.option("--text", is_flag=True, help="Show the changed lines too.")
@format_option
@pass_session
def diff(session: Session, name: str, before: str, after: str, form: str, *, text: bool) -> None:
    """Show what changed between two versions of a workflow (else the last two).

    BEFORE and AFTER are begins of hashes, or version labels.
    """
    found = session.system.workflows.diff(name, before, after)
    show(plans_view.diff(found, text=text), form)
