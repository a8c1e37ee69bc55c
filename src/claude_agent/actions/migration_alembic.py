"""The migrations of a project with an alembic.ini."""

import json

from claude_agent.actions import process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.actions.migration_python import interpreter

BASE = "base"
"""Alembic's own word for an empty database."""
# Asked in the project's interpreter: only what Alembic itself says reaches the last line, whatever
# the project's env.py prints.
_PROGRAM = """
import io, json, os, sys
sys.path.remove("")  # a folder called alembic may lie here
from alembic import command
from alembic.config import Config
told = io.StringIO()
config = Config("alembic.ini", stdout=told)
word, to = sys.argv[1:3]
url = os.environ.get("ALEMBIC_URL", "")
if url:
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
if word == "up":
    command.upgrade(config, "heads")
elif word == "down":
    command.downgrade(config, to)
told.seek(0)
told.truncate()
command.current(config)
seen = sorted(line.split()[0] for line in told.getvalue().splitlines() if line.strip())
print("\\n" + json.dumps(seen))
"""


class Alembic:
    """Revisions; several heads are joined by commas."""

    name = "Alembic"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._python = interpreter(context, "alembic")
        self._url = context.text("database")

    def current(self) -> str:
        """Return the revision, or `base`."""
        return self._call("current")

    def up(self) -> str:
        """Upgrade to all heads."""
        return self._call("up")

    def down(self, to: str) -> str:
        """Downgrade to one revision."""
        if "," in to:
            message = f"Alembic cannot go back to several heads at once: {to}"
            raise ActionFailed(message, hint="Go down by hand, branch by branch.")
        return self._call("down", to)

    def _call(self, word: str, to: str = "") -> str:
        # An address may hold a password: it never stands in a command line.
        more = {"DATABASE_URL": self._url, "ALEMBIC_URL": self._url} if self._url else {}
        argv = [self._python, "-c", _PROGRAM, word, to]
        shown = f"alembic {word} {to}".strip()
        done = process.run(
            self._context,
            argv,
            cwd=self._context.checkout,
            environment=process.environment(self._context, more),
            shown=shown,
        )
        if done.code:
            message = f"{shown} failed: {done.last}"
            raise ActionFailed(message)
        try:
            return ",".join(json.loads(done.last)) or BASE
        except (ValueError, TypeError) as error:
            message = f"Alembic answered {done.last!r} when asked for the revision"
            raise ActionFailed(message) from error
