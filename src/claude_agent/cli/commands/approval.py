"""`approval`: look at what waits for a yes, approve, reject."""

import sys
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from claude_agent.cli import codes
from claude_agent.cli.follow import detach_note
from claude_agent.cli.look import look_at
from claude_agent.cli.options import pairs, pass_session
from claude_agent.cli.output import format_option, json_line, lines, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import one_line
from claude_agent.cli.views import approvals as approvals_view
from claude_sdk.live import RESET

if TYPE_CHECKING:
    from claude_sdk.system import ClaudeSystem
    from claude_sdk.wire import Frame
    from claude_sdk.wire_approvals import ApprovalFilter

_note = click.option("--note", metavar="TEXT", default="", help="Why; it is recorded.")
_answers = click.option(
    "--answer", "answers", multiple=True, metavar="K=V", help="A field of its form (K:=V: JSON)."
)
_SILENT = frozenset({"bound", "used", "moved"})
"""Events of an approval that nobody has to know of."""


@click.group("approval")
def command() -> None:
    """Look at what waits for a yes; approve, reject."""


class Wanted(TypedDict):
    """The options of `approval list`."""

    state: str | None
    agent: str | None
    limit: int
    cursor: str | None
    everything: bool


class Given(TypedDict, total=False):
    """The options of a decision."""

    note: str
    answers: tuple[str, ...]
    digest: str | None
    yes: bool
    dry_run: bool


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is decided.")
@click.option("--state", metavar="STATE", help="requested, approved, used, rejected, …")
@click.option("--agent", metavar="NAME")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", metavar="CURSOR", help="What the page before gave.")
@format_option
@pass_session
def list_(session: Session, form: str, **wanted: Unpack[Wanted]) -> None:
    """List what waits for a decision."""
    narrow: ApprovalFilter = {"limit": wanted["limit"]}
    state = wanted["state"] or (None if wanted["everything"] else "requested")
    if state is not None:
        narrow["state"] = state
    if wanted["agent"] is not None:
        narrow["agent"] = wanted["agent"]
    if wanted["cursor"] is not None:
        narrow["cursor"] = wanted["cursor"]
    show(approvals_view.approvals(session.system.approvals.list(**narrow)), form)


@command.command("show")
@click.argument("ref")
@format_option
@pass_session
def show_(session: Session, ref: str, form: str) -> None:
    """Show exactly what would run: command, folder, environment, commit, changes."""
    found = session.system.approvals.get(ref)
    show(approvals_view.approval(found, session.system.address(found["url"])), form)


@command.command("approve")
@click.argument("ref")
@_note
@_answers
@click.option("--digest", metavar="SHA256", help="Approve only what has this digest.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show it.")
@format_option
@pass_session
def approve(session: Session, ref: str, form: str, **given: Unpack[Given]) -> None:
    """Say yes to exactly what is shown; a change in between is refused."""
    _decide(session.system, ref, form, given, verb="Approve")


@command.command("reject")
@click.argument("ref")
@_note
@_answers
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show it.")
@format_option
@pass_session
def reject(session: Session, ref: str, form: str, **given: Unpack[Given]) -> None:
    """Say no: it never runs."""
    _decide(session.system, ref, form, given, verb="Reject")


def _decide(system: "ClaudeSystem", ref: str, form: str, given: Given, *, verb: str) -> None:
    found = system.approvals.get(ref)
    address = system.address(found["url"])
    view = approvals_view.approval(found, address)
    if given["dry_run"]:
        show(view, form)
        return
    if not given["yes"]:
        lines(view.table(look_at()))
        _ask(f"{verb} {found['ref']}?")
    told, answers = given["note"], pairs(given["answers"], "--answer")
    if verb == "Approve":
        seen = given.get("digest") or found["digest"]
        done = system.approvals.approve(ref, digest=seen, note=told, answers=answers)
    else:
        done = system.approvals.reject(ref, note=told, answers=answers)
    _told(done["ref"], done["state"], done["quorum"] - len(done["votes"]))
    if form != "table":
        show(approvals_view.approval(done, address), form)


def _told(ref: str, state: str, missing: int) -> None:
    more = f"; {missing} more must approve" if state == "requested" and missing > 0 else ""
    note(f"{ref} {'noted' if state == 'requested' else state}{more}.")


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        msg = f"{question} Nobody can be asked here: add --yes."
        raise click.UsageError(msg)
    click.confirm(question, abort=True, err=True)


@command.command("rules")
@format_option
@pass_session
def rules(session: Session, form: str) -> None:
    """Show the policy: which rule decides what."""
    show(approvals_view.rules(session.system.approvals.rules()), form)


@command.command("watch")
@click.option("-o", "--output", "form", type=click.Choice(["table", "jsonl"]), default="table")
@pass_session
def watch(session: Session, form: str) -> int:
    """Tell each request and each decision as it comes, until Ctrl-C."""
    system = session.system
    cursor = system.events.head()["cursor"]  # before the list: nothing falls in between
    table = form == "table"
    told = _tell_waiting(system) if table else set()
    try:
        with system.live(["approvals"], after=cursor) as live:
            for frame in live:
                if not table:
                    click.echo(json_line(frame))
                elif frame["type"] == RESET:
                    told = _tell_waiting(system)
                else:
                    _tell_news(system, frame, told)
    except KeyboardInterrupt:
        detach_note("claude-agent approval watch")
    return codes.INTERRUPTED


def _tell_waiting(system: "ClaudeSystem") -> set[str]:
    waiting = system.approvals.list(state="requested", limit=500)["items"]
    for one in reversed(waiting):
        click.echo(f"{one['ref']}  waits  {one_line(one['title'])}")
    note("Decide in another window: claude-agent approval show REF, then approve or reject REF.")
    return {one["id"] for one in waiting}


def _tell_news(system: "ClaudeSystem", frame: "Frame", told: set[str]) -> None:
    what = frame["type"].removeprefix("approval.")
    if what in _SILENT or (what == "requested" and frame["id"] in told):
        return
    found = system.approvals.get(frame["id"])
    click.echo(f"{found['ref']}  {what}  {one_line(found['title'])}")
