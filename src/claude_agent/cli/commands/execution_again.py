"""Second chances of an execution: pause, resume, retry, rewind, skip, set-output, fork, undo."""

import click

from claude_agent.cli.options import pairs, pass_session
from claude_agent.cli.output import format_option, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import executions as executions_view
from claude_sdk.wire import Execution, Json

_params = click.option("--params", multiple=True, metavar="K=V", help="An input (K:=V: JSON).")
_from = click.option("--from", "step", metavar="STEP", help="Begin there.")


def _show(session: Session, found: Execution, form: str) -> None:
    show(executions_view.execution(found, session.system.address(found["url"])), form)


def _inputs(params: tuple[str, ...]) -> Json | None:
    return pairs(params, "--params") if params else None


@click.command("pause")
@click.argument("ref")
@format_option
@pass_session
def pause(session: Session, ref: str, form: str) -> None:
    """Let nothing new start; what runs goes on."""
    _show(session, session.system.executions.pause(ref), form)


@click.command("resume")
@click.argument("ref")
@format_option
@pass_session
def resume(session: Session, ref: str, form: str) -> None:
    """Let a paused execution go on."""
    _show(session, session.system.executions.resume(ref), form)


@click.command("retry")
@click.argument("ref")
@_from
@_params
@click.option("--failed-only", is_flag=True, help="Of a step with many: not all instances.")
@format_option
@pass_session
def retry(
    session: Session,
    ref: str,
    step: str | None,
    params: tuple[str, ...],
    form: str,
    *,
    failed_only: bool,
) -> None:
    """Run again what is not in force, and a chosen step with all that depends on it."""
    found = session.system.executions.retry(
        ref, step=step, params=_inputs(params), failed_only=failed_only
    )
    _show(session, found, form)


@click.command("rewind")
@click.argument("ref")
@click.argument("step")
@click.option("--feedback", required=True, metavar="TEXT", help="What the step is told.")
@format_option
@pass_session
def rewind(session: Session, ref: str, step: str, feedback: str, form: str) -> None:
    """Go back to a step, which is told the feedback."""
    _show(session, session.system.executions.rewind(ref, step, feedback), form)


@click.command("skip")
@click.argument("ref")
@click.argument("step")
@format_option
@pass_session
def skip(session: Session, ref: str, step: str, form: str) -> None:
    """Go on without a step: what depends on it runs."""
    _show(session, session.system.executions.skip(ref, step), form)


@click.command("set-output")
@click.argument("ref")
@click.argument("step")
@click.argument("outputs", nargs=-1, metavar="K=V...")
@format_option
@pass_session
def set_output(session: Session, ref: str, step: str, outputs: tuple[str, ...], form: str) -> None:
    """Go on as if a step had delivered these outputs (K=V: text, K:=V: JSON)."""
    given = pairs(outputs, "outputs")
    _show(session, session.system.executions.set_output(ref, step, given), form)


@click.command("fork")
@click.argument("ref")
@_from
@_params
@format_option
@pass_session
def fork(session: Session, ref: str, step: str | None, params: tuple[str, ...], form: str) -> None:
    """Start a new execution that takes over what is in force in this one."""
    found = session.system.executions.fork(ref, step=step, params=_inputs(params))
    _show(session, found, form)


@click.command("compensate")
@click.argument("ref")
@click.option("--skip", "left_out", multiple=True, metavar="STEP", help="It is not undone.")
@format_option
@pass_session
def compensate(session: Session, ref: str, left_out: tuple[str, ...], form: str) -> None:
    """Undo what is in force, or go on with an undoing that failed."""
    _show(session, session.system.executions.compensate(ref, skip=left_out), form)


COMMANDS = (pause, resume, retry, rewind, skip, set_output, fork, compensate)
