"""`schedule`: see when workflows start by themselves, pause, resume, trigger, backfill."""

from datetime import datetime
from typing import TypedDict, Unpack

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import executions as executions_view
from claude_agent.cli.views import schedules as view
from claude_agent.cli.views.common import now_ms


@click.group("schedule")
def command() -> None:
    """See when workflows start by themselves; pause, resume, trigger, backfill.

    A NAME is `<workflow>.<n>`, or the workflow's name where it has one schedule.
    """


@command.command("list")
@click.option("--workflow", metavar="NAME", default="", help="Only those of one workflow.")
@format_option
@pass_session
def list_(session: Session, workflow: str, form: str) -> None:
    """List the schedules with their next times."""
    show(view.schedules(session.system.schedules.list(workflow)), form)


@command.command("show")
@click.argument("name")
@format_option
@pass_session
def show_(session: Session, name: str, form: str) -> None:
    """Show one schedule: its next times, and what became of the last ones."""
    show(view.schedule(session.system.schedules.get(name)), form)


@command.command("pause")
@click.argument("name")
@click.option("--reason", metavar="TEXT", default="", help="Why; it is recorded.")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def pause(session: Session, name: str, reason: str, form: str, *, dry_run: bool) -> None:
    """Let it fire no more; newer versions of its workflow do not change that."""
    schedules = session.system.schedules
    found = schedules.get(name) if dry_run else schedules.pause(name, reason=reason)
    if dry_run:
        note(f"Would pause {found['id']}; nothing was changed.")
    show(view.schedule(found), form)


@command.command("resume")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def resume(session: Session, name: str, form: str, *, dry_run: bool) -> None:
    """Let it fire from now on; what fell into the pause is not made up for."""
    schedules = session.system.schedules
    found = schedules.get(name) if dry_run else schedules.resume(name)
    if dry_run:
        note(f"Would resume {found['id']}; nothing was changed.")
    show(view.schedule(found), form)


@command.command("trigger")
@click.argument("name")
@click.option("--idempotency-key", metavar="K", help="The same key never starts twice.")
@click.option("--dry-run", is_flag=True, help="Start nothing.")
@format_option
@pass_session
def trigger(
    session: Session, name: str, idempotency_key: str | None, form: str, *, dry_run: bool
) -> None:
    """Start its workflow now, whatever runs and also while it is paused."""
    schedules = session.system.schedules
    if dry_run:
        found = schedules.get(name)
        note(f"Would start {found['workflow']}; nothing was changed.")
        show(view.schedule(found), form)
        return
    started = schedules.trigger(name, key=idempotency_key)
    show(executions_view.execution(started, session.system.address(started["url"])), form)


class Given(TypedDict):
    """The options of `schedule backfill`."""

    first: str
    last: str | None
    limit: int
    dry_run: bool


@command.command("backfill")
@click.argument("name")
@click.option("--from", "first", metavar="TIME", required=True, help="2026-03-01 or with T12:00.")
@click.option("--to", "last", metavar="TIME", help="Else: until now.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--dry-run", is_flag=True, help="Only show which times would fire.")
@format_option
@pass_session
def backfill(session: Session, name: str, form: str, **given: Unpack[Given]) -> None:
    """Fire for each time of a span that has started nothing; local time unless with an offset."""
    begin = _moment(given["first"], "--from")
    end = now_ms() if given["last"] is None else _moment(given["last"], "--to")
    done = session.system.schedules.backfill(
        name, begin, end, limit=given["limit"], dry_run=given["dry_run"]
    )
    show(view.backfilled(done), form)


def _moment(text: str, option: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        msg = f"{option} {text!r} is no time: write 2026-03-01, 2026-03-01T12:00 or with +01:00."
        raise click.UsageError(msg) from None
