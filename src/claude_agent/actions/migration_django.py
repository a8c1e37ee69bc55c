"""The migrations of a Django project (manage.py)."""

import re

from claude_agent.actions import process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter
from claude_agent.actions.migration_python import interpreter

ZERO = "zero"
"""Django's own word for an application without a migration."""
_APP = re.compile(r"([A-Za-z_]\w*)\Z")
_APPLIED = re.compile(r" \[X\] (\S+)")


class Django:
    """A version names the last applied migration of each application: `auth:0012_x shop:0002_y`."""

    name = "Django"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._python = interpreter(context, "django")
        named = context.text("database")
        self._more = {"DATABASE_URL": named} if named else {}

    def current(self) -> str:
        """Return the last applied migration of each application that has one."""
        answer = process.ask(
            [self._python, "manage.py", "showmigrations", "--list", "--no-color"],
            cwd=self._context.checkout,
            environment=process.environment(self._context, self._more),
        )
        if answer.code:
            message = f"manage.py showmigrations failed: {answer.reason}"
            raise ActionFailed(message)
        return _version(answer.out)

    def up(self) -> str:
        """Apply everything."""
        self._manage("migrate", "--noinput", "--no-color")
        return self.current()

    def down(self, to: str) -> str:
        """Bring each application back to where it stood; those that were not there to zero."""
        wanted, now = _read(to), _read(self.current())
        for app in sorted(now):
            if now.get(app) != wanted.get(app):
                self._manage("migrate", app, wanted.get(app, ZERO), "--noinput", "--no-color")
                now = _read(self.current())  # others may have gone with it
        return self.current()

    def _manage(self, *words: str) -> None:
        done = process.run(
            self._context,
            [self._python, "manage.py", *words],
            cwd=self._context.checkout,
            environment=process.environment(self._context, self._more),
        )
        if done.code:
            message = f"manage.py {' '.join(words[:3])} failed: {done.last}"
            raise ActionFailed(message)


def _version(listed: str) -> str:
    found: dict[str, str] = {}
    app = ""
    for line in listed.splitlines():
        named, applied = _APP.match(line), _APPLIED.match(line)
        if named:
            app = named[1]
        elif applied and app:
            found[app] = applied[1]
    return " ".join(f"{one}:{name}" for one, name in sorted(found.items())) or ZERO


def _read(version: str) -> dict[str, str]:
    if version == ZERO:
        return {}
    pairs = [word.partition(":") for word in version.split()]
    if not all(app and name for app, _, name in pairs):
        raise BadParameter(
            name="to",
            problem=f"{version!r} does not name migrations",
            hint="Write application:migration for each, as in auth:0012_x shop:0002_y, or zero.",
        )
    return {app: name for app, _, name in pairs}
