"""`question`: look at what agents at work ask; allow, deny, answer."""

from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import questions as questions_view

if TYPE_CHECKING:
    from claude_sdk.wire_questions import Question, QuestionFilter

_note = click.option("--note", "noted", metavar="TEXT", default="", help="For the record alone.")


@click.group("question")
def command() -> None:
    """See what agents at work ask; allow, deny, answer."""


class Wanted(TypedDict):
    """The options of `question list`."""

    state: str | None
    agent: str | None
    task: str | None
    limit: int
    cursor: str | None
    everything: bool


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is answered.")
@click.option("--state", metavar="STATE", help="open, answered, gone.")
@click.option("--agent", metavar="NAME")
@click.option("--task", metavar="REF", help="Of this task.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", metavar="CURSOR", help="What the page before gave.")
@format_option
@pass_session
def list_(session: Session, form: str, **wanted: Unpack[Wanted]) -> None:
    """List what waits for an answer."""
    narrow: QuestionFilter = {"limit": wanted["limit"]}
    state = wanted["state"] or (None if wanted["everything"] else "open")
    if state is not None:
        narrow["state"] = state
    if wanted["agent"] is not None:
        narrow["agent"] = wanted["agent"]
    if wanted["task"] is not None:
        narrow["task"] = wanted["task"]
    if wanted["cursor"] is not None:
        narrow["cursor"] = wanted["cursor"]
    show(questions_view.questions(session.system.questions.list(**narrow)), form)


@command.command("show")
@click.argument("ref")
@format_option
@pass_session
def show_(session: Session, ref: str, form: str) -> None:
    """Show what is asked, by the question's ref or its task's, and how to answer."""
    show(questions_view.question(session.system.questions.get(ref)), form)


@command.command("allow")
@click.argument("ref")
@_note
@format_option
@pass_session
def allow(session: Session, ref: str, noted: str, form: str) -> None:
    """Let the agent do exactly what it asked for, once."""
    _told(session.system.questions.allow(ref, note=noted), form)


@command.command("deny")
@click.argument("ref")
@click.argument("why", default="")
@_note
@format_option
@pass_session
def deny(session: Session, ref: str, why: str, noted: str, form: str) -> None:
    """Say no; WHY is told to the agent, which goes on without it."""
    _told(session.system.questions.deny(ref, text=why, note=noted), form)


@command.command("answer")
@click.argument("ref")
@click.argument("text")
@_note
@format_option
@pass_session
def answer(session: Session, ref: str, text: str, noted: str, form: str) -> None:
    """Tell the agent what it asked."""
    _told(session.system.questions.answer(ref, text, note=noted), form)


def _told(one: "Question", form: str) -> None:
    note(f"{one['ref']}: {one['decision']}. {one['agent']} is told.")
    if form != "table":
        show(questions_view.question(one), form)
