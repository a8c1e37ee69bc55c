"""Migrations by a program of the project: `status`, `up`, `down --to V`, answered in JSON."""

import shlex

from claude_agent.actions.context import Context
from claude_agent.actions.errors import BadParameter
from claude_agent.actions.setup_database import protocol


class Command:
    """A program that is called with `status`, `up` and `down --to V` and answers in JSON."""

    def __init__(self, context: Context) -> None:
        given = context.text("command")
        try:
            self._argv = shlex.split(given)
        except ValueError as error:
            raise BadParameter(name="command", problem=str(error)) from error
        if not self._argv:
            raise BadParameter(name="command", problem="the kind `command` needs it")
        self.name = self._argv[0]
        self._context = context
        named = context.text("database")
        self._more = {"APP_DATABASE": named, "DATABASE_URL": named} if named else {}

    def current(self) -> str:
        """Return what `status` answers."""
        return self._ask("status")

    def up(self) -> str:
        """Call `up`."""
        return self._ask("up")

    def down(self, to: str) -> str:
        """Call `down --to V`."""
        return self._ask("down", "--to", to)

    def _ask(self, *words: str) -> str:
        told = protocol(self._context, self._argv, *words, of=self.name, more=self._more)
        return told["current"]
