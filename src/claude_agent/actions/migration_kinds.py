"""The ways projects keep their migrations, found by what lies in the checkout."""

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from claude_agent.actions import app_file
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter

KINDS = ("command", "app", "alembic", "django", "sql")
# Loaded on use: each needs only its own.
_MAKERS: Mapping[str, str] = {
    "command": "migration_command:Command",
    "alembic": "migration_alembic:Alembic",
    "django": "migration_django:Django",
    "sql": "migration_sql:of_folder",
}
SCRIPT = re.compile(r"(\d+)\D.*\.sql\Z")


class Migrations(Protocol):
    """One project's migrations on one database; a version is a text that `down` takes back."""

    name: str

    def current(self) -> str:
        """Return the version the database stands at; ActionFailed where it cannot be asked."""

    def up(self) -> str:
        """Bring the database to the newest version and return it."""

    def down(self, to: str) -> str:
        """Bring the database back to a version that `current` once returned; say where it is."""


def find_kind(context: Context) -> str:
    """Return `with.kind`, else the first of KINDS that the checkout fits."""
    folder = context.checkout
    given = context.text("kind")
    if given and given not in KINDS:
        raise BadParameter(name="kind", problem=f"{given!r} is not one of {', '.join(KINDS)}")
    if given:
        return given
    if context.text("command"):
        return "command"
    if (folder / app_file.FILE).is_file() and app_file.load(context).migrate:
        return "app"
    if (folder / "alembic.ini").is_file():
        return "alembic"
    if (folder / "manage.py").is_file():
        return "django"
    if scripts(folder / "migrations"):
        return "sql"
    message = f"no migrations were found in {folder}"
    hint = (
        "Looked for app.toml with `migrate`, alembic.ini, manage.py and migrations/0001_name.sql;"
        " or name a program with `with.command`."
    )
    raise ActionFailed(message, hint=hint, code=2)


def find(context: Context, kind: str) -> Migrations:
    """Return the migrations of a kind other than `app`."""
    module, _, maker = _MAKERS[kind].partition(":")
    loaded = importlib.import_module(f"claude_agent.actions.{module}")
    made: Migrations = getattr(loaded, maker)(context)
    return made


def scripts(folder: Path) -> dict[int, Path]:
    """Return {number: file} of the scripts that go up; ActionFailed where two share a number."""
    found: dict[int, Path] = {}
    for path in sorted(folder.glob("*.sql")):
        number = SCRIPT.match(path.name)
        if number is None or path.name.endswith(".down.sql"):
            continue
        same = found.setdefault(int(number[1]), path)
        if same is not path:
            message = f"{same.name} and {path.name} in {folder} have the same number"
            raise ActionFailed(message, code=2)
    return dict(sorted(found.items()))


def database_text(context: Context) -> str:
    """Return `with.database`, else DATABASE_URL, else an empty text."""
    return context.text("database") or context.environment.get("DATABASE_URL", "")
