"""Builds the command tree, runs it, and turns every error into one sentence and a code."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from claude_agent.cli import codes
from claude_agent.cli.session import Session
from claude_agent.cli.typed import override
from claude_agent.errors import ClaudeAgentError
from claude_sdk.errors import ClaudeError, Problem

_NAME = "claude-agent"
_COMPLETION = "_CLAUDE_AGENT_COMPLETE"
COMMANDS = {
    "up": "Start everything on this machine.",
    "down": "Stop the server; working agents go on unless told.",
    "worker": "Join more workers, on this or another host.",
    "doctor": "Check this machine and say what is missing.",
    "submit": "Hand a task to an agent.",
    "status": "Show agents, queues and workers.",
    "monitor": "Watch live: one execution, or everything.",
    "open": "Print a login link for the dashboard.",
    "workflow": "Run, check and list workflows.",
    "execution": "Look at runs of workflows, cancel, wait.",
    "task": "Look at tasks, cancel, wait, read logs.",
    "approval": "See what waits for a yes; approve, reject.",
    "question": "See what agents at work ask; allow, deny, answer.",
    "agent": "Look at agents, attach to their sessions.",
    "queue": "Pause, resume, limit, purge queues.",
    "schedule": "See the times at which workflows start; pause, backfill.",
    "trigger": "See what starts which workflow by itself.",
    "deadletter": "Look at dead letters, run them again, discard.",
    "breaker": "See what is left alone after failures, and what was healed.",
    "state": "Read, set and watch shared state.",
    "event": "Say events, read and check the log.",
    "db": "Move the database to PostgreSQL, check it.",
    "app": "List and stop deployed applications.",
    "token": "Make, list and revoke tokens of people.",
    "host": "See the hosts; say that one is lost for good.",
    "mcp": "Serve your own assistant (MCP over stdin and stdout).",
    "config": "Show the settings and where each comes from.",
    "version": "Show the version.",
    "help": "Explain exit codes and the environment.",
}
_MEANT = {
    "allow": "question allow",
    "answer": "question answer",
    "approve": "approval approve",
    "cron": "schedule",
    "deny": "question deny",
    "logs": "task logs",
    "ps": "status",
    "reject": "approval reject",
    "run": "workflow run",
    "start": "up",
    "stop": "down",
    "validate": "workflow validate",
    "watch": "monitor",
    "webhook": "trigger list",
}
"""Words that people try, and what does it here."""


class LazyGroup(click.Group):
    """A group that imports a command only when it runs."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's name
        """Return the commands in the order in which people need them."""
        return list(COMMANDS)

    @override
    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's name
        cmd_name: str,
    ) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"claude_agent.cli.commands.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)  # noqa: S101 - for the type checker
        return command

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command for one that does not exist."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

            near = [_MEANT[args[0]]] if args[0] in _MEANT else []
            near = near or get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            msg = f"There is no command {args[0]!r}.{hint}"
            raise click.UsageError(msg, ctx=ctx)
        return super().resolve_command(ctx, args)

    @override
    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's name
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.option("--home", metavar="PATH", help="The home folder (else CLAUDE_AGENT_HOME).")
@click.option("--url", metavar="URL", help="The server's address (else CLAUDE_AGENT_URL).")
@click.option("--version", is_flag=True, help="Show the version.")
@click.pass_context
def root(ctx: click.Context, *, home: str | None, url: str | None, version: bool) -> None:
    """A durable queue, undoable workflows and coding agents in tmux."""
    ctx.obj = Session(home=home, url=url)
    ctx.call_on_close(ctx.obj.close)
    if version:
        from claude_agent import __version__  # noqa: PLC0415 - rare

        click.echo(f"claude-agent {__version__}")
    elif ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command line; never raises for anything foreseen."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        if _COMPLETION in os.environ:
            root.main(list(arguments), prog_name=_NAME)  # prints the words and exits
        # Not `root.main`: that ends the process by itself when the reader has gone.
        with root.make_context(_NAME, list(arguments)) as context:
            result = root.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        return _usage(error)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return codes.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return codes.OK
    except ClaudeError as error:
        return explain(error)
    except ClaudeAgentError as error:
        _explain(str(error), error.hint, error.problems)
        return codes.for_problem(error.code, error.status)
    return result if isinstance(result, int) else codes.OK


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # a group without its command
        click.echo(error.format_message(), err=True)
        return error.exit_code
    click.echo(f"error: {error.format_message()}", err=True)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(f"  Try: {context.command_path} --help", err=True)
    return error.exit_code


def explain(error: ClaudeError) -> int:
    """Print an error's sentence, its problems and the next step; return its exit code."""
    problem = error if isinstance(error, Problem) else None
    _explain(error.detail, error.hint, problem.problems if problem else ())
    if problem and problem.status >= 500 and problem.document.request_id:  # noqa: PLR2004 - HTTP
        click.echo(f"  The server's log has it under {problem.document.request_id}.", err=True)
    return codes.for_error(error)


def _explain(detail: str, hint: str, problems: Sequence[Mapping[str, object]]) -> None:
    from claude_agent.cli.text import one_line  # noqa: PLC0415 - only on errors

    click.echo(f"error: {one_line(detail)}", err=True)
    listed = [one_line(_problem_line(problem)) for problem in problems]
    if len(listed) > 1:
        for line in listed:
            click.echo(f"  {line}", err=True)
    if hint and not (len(listed) > 1 and any(one_line(hint) in line for line in listed)):
        click.echo(f"  {one_line(hint)}", err=True)


def _problem_line(problem: Mapping[str, object]) -> str:
    parts = [problem.get(key) for key in ("file", "line", "column")]
    place = ":".join(str(part) for part in parts if part)
    advice = f" ({problem['hint']})" if problem.get("hint") else ""
    return f"{place} {problem.get('message', '')}{advice}".strip()
