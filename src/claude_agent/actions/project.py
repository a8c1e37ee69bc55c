"""What a project is called, and which image an execution built for it."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter
from claude_agent.actions.notes import Notes

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


def app_name(context: Context) -> str:
    """Return `with.app`, else the name in app.toml, pyproject.toml or package.json, else the
    folder's: lower case letters, digits and '-', as Kubernetes and image names want it.
    """
    given = context.text("app")
    if given:
        if not _NAME.match(given):
            problem = f"{given!r} is not made of lower case letters, digits and '-'"
            raise BadParameter(name="app", problem=problem)
        return given
    folder = context.checkout
    readers: dict[str, Callable[[str], object]] = {
        "app.toml": lambda text: tomllib.loads(text).get("name"),
        "pyproject.toml": lambda text: tomllib.loads(text).get("project", {}).get("name"),
        "package.json": lambda text: json.loads(text).get("name"),
    }
    for file, read in readers.items():
        name = _fit(_read(folder / file, read))
        if name:
            return name
    name = _fit(folder.name)
    if not name:
        message = f"the project in {folder} has no name"
        raise ActionFailed(message, hint="Give `with.app`.", code=2)
    return name


def images(context: Context) -> Notes | None:
    """Return the notes of the images that this execution built, None without a home."""
    if context.home is None:
        return None
    return Notes(context, context.home / "images", hint="Give `with.image`.")


def _read(path: Path, read: Callable[[str], object]) -> object:
    try:
        return read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError):
        return None  # its own tools complain about it better; a name is found elsewhere


def _fit(name: object) -> str:
    words = str(name or "").lower().rpartition("/")[2]
    fitting = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:63].strip("-")
    return fitting if _NAME.match(fitting) else ""
