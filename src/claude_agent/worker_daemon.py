"""A worker process: `python -m claude_agent.worker_daemon`, as `claude-agent worker` starts it.

It claims from the queues it serves and follows its runs; it has no gateway and no port. Any
number of them, on any number of hosts, share one PostgreSQL database with the server.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from claude_agent.adapters_build import find_drivers
from claude_agent.app import App
from claude_agent.catalogue_build import build_catalogue
from claude_agent.core.catalogue import unknown
from claude_agent.core.collector import collect_seldom
from claude_agent.errors import ClaudeAgentError, Invalid
from claude_agent.hosting import Role
from claude_agent.observe.logs import configure_logging
from claude_agent.settings import Settings

_LOG = logging.getLogger("claude_agent.worker")
DEFAULT_SLOTS = 15
LOOK_S, SILENT_S = 2.0, 10.0
"""As the keeper allows the server."""
OK, FAILED, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT; return the exit code. Running agents go on."""
    wanted = _arguments(argv)
    try:
        settings = Settings.load(wanted.home)
        role = _role(settings, wanted.queues, wanted.concurrency)
        path = settings.home / "logs" / f"worker-{os.getpid()}.jsonl"
        configure_logging(path, tty=sys.stderr.isatty())
        return _work(settings, role)
    except ClaudeAgentError as error:
        sys.stderr.write(f"error: {error.detail}\n  {error.hint}\n")
        return USAGE if isinstance(error, Invalid) else FAILED


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m claude_agent.worker_daemon")
    parser.add_argument("--home")
    parser.add_argument("--queues", default="", help="names with commas between; default: all")
    parser.add_argument("--concurrency", type=int, help="how many tasks at once; default: workers")
    return parser.parse_args(argv)


def _role(settings: Settings, queues: str, concurrency: int | None) -> Role:
    if settings.server.database_url.startswith("sqlite"):
        message = "A second process needs PostgreSQL; SQLite is opened by the server alone."
        hint = "Set server.database_url to postgresql://…, for the server too."
        raise Invalid(message, hint=hint)
    slots = settings.server.workers or DEFAULT_SLOTS if concurrency is None else concurrency
    if slots < 1:
        message = f"A worker cannot do {slots} tasks at once."
        raise Invalid(message, hint="Give --concurrency 1 or more.")
    serves = tuple(dict.fromkeys(name for one in queues.split(",") if (name := one.strip())))
    known = {
        agent.queue for agent in build_catalogue(settings, find_drivers(settings)).agents.values()
    }
    for name in serves:
        if name not in known:
            raise unknown(what="queue", name=name, known=sorted(known))
    return Role(name="worker", slots=slots, serves=serves, url=_server(settings.home))


def _server(home: Path) -> str:
    """Return the server's address, as far as it is known on this host."""
    if given := os.environ.get("CLAUDE_AGENT_URL"):
        return given
    try:
        return str(json.loads((home / "server.json").read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _work(settings: Settings, role: Role) -> int:
    collect_seldom()
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ending.set())
    app = App(settings, port=settings.server.port, token="", role=role)
    try:
        adopted = app.start()
        where = ", ".join(role.serves) or "every queue"
        host = app.hosting.hosts.here
        _LOG.info("worker on %s: %d slots, %s; %d adopted", host, role.slots, where, adopted)
        sys.stdout.write(f"worker ready: host {host}, {role.slots} slots, {where}\n")
        sys.stdout.flush()
        _work_on(app, ending)
    finally:
        app.stop()
    return OK


def _work_on(app: App, ending: threading.Event) -> None:
    """Wait for the end. A worker has no keeper: one that hangs ends as if it were killed."""
    silent = 0
    while not ending.wait(LOOK_S):
        silent = 0 if app.dispatching() else silent + 1
        if silent * LOOK_S >= SILENT_S:
            _LOG.error("this worker is hung (dispatcher silent); it ends, its agents go on")
            logging.shutdown()
            os._exit(FAILED)


if __name__ == "__main__":
    sys.exit(main())
