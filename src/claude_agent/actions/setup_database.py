"""Migrate an application's live database up, and back down.

The application's own program does each step (`migrate` in app.toml: `status`, `up`, `down --to N`,
each answering {"current": N, "latest": M}). What the version was before is written down first, by
effect key and execution: a run repeated after a kill, and the undo of one that left no outputs,
read it from there.
"""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from claude_agent.actions import process
from claude_agent.actions.app_file import AppFile, app_paths, database, load
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.appd.paths import AppPaths

KEPT_BACKUPS = 10


def perform(context: Context) -> Mapping[str, object]:
    """Return `previous` and `current` version and the `backup` file ('' if there was no need)."""
    app = load(context)
    paths = app_paths(context, app.name)
    target = database(context, paths)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = _migrate(context, app, target, "status")
    previous = _note(context, paths, found["current"])
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
    to = context.integer("to", -1) if "to" in context.values else _noted(context, paths)
    if to is None or not target.exists():
        context.say(f"{paths.name}: this execution did not migrate the database")
        return {"previous": 0, "current": 0}
    found = _migrate(context, app, target, "status")
    reached = found
    if found["current"] > to:
        back_up(target, paths.folder / "backups", found["current"])
        reached = _migrate(context, app, target, "down", "--to", str(to))
    _note_file(context, paths).unlink(missing_ok=True)
    context.say(f"{paths.name}: schema {found['current']} -> {reached['current']}")
    return {"previous": found["current"], "current": reached["current"]}


def _migrate(context: Context, app: AppFile, target: Path, *words: str) -> dict[str, int]:
    if not app.migrate:
        message = f"app.toml of {app.name} names no `migrate` command"
        raise ActionFailed(message, code=2)
    done = process.run(
        context,
        [*process.python_first(app.migrate), *words],
        cwd=context.checkout,
        environment=process.environment(context, {"APP_DATABASE": str(target)}),
    )
    if done.code:
        message = f"migrations `{words[0]}` of {app.name} failed: {done.last}"
        raise ActionFailed(message)
    try:
        answer = json.loads(done.last)
        return {"current": int(answer["current"]), "latest": int(answer["latest"])}
    except (ValueError, KeyError, TypeError) as error:
        message = f"migrations `{words[0]}` of {app.name} answered {done.last!r}"
        hint = 'The last line must be {"current": N, "latest": M}.'
        raise ActionFailed(message, hint=hint) from error


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


def _note(context: Context, paths: AppPaths, current: int) -> int:
    """Write down where the schema stood before the first attempt of this step; return that."""
    if not context.execution:
        return current
    note = _note_file(context, paths)
    noted = _read_notes(note)
    if context.effect_key in noted:
        return noted[context.effect_key]
    note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = note.with_suffix(".new")
    with partial.open("w", encoding="utf-8") as file:
        json.dump({**noted, context.effect_key: current}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(note)
    return current


def _noted(context: Context, paths: AppPaths) -> int | None:
    """Return where the schema stood before this execution, None if it was not touched."""
    if not context.execution:
        message = "where to migrate down to is not known"
        raise ActionFailed(message, hint="Give `with.to`.", code=2)
    return min(_read_notes(_note_file(context, paths)).values(), default=None)


def _read_notes(note: Path) -> dict[str, int]:
    """Return {effect key: version before it}."""
    if not note.exists():
        return {}
    return {str(key): int(value) for key, value in json.loads(note.read_text("utf-8")).items()}


def _note_file(context: Context, paths: AppPaths) -> Path:
    name = hashlib.sha256(context.execution.encode()).hexdigest()[:24]
    return paths.folder / "migrations" / f"{name}.json"
