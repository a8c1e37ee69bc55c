"""`state`: read, set and watch what agents, workflows and people share."""

import json
from fnmatch import fnmatchcase
from typing import TypedDict, Unpack

import click

from claude_agent.cli import codes
from claude_agent.cli.durations import Duration
from claude_agent.cli.options import pass_session, read_text
from claude_agent.cli.output import View, format_option, json_line, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import state as state_view
from claude_agent.cli.views.common import as_items

_MAX_VALUE = 1_048_576


def _plain(_: click.Context, __: click.Parameter, key: str) -> str:
    if "/" in key or key in ("", "snapshots"):
        msg = f"{key!r} cannot be a key: letters, digits, _ . : and - make one."
        raise click.BadParameter(msg)
    return key  # the rest is the server's to judge


_key = click.argument("key", callback=_plain)
_version = click.option(
    "--version",
    type=click.IntRange(min=0),
    help="Only if the key is at this version; 0: only if it does not exist.",
)
_dry_run = click.option("--dry-run", is_flag=True, help="Change nothing.")


class _How(TypedDict):
    ttl: float | None
    version: int | None
    text: bool
    dry_run: bool


@click.group("state")
def command() -> None:
    """Read, set and watch shared state: keys with versioned values."""


@command.command("list")
@click.argument("pattern", default="*")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", help="The key after which the page begins.")
@format_option
@pass_session
def list_(session: Session, pattern: str, limit: int, cursor: str | None, form: str) -> None:
    """List the keys that match a pattern like deploy.*"""
    page = session.system.state.list(pattern, cursor=cursor, limit=limit)
    show(state_view.entries(page), form)
    if page["next"] is not None and form == "table":
        note(f"More: claude-agent state list '{pattern}' --cursor {page['next']}")


@command.command("get")
@_key
@format_option
@pass_session
def get(session: Session, key: str, form: str) -> None:
    """Print the value of a key; -o json shows its version too."""
    show(state_view.entry(session.system.state.get(key)), form)


@command.command("set")
@_key
@click.argument("value")
@click.option("--text", is_flag=True, help="VALUE is a text, even where it looks like JSON.")
@click.option("--ttl", type=Duration(), help="After this time the key is gone: 30s, 10m, 2d.")
@_version
@_dry_run
@format_option
@pass_session
def set_(session: Session, key: str, value: str, form: str, **how: Unpack[_How]) -> None:
    """Set a key to VALUE: JSON where it is JSON, else a text; @FILE reads a file, - the input."""
    parsed = _value(value, text=how["text"])
    if how["dry_run"]:
        note(f"Would set {key} to {json_line(parsed)}; nothing was changed.")
        return
    life = None if how["ttl"] is None else f"{round(how['ttl'] * 1000)}ms"
    found = session.system.state.set(key, parsed, version=how["version"], ttl=life)
    show(state_view.changed(found), form)


def _value(given: str, *, text: bool) -> object:
    if given == "-" or (given.startswith("@") and len(given) > 1):
        path = given if given == "-" else given[1:]
        given = read_text(path, limit=_MAX_VALUE, what="The value")
    if text:
        return given
    try:
        parsed: object = json.loads(given, parse_constant=_no_constant)
    except ValueError:
        return given
    return parsed


def _no_constant(name: str) -> object:
    raise ValueError(name)  # NaN is no JSON: it is a text


@command.command("delete")
@_key
@_version
@_dry_run
@format_option
@pass_session
def delete(session: Session, key: str, version: int | None, form: str, *, dry_run: bool) -> None:
    """Delete a key; its history stays."""
    state = session.system.state
    if dry_run:
        note(f"Would delete {key}; nothing was changed.")
        show(state_view.changed(state.get(key)), form)
        return
    gone = state.delete(key, version=version)
    line = f"{key} is deleted (version {gone['version']})."
    items = as_items([gone])
    show(View(document=gone, items=items, name="key", table=lambda _: [line]), form)


@command.command("history")
@_key
@click.option("--after", type=click.IntRange(min=0), default=0, help="After this version.")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True)
@format_option
@pass_session
def history(session: Session, key: str, after: int, limit: int, form: str) -> None:
    """Show who changed a key, when and to what."""
    show(state_view.history(session.system.state.history(key, after=after, limit=limit)), form)


@command.command("watch")
@click.argument("pattern", default="*")
@click.option("--after", metavar="CURSOR", help="From there on; else from now.")
@click.option("-o", "--output", "form", type=click.Choice(["table", "jsonl"]), default="table")
@pass_session
def watch(session: Session, pattern: str, after: str | None, form: str) -> int:
    """Print each change of the keys that match, until Ctrl-C; none is missed."""
    cursor = after or session.system.events.head()["cursor"]
    with session.system.live(("state",), after=cursor) as live:
        try:
            for frame in live:
                told = frame["type"] in ("state.changed", "state.deleted")
                if not told or not fnmatchcase(frame["id"] or "", pattern):
                    continue
                line = json_line(frame) if form == "jsonl" else state_view.change_line(frame)
                click.echo(line)
        except KeyboardInterrupt:
            note(f"\nCome back: claude-agent state watch '{pattern}' --after {live.cursor}")
    return codes.INTERRUPTED


@command.group("snapshot")
def snapshot() -> None:
    """Copy the whole state, look at copies, restore one."""


@snapshot.command("take")
@click.argument("name", default="")
@format_option
@pass_session
def take(session: Session, name: str, form: str) -> None:
    """Copy every key under a name."""
    show(state_view.snapshots([session.system.state.take_snapshot(name)]), form)


@snapshot.command("list")
@format_option
@pass_session
def snapshots(session: Session, form: str) -> None:
    """List the newest snapshots."""
    show(state_view.snapshots(session.system.state.snapshots()), form)


@snapshot.command("show")
@click.argument("name")
@format_option
@pass_session
def show_(session: Session, name: str, form: str) -> None:
    """Show what a snapshot (its id, or the newest of a name) holds."""
    show(state_view.snapshot(session.system.state.snapshot(name)), form)


@snapshot.command("restore")
@click.argument("name")
@_dry_run
@format_option
@pass_session
def restore(session: Session, name: str, form: str, *, dry_run: bool) -> None:
    """Make the state what a snapshot holds; take another one first if in doubt."""
    if dry_run:
        note(f"Would restore {name}; nothing was changed.")
        show(state_view.snapshot(session.system.state.snapshot(name)), form)
        return
    found = session.system.state.restore(name)
    line = f"{found['changed']} keys set, {found['deleted']} deleted."
    items = as_items([found])
    show(View(document=found, items=items, name="id", table=lambda _: [line]), form)
