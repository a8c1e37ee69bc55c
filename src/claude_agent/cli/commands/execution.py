"""`execution`: look at runs of workflows, cancel, wait."""

from typing import Unpack

import click

from claude_agent.cli.commands.execution_again import COMMANDS
from claude_agent.cli.durations import Duration
from claude_agent.cli.options import parse_json, pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import events as events_view
from claude_agent.cli.views import executions as executions_view
from claude_agent.cli.views import explain as explain_view
from claude_sdk.options import ExecutionFilter
from claude_sdk.wire import Instance, Step


@click.group("execution")
def command() -> None:
    """Look at runs of workflows, cancel, wait."""


@command.command("list")
@click.option("--state", metavar="STATE")
@click.option("--workflow", metavar="NAME")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", metavar="TEXT", help="Go on where the last page ended.")
@format_option
@pass_session
def list_(session: Session, form: str, **narrow: Unpack[ExecutionFilter]) -> None:
    """List executions, newest first."""
    show(executions_view.executions(session.system.executions.list(**narrow)), form)


@command.command("show")
@click.argument("ref")
@format_option
@pass_session
def show_(session: Session, ref: str, form: str) -> None:
    """Show one execution with its steps."""
    found = session.system.executions.get(ref)
    show(executions_view.execution(found, session.system.address(found["url"])), form)


def _with_tasks(steps: list[Step]) -> list[Step | Instance]:
    """Return what has a task: steps, and the instances of steps with many."""
    found: list[Step | Instance] = []
    for step in steps:
        many = step.get("instances")
        found += [step, *(many["items"] if many else [])]
    return found


@command.command("explain")
@click.argument("ref")
@click.argument("step", required=False)
@format_option
@pass_session
def explain(session: Session, ref: str, step: str | None, form: str) -> None:
    """Say why an execution (or its STEP) waits, and what follows."""
    show(explain_view.execution(session.system.executions.explain(ref, step=step)), form)


@command.command("logs")
@click.argument("ref")
@click.option("--step", metavar="ID", help="Of this step alone.")
@pass_session
def logs(session: Session, ref: str, step: str | None) -> None:
    """Print the output of the steps."""
    from claude_agent.cli.commands.task import print_log  # noqa: PLC0415 - only here

    steps = _with_tasks(session.system.executions.get(ref)["steps"])
    if step is not None and step not in {item["id"] for item in steps}:
        known = ", ".join(item["id"] for item in steps)
        msg = f"{ref} has no step {step!r}; it has {known}."
        raise click.UsageError(msg)
    for item in steps:
        if step not in {None, item["id"]}:
            continue
        prefix = "" if step else f"{item['id']} | "
        if item["task_id"]:
            print_log(session, item["task_id"], prefix=prefix)
        undo = item["compensation"]
        if undo and undo["task_id"]:
            print_log(session, undo["task_id"], prefix=f"{item['id']} (undo) | ")


@command.command("events")
@click.argument("ref")
@format_option
@pass_session
def events(session: Session, ref: str, form: str) -> None:
    """Print the history."""
    show(events_view.events(session.system.executions.events(ref)), form)


@command.command("cancel")
@click.argument("ref")
@click.option("--compensate/--no-compensate", default=None, help="Undo what was done, or not.")
@click.option("--dry-run", is_flag=True, help="Only show what would be cancelled.")
@format_option
@pass_session
def cancel(
    session: Session, ref: str, form: str, *, compensate: bool | None, dry_run: bool
) -> None:
    """Cancel an execution; undoing as the workflow says unless told."""
    executions = session.system.executions
    if dry_run:
        found = executions.get(ref)
        note(f"Would cancel {found['ref']}; nothing was changed.")
    else:
        found = executions.cancel(ref, compensate=compensate)
    show(executions_view.execution(found, session.system.address(found["url"])), form)


@command.command("signal")
@click.argument("ref")
@click.argument("name")
@click.option("--data", metavar="JSON", help="What the step that waits for it gets.")
@click.option("--id", "message_id", metavar="TEXT", help="Sent again with the same id: no change.")
@format_option
@pass_session
def signal(
    session: Session, ref: str, name: str, form: str, *, data: str | None, message_id: str | None
) -> None:
    """Send a signal: a step that waits for NAME goes on."""
    value = None if data is None else parse_json(data, "--data")
    found = session.system.executions.signal(ref, name, value, message_id=message_id or "")
    show(executions_view.execution(found, session.system.address(found["url"])), form)


@command.command("wait")
@click.argument("ref")
@click.option("--timeout", type=Duration(), help="Stop waiting then; the work goes on.")
@format_option
@pass_session
def wait(session: Session, ref: str, timeout: float | None, form: str) -> int:
    """Wait for an execution's end; the exit code says how it ended."""
    from claude_agent.cli.follow import Following, follow_execution  # noqa: PLC0415 - only here

    following = Following(wait=True, limit=timeout, form=form)
    return follow_execution(session.system, session.system.executions.get(ref), following)


for each in COMMANDS:
    command.add_command(each)
