"""Migrate an application's live database up, and back down.

The application's own program does each step (`migrate` in app.toml: `status`, `up`, `down --to N`,
each answering {"current": N, "latest": M}). What the version was before is written down first, by
effect key and execution: a run repeated after a kill, and the undo of one that left no outputs,
read it from there.
"""

import json
import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from claude_agent.actions import process
from claude_agent.actions.app_file import AppFile, app_paths, database, load
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter
from claude_agent.actions.notes import Notes
from claude_agent.appd.paths import AppPaths

KEPT_BACKUPS = 10
PROTOCOL = 'The last line must be {"current": N, "latest": M}.'


def perform(context: Context) -> Mapping[str, object]:
    """Return `previous` and `current` version and the `backup` file ('' if there was no need)."""
    app = load(context)
    paths = app_paths(context, app.name)
    target = database(context, paths)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = _migrate(context, app, target, "status")
    previous = int(str(_notes(context, paths).first(found["current"])))
    backup = ""
    if found["current"] < found["latest"]:
        if target.exists() and found["current"]:
            backup = str(back_up(target, paths.folder / "backups", found["current"]))
            context.say(f"backed up to {backup}")
        reached = _migrate(context, app, target, "up")
    else:
        reached = found
    if reached["current"] > reached["latest"]:
        context.say(f"the schema is newer than this checkout, which knows {reached['latest']}")
    context.say(f"{paths.name}: schema {previous} -> {reached['current']}")
    return {"previous": previous, "current": reached["current"], "backup": backup}


def down(context: Context) -> Mapping[str, object]:
    """Return `previous` (where it stood) and `current`; nothing to undo is a success."""
    app = load(context)
    paths = app_paths(context, app.name)
    target = database(context, paths)
    notes = _notes(context, paths)
    to = _wanted(context, notes)
    if to is None or not target.exists():
        context.say(f"{paths.name}: this execution did not migrate the database")
        return {"previous": 0, "current": 0}
    found = _migrate(context, app, target, "status")
    reached = found
    if found["current"] > to:
        back_up(target, paths.folder / "backups", found["current"])
        reached = _migrate(context, app, target, "down", "--to", str(to))
    notes.forget()
    context.say(f"{paths.name}: schema {found['current']} -> {reached['current']}")
    return {"previous": found["current"], "current": reached["current"]}


def _migrate(context: Context, app: AppFile, target: Path, *words: str) -> dict[str, int]:
    if not app.migrate:
        message = f"app.toml of {app.name} names no `migrate` command"
        raise ActionFailed(message, code=2)
    told = protocol(context, app.migrate, *words, of=app.name, more={"APP_DATABASE": str(target)})
    try:
        return {"current": int(told["current"]), "latest": int(told["latest"])}
    except ValueError as error:
        message = f"migrations `{words[0]}` of {app.name} answered {told}"
        raise ActionFailed(message, hint=PROTOCOL) from error


def protocol(
    context: Context, program: Sequence[str], *words: str, of: str, more: Mapping[str, str]
) -> dict[str, str]:
    """Call a migration program; return `current` and `latest` of its last line.

    ActionFailed where it fails or answers anything else.
    """
    done = process.run(
        context,
        [*process.python_first(program), *words],
        cwd=context.checkout,
        environment=process.environment(context, more),
    )
    if done.code:
        message = f"migrations `{words[0]}` of {of} failed: {done.last}"
        raise ActionFailed(message)
    try:
        answer = json.loads(done.last)
        return {key: str(answer[key]) for key in ("current", "latest")}
    except (ValueError, KeyError, TypeError) as error:
        message = f"migrations `{words[0]}` of {of} answered {done.last!r}"
        raise ActionFailed(message, hint=PROTOCOL) from error


def _wanted(context: Context, notes: Notes) -> int | None:
    """Return the version to go down to, None if this execution did not migrate."""
    given = context.text("to")
    if not given:
        noted = notes.found()
        return None if noted is None else int(str(noted))
    try:
        return int(given)
    except ValueError as error:
        problem = f"{given!r} is no version of an app.toml's migrations, which count from 0"
        raise BadParameter(name="to", problem=problem) from error


def _notes(context: Context, paths: AppPaths) -> Notes:
    return Notes(context, paths.folder / "migrations", hint="Give `with.to`.")


def back_up(target: Path, folder: Path, version: int) -> Path:
    """Copy the live database as it is at one instant, whoever is writing; keep the newest ten."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    taken = [int(m[1]) for path in folder.iterdir() if (m := re.match(r"(\d+)-", path.name))]
    copy = folder / f"{max(taken, default=0) + 1:05d}-schema-{version}.db"
    partial = folder / f".{copy.name}"
    with closing(sqlite3.connect(target)) as source, closing(sqlite3.connect(partial)) as sink:
        source.backup(sink)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(copy)
    for old in sorted(folder.glob("[0-9]*.db"))[:-KEPT_BACKUPS]:
        old.unlink()
    return copy
