"""`db`: move the database, check it; the server is stopped meanwhile."""

import click

from claude_agent.cli import codes
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import View, format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted


@click.group("db")
def command() -> None:
    """Move or check the database of a stopped server."""


@command.command("move")
@click.option("--to", "url", metavar="URL", required=True, help="postgresql://user@host/name")
@format_option
@pass_session
def move(session: Session, url: str, form: str) -> int:
    """Move everything from SQLite into an empty PostgreSQL database.

    The log is replayed and its hash chain checked; the source is not changed. A move that fails
    or is killed leaves the target empty: begin again.
    """
    from claude_agent import database_care  # noqa: PLC0415 - only here

    moved = database_care.move(session.home, url, tell=note)
    lines = [
        f"Moved {counted(moved['events'], 'event')} and {sum(moved['rows'].values())} rows.",
        f"The log ends at {moved['hash'][:16]} in both; {moved['source']} was not changed.",
        "Now set database_url under [server] to this address, and: claude-agent up",
    ]
    show(View(document=moved, items=[moved], name="hash", table=lambda _: lines), form)
    return codes.OK


@command.command("verify")
@format_option
@pass_session
def verify(session: Session, form: str) -> int:
    """Check the database and the hash chain of its log."""
    from claude_agent import database_care  # noqa: PLC0415 - only here

    found = database_care.verify(session.home)
    lines = [
        f"{found['database']}: {counted(found['events'], 'event')}, head {found['hash'][:16]}",
        *(found["problems"] or ["The chain holds."]),
    ]
    show(View(document=found, items=[found], name="hash", table=lambda _: lines), form)
    return codes.FAILED if found["problems"] else codes.OK
