"""`queue`: look at queues, pause, resume, limit, purge."""

import sys

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted
from claude_agent.cli.views import queues as queues_view

_reason = click.option("--reason", metavar="TEXT", default="", help="Why; it is recorded.")


@click.group("queue")
def command() -> None:
    """Look at queues, pause, resume, limit, purge."""


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """List the queues of tasks, and those of the broker's own messages."""
    queues = session.system.queues
    show(queues_view.queues(queues.list(), queues.messages()), form)


@command.command("show")
@click.argument("name")
@format_option
@pass_session
def show_(session: Session, name: str, form: str) -> None:
    """Show one queue: depths, limit, rate, and what was done to it."""
    show(queues_view.queue(session.system.queues.get(name)), form)


@command.command("pause")
@click.argument("name")
@_reason
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def pause(session: Session, name: str, reason: str, form: str, *, dry_run: bool) -> None:
    """Start nothing from a queue until it is resumed; what runs goes on."""
    queues = session.system.queues
    found = queues.get(name) if dry_run else queues.pause(name, reason=reason)
    if dry_run:
        note(f"Would pause {name}; nothing was changed.")
    show(queues_view.queue(found), form)


@command.command("resume")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def resume(session: Session, name: str, form: str, *, dry_run: bool) -> None:
    """Start from a queue again."""
    queues = session.system.queues
    found = queues.get(name) if dry_run else queues.resume(name)
    if dry_run:
        note(f"Would resume {name}; nothing was changed.")
    show(queues_view.queue(found), form)


@command.command("limit")
@click.argument("name")
@click.argument("limit", metavar="N|default")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def limit_(session: Session, name: str, limit: str, form: str, *, dry_run: bool) -> None:
    """Let at most N tasks of a queue run at once; `default`: as the configuration says."""
    if limit != "default" and not (limit.isdecimal() and int(limit)):
        msg = (
            f"{limit!r} is neither a number from 1 on nor default (to start nothing: queue pause)."
        )
        raise click.UsageError(msg)
    queues = session.system.queues
    if dry_run:
        note(f"Would set the limit of {name} to {limit}; nothing was changed.")
    most = None if limit == "default" else int(limit)
    show(queues_view.queue(queues.get(name) if dry_run else queues.limit(name, most)), form)


@command.command("purge")
@click.argument("name")
@_reason
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show how many tasks would be cancelled.")
@format_option
@pass_session
def purge(session: Session, name: str, reason: str, form: str, *, yes: bool, dry_run: bool) -> None:
    """Cancel every task that waits in a queue; what runs goes on."""
    states = session.system.queues.get(name)["states"]
    waiting = sum(states.get(state, 0) for state in ("held", "scheduled", "ready"))
    if dry_run:
        note(f"Would cancel {counted(waiting, 'task')} of {name}; nothing was changed.")
        return
    if not yes:
        ask(f"Cancel {counted(waiting, 'waiting task')} of {name}?")
    show(queues_view.purged(session.system.queues.purge(name, reason=reason)), form)


def ask(question: str) -> None:
    """Ask a person; off a terminal refuse and name the flag."""
    if not sys.stdin.isatty():
        msg = f"{question} Nobody can be asked here: add --yes."
        raise click.UsageError(msg)
    click.confirm(question, abort=True, err=True)
