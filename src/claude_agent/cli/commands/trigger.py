"""`trigger`: see what starts which workflow by itself."""

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import triggers as view


@click.group("trigger")
def command() -> None:
    """See what starts which workflow by itself: times, webhooks, events."""


@command.command("list")
@click.option("--workflow", metavar="NAME", default="", help="Only those of one workflow.")
@click.option("--kind", type=click.Choice(["schedule", "webhook", "event"]), default=None)
@format_option
@pass_session
def list_(session: Session, workflow: str, kind: str | None, form: str) -> None:
    """List what starts a workflow, with its next time and what became of it last."""
    show(view.triggers(session.system.triggers.list(workflow=workflow, kind=kind or "")), form)
