"""`worker`: join more workers, on this host or another one."""

import os
import sys

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.session import Session


@click.command("worker")
@click.option("--queues", metavar="A,B", default="", help="The queues to serve (else all).")
@click.option("--concurrency", metavar="N", type=click.IntRange(1, 500), help="Tasks at once.")
@pass_session
def command(session: Session, queues: str, concurrency: int | None) -> None:
    """Claim and run tasks of a shared PostgreSQL database; no gateway, no port.

    Ctrl-C or SIGTERM ends it; running agents go on and are adopted by the next worker here.
    """
    argv = [sys.executable, "-m", "claude_agent.worker_daemon"]
    argv += ["--home", session.home] if session.home else []
    argv += ["--queues", queues] if queues else []
    argv += ["--concurrency", str(concurrency)] if concurrency is not None else []
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - the worker takes our place, so signals reach it
