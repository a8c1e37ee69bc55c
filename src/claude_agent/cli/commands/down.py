"""`down`: stop the server."""

import os
import select
import threading
from time import monotonic

import click

from claude_agent.cli import codes
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, json_line, note
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted, one_line
from claude_sdk.discovery import ServerFile, is_running, read_server_file
from claude_sdk.errors import ServerUnreachable

_GRACE = {False: 20.0, True: 40.0}
"""Seconds for a stop without and with stopping the agents (promised: 15 and 25)."""
_PAUSE = threading.Event()


@click.command("down")
@click.option("--stop-agents", is_flag=True, help="Stop what agents are doing as well.")
@click.option("--dry-run", is_flag=True, help="Only say what would be stopped.")
@format_option
@pass_session
def command(session: Session, form: str, *, stop_agents: bool, dry_run: bool) -> int:
    """Stop the server; working agents go on unless told, and are picked up by the next `up`."""
    server = read_server_file(session.home)
    if server is None or not server.alive:
        note(f"No server runs on the home {session.home}.")
        return codes.OK
    if dry_run:
        running = session.system.tasks.list(state="running")["items"]
        note(f"Would stop the server (pid {server.pid}); {counted(len(running), 'task')} running.")
        return codes.OK
    try:
        left = session.system.server.stop(stop_agents=stop_agents)["left_running"]
    except ServerUnreachable as error:
        error.hint = f"End it with: kill {server.keeper_pid or server.pid}"
        raise
    session.close()
    if not _ended(server, _GRACE[stop_agents]):
        msg = f"The server (pid {server.pid}) accepted the stop and still runs."
        raise click.ClickException(msg)
    if form == "table":
        for task in left:
            note(one_line(f"{task['agent']} goes on with {task['ref']} {task['title']}"))
        note("Stopped." + (" `claude-agent up` picks these up again." if left else ""))
    else:
        click.echo(json_line({"left_running": left}))
    return codes.OK


def _ended(server: ServerFile, seconds: float) -> bool:
    deadline = monotonic() + seconds
    return all(wait_for_exit(pid, deadline) for pid in (server.pid, server.keeper_pid) if pid > 0)


def wait_for_exit(pid: int, deadline: float) -> bool:
    """Return True once the process has ended, False when the monotonic deadline passes first."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except OSError:
        return _poll_for_exit(pid, deadline)
    try:
        ready, _, _ = select.select([handle], [], [], max(0.0, deadline - monotonic()))
        return bool(ready)
    finally:
        os.close(handle)


def _poll_for_exit(pid: int, deadline: float) -> bool:
    while is_running(pid):
        if monotonic() > deadline:
            return False
        _PAUSE.wait(0.05)
    return True
