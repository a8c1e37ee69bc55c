"""`app`: deployed applications."""

import click

from claude_agent.cli.look import Cell, Look
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import View, format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.views.common import as_items

_FAMILIES = {"running": "ok", "healthy": "ok", "starting": "running", "crashed": "failed"}


@click.group("app")
def command() -> None:
    """List and stop deployed applications."""


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """List deployed applications."""
    found = session.system.apps.list()

    def table(look: Look) -> list[str]:
        if not found:
            return ["No applications are deployed."]
        rows: list[list[str | Cell]] = [
            [
                item["name"],
                Cell(text=item["state"], family=_FAMILIES.get(item["state"], "")),
                item["url"] or "",
                item["release"] or "",
                item["previous"] or "",
            ]
            for item in found
        ]
        return look.table(("app", "state", "address", "release", "previous"), rows)

    show(View(document={"items": found}, items=as_items(found), name="name", table=table), form)


@command.command("stop")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only say what would be stopped.")
@pass_session
def stop(session: Session, name: str, *, dry_run: bool) -> None:
    """Stop an application; it stays stopped until the next deployment."""
    if dry_run:
        known = any(item["name"] == name for item in session.system.apps.list())
        note(f"Would stop {name}." if known else f"There is no application {name}.")
        return
    session.system.apps.stop(name)
    note(f"{name} is stopped.")
