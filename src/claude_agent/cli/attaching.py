"""Turns this process into a terminal on an agent's window."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence

import click

from claude_agent.cli.session import Session


def can_attach() -> bool:
    """Say whether a person sits at this terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def attach_to(session: Session, argv: Sequence[str]) -> None:
    """Become the server's own command line; off a terminal print it."""
    if not can_attach():
        click.echo(shlex.join(argv))
        return
    program = shutil.which(argv[0])
    if program is None:
        msg = f"{argv[0]} is not installed here; on the server's machine run: {shlex.join(argv)}"
        raise click.ClickException(msg)
    session.close()
    sys.stdout.flush()
    # A nested tmux would refuse: the person asked for this session, so the outer one is left out.
    environment = {key: value for key, value in os.environ.items() if key != "TMUX"}
    os.execve(program, list(argv), environment)  # noqa: S606 - the server's command, no shell
