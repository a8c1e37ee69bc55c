"""`agent`: look at agents, attach to their sessions, find what their runs have left."""

import os
from typing import TypedDict, Unpack

import click

from claude_agent.cli import codes
from claude_agent.cli.attaching import attach_to
from claude_agent.cli.durations import Duration
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import harmless
from claude_agent.cli.views import agents as agents_view
from claude_agent.cli.views import leftovers as leftovers_view
from claude_agent.cli.views import sessions as sessions_view
from claude_sdk.errors import NotFound

SMALL = {"prompt": "This is a test of the connection. Use no tools; reply with the one word PONG."}
RESTART = "The server reads it when it starts: claude-agent down && claude-agent up --detach"


class NewAgent(TypedDict):
    """What `agent add` writes as it is given; None: not given."""

    adapter: str
    declaration: str | None
    model: str | None
    slots: int | None
    instructions: str | None


@click.group("agent")
def command() -> None:
    """Look at agents, attach to their sessions."""


@command.command("list")
@click.option("--sessions", is_flag=True, help="List the sessions of the terminal instead.")
@format_option
@pass_session
def list_(session: Session, form: str, *, sessions: bool) -> None:
    """List the agents, or every session there is."""
    if sessions:
        show(sessions_view.sessions(session.system.agents.sessions()), form)
        return
    status = session.system.agents.status()
    show(agents_view.agents(status["agents"], status), form)


@command.command("show")
@click.argument("name")
@format_option
@pass_session
def show_(session: Session, name: str, form: str) -> None:
    """Show one agent."""
    found = session.system.agents.get(name)
    show(agents_view.agent(found, session.system.address(f"/ui/#/agents/{name}")), form)


@command.command("logs")
@click.argument("name")
@click.option("--lines", type=click.IntRange(1, 5000), default=200, show_default=True)
@pass_session
def logs(session: Session, name: str, lines: int) -> None:
    """Print what the agent's session shows."""
    click.echo(harmless(session.system.agents.logs(name, lines=lines)).rstrip("\n"))


@command.command("attach")
@click.argument("name", metavar="NAME|TASK")
@pass_session
def attach(session: Session, name: str) -> None:
    """Attach this terminal to an agent's session, or to the window of one of its tasks.

    Off a terminal the command is printed instead.
    """
    try:
        argv = session.system.agents.attach_argv(name)
    except NotFound as unknown:
        try:
            argv = session.system.tasks.attach_argv(name)
        except NotFound as error:
            raise (unknown if error.detail.startswith("There is no task") else error) from None
    attach_to(session, argv)


@command.command("doctor")
@click.option("--clean", is_flag=True, help="End and remove what runs that are over have left.")
@format_option
@pass_session
def doctor(session: Session, form: str, *, clean: bool) -> int:
    """Say what runs that are over have left on this machine: processes, sockets, secrets.

    Looks at this machine alone and needs no server. Exit code 1: something is left.
    """
    from claude_agent import leftovers  # noqa: PLC0415 - only here

    found, tmux = leftovers.look(session.home)
    done = [clean and leftovers.clean(one, tmux) for one in found]
    show(leftovers_view.leftovers(found, done), form)
    left = [one for one, gone in zip(found, done, strict=True) if one.fault and not gone]
    return codes.FAILED if left else codes.OK


@command.command("test")
@click.argument("name")
@click.option("--run/--no-run", "runs", default=True, help="Ask it one small thing, too.")
@click.option("--timeout", type=Duration(), default="2m", show_default=True)
@format_option
@pass_session
def test(session: Session, name: str, form: str, timeout: float, *, runs: bool) -> int:
    """Say whether an agent works: its program is there and logged in, and answers."""
    system = session.system
    found, agent = system.agents.probe(name), system.agents.get(name)
    task = None
    if found["ok"] and runs:
        asked = SMALL if found["adapter"] != "shell" else {"run": "echo PONG"}
        limit = f"{max(1, int(timeout))}s"
        asked = {**asked, "agent": agent["name"], "title": f"test of {name}"}
        accepted = system.tasks.submit({**asked, "timeout": {"total": limit}})
        task = system.wait_task(accepted["ref"], timeout=timeout + 30)
    show(sessions_view.tested(found, task), form)
    if not found["ok"]:
        return codes.FAILED
    return codes.OK if task is None or task["state"] == "succeeded" else codes.WAITED_FOR_FAILED


@command.command("add")
@click.argument("name")
@click.option("--adapter", default="auto", show_default=True, help="What drives it.")
@click.option("--declaration", help="The TOML file of an adapter that is declared.")
@click.option("--session", "window", help="The tmux session of yours in which its windows open.")
@click.option("--model", help="The model that its CLI asks.")
@click.option("--slots", type=click.IntRange(1, 100), help="How many of its tasks run at once.")
@click.option("--isolated", is_flag=True, help="A home of its own, and a key by name.")
@click.option("--instructions", help="What it is told before every task.")
@click.option("--project", is_flag=True, help="Into ./claude-agent.toml, not into your own file.")
@click.option("--dry-run", is_flag=True, help="Only show what would be written.")
@pass_session
def add(
    _: Session,
    name: str,
    window: str | None,
    *,
    isolated: bool,
    project: bool,
    dry_run: bool,
    **values: Unpack[NewAgent],
) -> None:
    """Write an agent into your settings; what is there, comments too, stays."""
    from claude_agent import settings_file  # noqa: PLC0415 - pydantic takes 60 ms

    given: dict[str, object] = {key: value for key, value in values.items() if value is not None}
    given |= {"session": window} if window else {}
    given |= {"home": "isolated"} if isolated else {}
    file = settings_file.project_file() if project else settings_file.user_file(os.environ)
    block = settings_file.add_agent(file, name, given, dry=dry_run)
    click.echo(block, nl=False)
    note(f"{'Would be written' if dry_run else 'Written'} to {file}.")
    note(RESTART)


@command.command("remove")
@click.argument("name")
@click.option("--project", is_flag=True, help="From ./claude-agent.toml, not from your own file.")
@pass_session
def remove(_: Session, name: str, *, project: bool) -> None:
    """Take an agent out of your settings again; its tasks and their record stay."""
    from claude_agent import settings_file  # noqa: PLC0415 - pydantic takes 60 ms

    file = settings_file.project_file() if project else settings_file.user_file(os.environ)
    settings_file.remove_agent(file, name)
    note(f"Taken out of {file}.")
    note(RESTART)
