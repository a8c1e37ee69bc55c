"""`event`: say events, read and check the log."""

import click

from claude_agent.cli import codes
from claude_agent.cli.look import Look, look_at
from claude_agent.cli.options import (
    MAX_DEFINITION_BYTES,
    pairs,
    parse_json,
    pass_session,
    read_text,
)
from claude_agent.cli.output import View, format_option, json_line, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted
from claude_agent.cli.views import common as common_view
from claude_agent.cli.views import events as events_view

_MAX_LEDGER = 64 * MAX_DEFINITION_BYTES
_TOPICS = click.Choice(["tasks", "executions", "agents", "approvals", "state", "notices", "system"])


@click.group("event")
def command() -> None:
    """Say events, read and check the log."""


@command.command("list")
@click.option("--after", metavar="CURSOR", help="From there on; else from the beginning.")
@click.option("--topic", type=_TOPICS)
@click.option("--limit", type=click.IntRange(1, 1000), default=500, show_default=True)
@format_option
@pass_session
def list_(session: Session, after: str | None, topic: str | None, limit: int, form: str) -> None:
    """Print events in order."""
    page = session.system.events.read(after=after, topic=topic, limit=limit)
    show(events_view.events(page), form)
    if form == "table" and len(page["items"]) == limit:
        note(f"More: claude-agent event list --after {page['cursor']}")


@command.command("tail")
@click.option("--after", metavar="CURSOR", help="From there on; else from now.")
@click.option("--topic", "topics", type=_TOPICS, multiple=True)
@click.option("-o", "--output", "form", type=click.Choice(["table", "jsonl"]), default="table")
@pass_session
def tail(session: Session, after: str | None, topics: tuple[str, ...], form: str) -> int:
    """Print events as they happen, until Ctrl-C."""
    look = look_at()
    cursor = after or session.system.events.head()["cursor"]
    with session.system.live(topics or ("*",), after=cursor) as live:
        try:
            for frame in live:
                line = json_line(frame) if form == "jsonl" else events_view.frame_line(frame, look)
                click.echo(line, color=True)
        except KeyboardInterrupt:
            note(f"\nCome back: claude-agent event tail --after {live.cursor}")
    return codes.INTERRUPTED


@command.command("emit")
@click.argument("type_", metavar="TYPE")
@click.option(
    "--data", "given", metavar="K=V|JSON", multiple=True, help="What it says (K:=V: JSON)."
)
@click.option("--idempotency-key", "key", metavar="K", help="The same key never says it twice.")
@format_option
@pass_session
def emit(session: Session, type_: str, given: tuple[str, ...], key: str | None, form: str) -> None:
    """Say an event: steps that wait for it go on, workflows that it is to start begin."""
    said = session.system.events.publish(type_, _data(given), key=key)
    show(
        View(
            document=said,
            items=common_view.as_items([said]),
            name="id",
            table=lambda _: [f"{said['type']}  {said['id']}"],
        ),
        form,
    )


def _data(given: tuple[str, ...]) -> dict[str, object]:
    if len(given) != 1 or not given[0].lstrip().startswith("{"):
        return pairs(given, "--data")
    found = parse_json(given[0], "--data")
    return found if isinstance(found, dict) else {}  # it begins with a brace: it is one


@command.command("export-head")
@format_option
@pass_session
def export_head(session: Session, form: str) -> None:
    """Print the head of the hash chain, to be kept elsewhere."""
    head = session.system.events.head()
    show(
        View(
            document=head,
            items=common_view.as_items([head]),
            name="hash",
            table=lambda _: [f"{head['cursor']}  {head['hash']}"],
        ),
        form,
    )


@command.command("verify")
@click.option("--ledger", metavar="FILE", help="JSON lines that commands wrote as they started.")
@format_option
@pass_session
def verify(session: Session, ledger: str | None, form: str) -> int:
    """Check the hash chain, and with --ledger that every start is explained."""
    events = session.system.events
    verdict = events.verify()
    problems = [str(problem) for problem in verdict["problems"]]
    lines_read = starts_read = 0
    if ledger is not None:
        from claude_agent.cli.ledger import read_ledger, unexplained  # noqa: PLC0415 - only here

        text = read_text(ledger, limit=_MAX_LEDGER, what="--ledger")
        entries, bad = read_ledger(text)
        starts = events.starts()
        problems += bad + unexplained(entries, starts, list(events.all(topic="tasks")))
        lines_read, starts_read = len(entries), len(starts)
    ok = verdict["ok"] and not problems
    document = {
        "ok": ok,
        "events": verdict["events"],
        "head": verdict["head"],
        "problems": problems,
    } | ({"ledger_lines": lines_read, "starts": starts_read} if ledger is not None else {})

    def table(look: Look) -> list[str]:
        found = [
            look.paint(f"{'✗' if look.unicode else 'x'} {line}", "failed") for line in problems
        ]
        sign = look.paint("✓" if look.unicode else "+", "ok") + " " if ok else ""
        chain = f"{counted(verdict['events'], 'event')}, head {verdict['head'][:16]}"
        against = (
            f", {counted(lines_read, 'ledger line')} against {counted(starts_read, 'start')}"
            if ledger is not None
            else ""
        )
        return [*found, f"{sign}{chain}{against}, {counted(len(problems), 'problem')}"]

    show(View(document=document, items=[document], name="ok", table=table), form)
    return codes.OK if ok else codes.FAILED
