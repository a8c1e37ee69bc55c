"""`app.toml`: how an application says it is started and migrated."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import AppPaths

FILE = "app.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFile:
    """One application.

    `start` and `migrate` are command lines (a leading `python` means our interpreter);
    `include` the files and folders of a release, all but build leftovers where empty.
    """

    name: str
    start: tuple[str, ...]
    migrate: tuple[str, ...]
    health: str
    include: tuple[str, ...]


def load(context: Context) -> AppFile:
    """Read the file in the checkout; ActionFailed with the key that cannot be used."""
    path = context.checkout / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"there is no {FILE} in {context.checkout}"
        raise ActionFailed(message, hint="Is `with.path` the checkout?", code=2) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} is not TOML: {error}"
        raise ActionFailed(message, code=2) from error
    name = data.get("name")
    health = data.get("health", "/health")
    if not isinstance(name, str) or not isinstance(health, str) or not health.startswith("/"):
        message = f"{path}: name must be a text, and health a path that begins with /"
        raise ActionFailed(message, code=2)
    return AppFile(
        name=name,
        start=_words(data, "start", path),
        migrate=_words(data, "migrate", path),
        health=health,
        include=_words(data, "include", path),
    )


def app_paths(context: Context, name: str) -> AppPaths:
    """Return where the application lives: `with.app`, else `name`."""
    try:
        return AppPaths(home=context.need_home(), name=context.text("app") or name)
    except AppError as error:
        raise ActionFailed(error.message, hint=error.hint, code=2) from error


def database(context: Context, paths: AppPaths) -> Path:
    """Return the application's live database, absolute."""
    given = context.text("database")
    return (context.workspace / given).resolve() if given else paths.database


def _words(data: Mapping[str, object], key: str, path: Path) -> tuple[str, ...]:
    words = data.get(key, [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        message = f"{path}: {key} must be a list of texts"
        raise ActionFailed(message, code=2)
    return tuple(words)
