"""`monitor`: the live view."""

import click

from claude_agent.cli import codes
from claude_agent.cli.board import ExecutionBoard
from claude_agent.cli.follow import detach_note
from claude_agent.cli.look import look_at
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import json_line, note
from claude_agent.cli.overview import Overview
from claude_agent.cli.session import Session
from claude_agent.cli.watch import watch
from claude_sdk.system import ClaudeSystem


@click.command("monitor")
@click.option("--execution-id", metavar="ID", help="One execution, by id or ref.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "jsonl"]),
    default="table",
    help="jsonl: the events as they come.",
)
@pass_session
def command(session: Session, execution_id: str | None, form: str) -> int:
    """Watch one execution until it has ended, or everything until Ctrl-C."""
    system = session.system
    if execution_id is None:
        back = "claude-agent monitor"
        return _events(system, back) if form == "jsonl" else overview(system, back)
    back = f"claude-agent monitor --execution-id {execution_id}"
    try:
        if form == "jsonl":
            for frame in system.monitor(execution_id):
                click.echo(json_line(frame))
        else:
            board = ExecutionBoard(system, execution_id)
            watch(system, board, look_at())
            if board.summary is not None:
                note(system.address(board.summary["url"]))
    except KeyboardInterrupt:
        detach_note(back)
        return codes.INTERRUPTED
    return codes.OK


def overview(system: ClaudeSystem, back: str) -> int:
    """Show everything until Ctrl-C."""
    try:
        watch(system, Overview(system), look_at())
    except KeyboardInterrupt:
        detach_note(back)
    return codes.INTERRUPTED


def _events(system: ClaudeSystem, back: str) -> int:
    try:
        with system.live(after=system.events.head()["cursor"]) as live:
            for frame in live:
                click.echo(json_line(frame))
    except KeyboardInterrupt:
        detach_note(back)
    return codes.INTERRUPTED
