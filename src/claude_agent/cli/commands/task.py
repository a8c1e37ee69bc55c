"""`task`: look at tasks, cancel, wait, read logs, say what happened."""

import threading
from typing import Unpack

import click

from claude_agent.cli import codes
from claude_agent.cli.attaching import attach_to, can_attach
from claude_agent.cli.durations import Duration
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import harmless
from claude_agent.cli.views import explain as explain_view
from claude_agent.cli.views import tasks as tasks_view
from claude_sdk.options import TaskFilter

_PAUSE = threading.Event()
_POLL = 0.25
"""Seconds between two looks at a log that is followed."""


@click.group("task")
def command() -> None:
    """Look at tasks, cancel, wait, read logs."""


@command.command("list")
@click.option("--state", metavar="STATE")
@click.option("--agent", metavar="NAME")
@click.option("--queue", metavar="NAME")
@click.option("--execution-id", metavar="ID")
@click.option(
    "--evidence",
    type=click.Choice(("E1", "E2", "E3", "E4", "E5")),
    help="Those that rest on it; E5: gates have passed.",
)
@click.option(
    "--unverified",
    is_flag=True,
    default=None,
    help="Prompts that ended well and that no gate has checked.",
)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", metavar="TEXT", help="Go on where the last page ended.")
@format_option
@pass_session
def list_(session: Session, form: str, **narrow: Unpack[TaskFilter]) -> None:
    """List tasks, newest first."""
    show(tasks_view.tasks(session.system.tasks.list(**narrow)), form)


@command.command("show")
@click.argument("ref")
@format_option
@pass_session
def show_(session: Session, ref: str, form: str) -> None:
    """Show one task."""
    found = session.system.tasks.get(ref)
    attempts = session.system.tasks.attempts(ref)
    show(tasks_view.task(found, session.system.address(found["url"]), attempts), form)


@command.command("explain")
@click.argument("ref")
@format_option
@pass_session
def explain(session: Session, ref: str, form: str) -> None:
    """Say why a task waits, and the command that helps."""
    show(explain_view.task(session.system.tasks.explain(ref)), form)


@command.command("cancel")
@click.argument("ref")
@click.option("--dry-run", is_flag=True, help="Only show what would be cancelled.")
@format_option
@pass_session
def cancel(session: Session, ref: str, form: str, *, dry_run: bool) -> None:
    """Cancel a task: its command is stopped, the output kept."""
    tasks = session.system.tasks
    found = tasks.get(ref) if dry_run else tasks.cancel(ref)
    if dry_run:
        note(f"Would cancel {found['ref']}; nothing was changed.")
    show(tasks_view.submitted(found, session.system.address(found["url"])), form)


@command.command("resolve")
@click.argument("ref")
@click.argument("outcome", type=click.Choice(("succeeded", "retry", "failed")))
@click.option("--note", "note_", default="", help="Why; kept in the record.")
@format_option
@pass_session
def resolve(session: Session, ref: str, outcome: str, note_: str, form: str) -> None:
    """Say what happened in an uncertain task: it succeeded, is tried again, or failed."""
    found = session.system.tasks.resolve(ref, outcome, note=note_)
    show(tasks_view.submitted(found, session.system.address(found["url"])), form)


@command.command("takeover")
@click.argument("ref")
@click.option("--attach/--no-attach", default=True, help="Open its window here (on a terminal).")
@format_option
@pass_session
def takeover(session: Session, ref: str, form: str, *, attach: bool) -> None:
    """Go on in the agent's conversation yourself: its own screen opens in the task's window."""
    found = session.system.tasks.take_over(ref)
    note(f"Hand it back with: claude-agent task handback {found['ref']}")
    if attach and form == "table" and can_attach():
        attach_to(session, session.system.tasks.attach_argv(ref))
    show(tasks_view.submitted(found, session.system.address(found["url"])), form)


@command.command("handback")
@click.argument("ref")
@click.option("--note", "note_", default="", help="What the agent is told of your work.")
@format_option
@pass_session
def handback(session: Session, ref: str, note_: str, form: str) -> None:
    """Let the agent go on where you stopped, in the same conversation."""
    found = session.system.tasks.hand_back(ref, note=note_)
    show(tasks_view.submitted(found, session.system.address(found["url"])), form)


@command.command("attach")
@click.argument("ref")
@pass_session
def attach(session: Session, ref: str) -> None:
    """Attach this terminal to the task's window (off a terminal: print the command)."""
    attach_to(session, session.system.tasks.attach_argv(ref))


@command.command("wait")
@click.argument("ref")
@click.option("--timeout", type=Duration(), help="Stop waiting then; the task goes on.")
@format_option
@pass_session
def wait(session: Session, ref: str, timeout: float | None, form: str) -> int:
    """Wait for a task's end; the exit code says how it ended."""
    from claude_agent.cli.follow import Following, follow_task  # noqa: PLC0415 - only here

    following = Following(wait=True, limit=timeout, form=form)
    return follow_task(session.system, session.system.tasks.get(ref), following)


@command.command("logs")
@click.argument("ref")
@click.option("--follow", "-f", is_flag=True, help="Go on until the task has ended.")
@click.option("--run", type=click.IntRange(1), help="Of this run instead of the latest.")
@pass_session
def logs(session: Session, ref: str, run: int | None, *, follow: bool) -> int:
    """Print a task's output."""
    try:
        print_log(session, ref, run=run, follow=follow)
    except KeyboardInterrupt:
        note(f"\nDetached; the work goes on. Come back: claude-agent task logs -f {ref}")
        return codes.INTERRUPTED
    return codes.OK


def print_log(
    session: Session, ref: str, *, run: int | None = None, follow: bool = False, prefix: str = ""
) -> None:
    """Print the output of a task, each line after a prefix; follow it to its end if wished."""
    offset, rest = 0, ""
    while True:
        piece = session.system.tasks.log(ref, offset=offset, run=run)
        *whole, rest = (rest + harmless(piece["text"])).split("\n")
        for line in whole:
            click.echo(prefix + line)
        moved = piece["next"] > offset
        offset = piece["next"]
        if moved and offset < piece["total"]:
            continue
        if piece["done"] or not follow:
            break
        _PAUSE.wait(_POLL)
    if rest:
        click.echo(prefix + rest)


@command.command("result")
@click.argument("ref")
@format_option
@pass_session
def result(session: Session, ref: str, form: str) -> None:
    """Show what a task left: outputs, exit, error."""
    show(tasks_view.result(session.system.tasks.result(ref)), form)
