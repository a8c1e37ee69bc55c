"""`deadletter`: look at dead letters, let them run again, put them aside, export them."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, Unpack

import click

from claude_agent.cli.commands.queue import ask
from claude_agent.cli.durations import Duration
from claude_agent.cli.options import pairs, pass_session
from claude_agent.cli.output import format_option, json_line, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted
from claude_agent.cli.views import dead_letters as letters_view
from claude_agent.cli.views.common import now_ms
from claude_sdk.errors import NotFound
from claude_sdk.options import LetterFilter

if TYPE_CHECKING:
    from claude_sdk.wire_queues import DeadLetterDetail, Redrive

Command = TypeVar("Command", bound=Callable[..., object])
KINDS = ("task", "message")
_PAUSE = threading.Event()
_POLL = 0.5
"""Seconds between two looks at a re-drive that is waited for."""


def _filters(command: Command) -> Command:
    for option in (
        click.option("--since", "within", type=Duration(), help="Died within this time: 2h, 1d."),
        click.option("--agent", metavar="NAME", help="The agent, or a message's actor."),
        click.option("--reason", "why_dead", metavar="CODE", help="As `list` shows it: exit, …"),
        click.option("--queue", metavar="NAME"),
        click.option("--kind", type=click.Choice(KINDS)),
    ):
        command = option(command)
    return command


class Narrow(LetterFilter, total=False):
    """The filters as click hands them over."""

    within: float | None
    why_dead: str | None


class Retry(Narrow):
    """What `retry` is told."""

    ref: str | None
    all_: bool
    rate: str | None
    changed: tuple[str, ...]
    why: str
    wait: bool
    yes: bool
    dry_run: bool


def _wanted(given: Narrow) -> LetterFilter:
    within = given.get("within")
    return {
        "kind": given.get("kind"),
        "queue": given.get("queue"),
        "reason": given.get("why_dead"),
        "agent": given.get("agent"),
        "since": None if within is None else now_ms() - int(within * 1000),
    }


@click.group("deadletter")
def command() -> None:
    """Look at dead letters, let them run again, put them aside."""


@command.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", metavar="TEXT", help="Go on where the last page ended.")
@format_option
@pass_session
def list_(
    session: Session, limit: int, cursor: str | None, form: str, **given: Unpack[Narrow]
) -> None:
    """List dead tasks and messages, the newest death first."""
    page = session.system.dead_letters.list(limit=limit, cursor=cursor, **_wanted(given))
    show(letters_view.letters(page), form)


@command.command("show")
@click.argument("ref")
@click.option("--kind", type=click.Choice(KINDS), help="Else: whichever there is.")
@format_option
@pass_session
def show_(session: Session, ref: str, kind: str | None, form: str) -> None:
    """Show one: reason, errors, payload, the end of its output, history."""
    show(letters_view.letter(_find(session, ref, kind)), form)


def _find(session: Session, ref: str, kind: str | None) -> "DeadLetterDetail":
    """Return the letter; without a kind a task is looked for first, then a message."""
    letters = session.system.dead_letters
    if kind is not None:
        return letters.get(kind, ref)
    try:
        return letters.get("task", ref)
    except NotFound as of_task:
        try:
            return letters.get("message", ref)
        except NotFound:
            raise of_task from None


@command.command("retry")
@click.argument("ref", required=False)
@click.option("--all", "all_", is_flag=True, help="All that match the filters.")
@_filters
@click.option("--rate", metavar="N/s|N/m", help="With --all: at most so many in a second, minute.")
@click.option("--set", "changed", multiple=True, metavar="K=V", help="Change a field; K:=JSON.")
@click.option("--note", "why", metavar="TEXT", default="", help="Why; it is recorded.")
@click.option("--wait", is_flag=True, help="With --all: wait until it is through.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would run again.")
@format_option
@pass_session
def retry(session: Session, form: str, **how: Unpack[Retry]) -> None:
    """Let one run again (REF, changed with --set), or all that match (--all)."""
    ref = how["ref"]
    if (ref is None) == (not how["all_"]):
        msg = "Name one dead letter, or give --all (with filters)."
        raise click.UsageError(msg)
    if ref is not None:
        _retry_one(session, ref, form, how)
    else:
        _retry_all(session, form, how)


def _retry_one(session: Session, ref: str, form: str, how: Retry) -> None:
    if how["rate"]:
        msg = "--rate belongs to --all."
        raise click.UsageError(msg)
    changes = pairs(how["changed"], "--set")
    found = _find(session, ref, how.get("kind"))
    if how["dry_run"]:
        note(f"Would re-drive {found['kind']} {found['ref']}; nothing was changed.")
        show(letters_view.letter(found), form)
        return
    done = session.system.dead_letters.redrive(
        found["kind"], found["id"], changes=changes, reason=how["why"]
    )
    show(letters_view.handled(done), form)


def _retry_all(session: Session, form: str, how: Retry) -> None:
    if how["changed"]:
        msg = "--set belongs to one dead letter."
        raise click.UsageError(msg)
    letters = session.system.dead_letters
    wanted = _wanted(how)
    counts = letters.list(limit=1, **wanted)["counts"]
    number = counted(sum(counts.values()), "dead letter")
    if how["dry_run"]:
        note(f"Would re-drive {number}, those of workflows left out; nothing was changed.")
        return
    if not how["yes"]:
        ask(f"Re-drive {number}?")
    begun = letters.redrive_many(rate=how["rate"], **wanted)
    show(letters_view.redrive(_through(session, begun) if how["wait"] else begun), form)


def _through(session: Session, begun: "Redrive") -> "Redrive":
    try:
        while begun["state"] == "running":
            _PAUSE.wait(_POLL)
            begun = session.system.dead_letters.redrive_status(begun["id"])
    except KeyboardInterrupt:
        note(f"\nDetached; it goes on. Look: claude-agent deadletter redrives {begun['id']}")
    return begun


@command.command("discard")
@click.argument("ref")
@click.option("--kind", type=click.Choice(KINDS), help="Else: whichever there is.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is recorded.")
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@format_option
@pass_session
def discard(
    session: Session, ref: str, kind: str | None, reason: str, form: str, *, dry_run: bool
) -> None:
    """Put one aside for good, with a reason."""
    found = _find(session, ref, kind)
    if dry_run:
        note(f"Would discard {found['kind']} {found['ref']}; nothing was changed.")
        show(letters_view.letter(found), form)
        return
    done = session.system.dead_letters.discard(found["kind"], found["id"], reason)
    show(letters_view.handled(done), form)


@command.command("export")
@_filters
@pass_session
def export(session: Session, **given: Unpack[Narrow]) -> None:
    """Print every letter that matches, with all its evidence, as JSON lines."""
    for letter in session.system.dead_letters.export(**_wanted(given)):
        click.echo(json_line(letter))


@command.command("redrives")
@click.argument("redrive_id", metavar="ID", required=False)
@click.option("--stop", is_flag=True, help="End this one; what was re-driven stays so.")
@format_option
@pass_session
def redrives(session: Session, redrive_id: str | None, form: str, *, stop: bool) -> None:
    """Show how far re-drives of many are, or stop one."""
    letters = session.system.dead_letters
    if redrive_id is None:
        if stop:
            msg = "Name the re-drive that --stop ends."
            raise click.UsageError(msg)
        show(letters_view.redrives(letters.redrives()), form)
        return
    found = letters.stop_redrive(redrive_id) if stop else letters.redrive_status(redrive_id)
    show(letters_view.redrive(found), form)
