"""Run a project's own migrations up, and back down to the version of before.

The version of before is written down first, by effect key and execution: a run repeated after a
kill, and the undo of one that left no outputs, read it from there.
"""

from collections.abc import Mapping

from claude_agent.actions import setup_database
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.actions.migration_kinds import Migrations, find, find_kind
from claude_agent.actions.notes import Notes


def perform(context: Context) -> Mapping[str, object]:
    """Return `kind` and the versions `previous` and `current`, as texts."""
    kind = find_kind(context)
    if kind == "app":
        done = setup_database.perform(context)
        return {"kind": kind, **{key: str(done[key]) for key in ("previous", "current")}}
    migrations = find(context, kind)
    found = migrations.current()
    previous = str(_notes(context).first(found))
    current = migrations.up()
    context.say(f"{migrations.name}: {previous} -> {current}")
    return {"kind": kind, "previous": previous, "current": current}


def down(context: Context) -> Mapping[str, object]:
    """Return `previous` (where it stood) and `current`; nothing to undo is a success."""
    kind = find_kind(context)
    if kind == "app":
        done = setup_database.down(context)
        return {"kind": kind, **{key: str(done[key]) for key in ("previous", "current")}}
    migrations = find(context, kind)
    notes = _notes(context)
    wanted = context.text("to") or notes.found()
    found = migrations.current()
    if wanted is None:
        context.say(f"{migrations.name}: this execution did not migrate the database")
        return {"kind": kind, "previous": found, "current": found}
    current = found if found == str(wanted) else _go_down(migrations, str(wanted))
    notes.forget()
    context.say(f"{migrations.name}: {found} -> {current}")
    return {"kind": kind, "previous": found, "current": current}


def _go_down(migrations: Migrations, to: str) -> str:
    current = migrations.down(to)
    if current != to:
        message = f"{migrations.name}: the database stands at {current} after going down to {to}"
        raise ActionFailed(message)
    return current


def _notes(context: Context) -> Notes:
    return Notes(context, context.need_home() / "migrations", hint="Give `with.to`.")
