"""Shared state as tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import counted, duration, one_line
from claude_agent.cli.views.common import as_items, clock_text, fields, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.cli.look import Look
    from claude_sdk.wire import Frame
    from claude_sdk.wire_state import Snapshot, SnapshotDetail, StateEntry, StatePage


def text_of(value: object) -> str:
    """Return a value for people: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def entries(page: StatePage) -> View:
    """Show a page of keys."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        head = ("key", "value", "version", "by", "changed", "expires in")
        rows = [
            [
                one["key"],
                one_line(text_of(one["value"])),
                str(one["version"]),
                one["updated_by"],
                clock_text(one["updated_at"]),
                _left(one, now),
            ]
            for one in page["items"]
        ]
        return look.table(head, rows, elastic=1)

    return View(document=page, items=as_items(page["items"]), name="key", table=table)


def _left(one: StateEntry, now: int) -> str:
    return "" if one["expires_at"] is None else duration(max(0, one["expires_at"] - now))


def entry(one: StateEntry) -> View:
    """Show one key: its value alone, as a program would want it."""
    return View(
        document=one,
        items=as_items([one]),
        name="key",
        table=lambda _: [one_line(line) for line in text_of(one["value"]).split("\n")],
    )


def changed(one: StateEntry) -> View:
    """Say what a key is now."""

    def table(look: Look) -> list[str]:
        facts = [
            ("key", one["key"]),
            ("value", one_line(text_of(one["value"]))),
            ("version", str(one["version"])),
        ]
        left = _left(one, now_ms())
        return fields((*facts, ("expires in", left)) if left else facts, look)

    return View(document=one, items=as_items([one]), name="key", table=table)


def history(found: Sequence[Frame]) -> View:
    """Show who changed a key, when and to what."""

    def table(look: Look) -> list[str]:
        return look.table(
            ("version", "at", "by", "what", "value"), [_change(one) for one in found], elastic=4
        )

    return View(document={"items": found}, items=as_items(found), name="pos", table=table)


def _change(one: Frame) -> list[str]:
    data = one["data"]
    what = one["type"].removeprefix("state.")
    value = one_line(text_of(data["value"])) if "value" in data else str(data.get("why", ""))
    return [str(data["version"]), clock_text(one["at"]), one["actor"], what, value]


def change_line(one: Frame) -> str:
    """Return one change of a watched key as a line."""
    version, at, actor, _, value = _change(one)
    told = "deleted" if one["type"] == "state.deleted" else value
    return f"{at}  {one['id']}  {told}  (version {version}, {actor})"


def snapshots(found: Sequence[Snapshot]) -> View:
    """Show the snapshots."""

    def table(look: Look) -> list[str]:
        head = ("name", "keys", "taken", "by", "position", "id")
        rows = [
            [
                one["name"],
                str(one["keys"]),
                clock_text(one["created_at"]),
                one["created_by"],
                str(one["pos"]),
                one["id"],
            ]
            for one in found
        ]
        return look.table(head, rows)

    return View(document={"items": found}, items=as_items(found), name="id", table=table)


def snapshot(one: SnapshotDetail) -> View:
    """Show a snapshot with what it holds."""

    def table(look: Look) -> list[str]:
        about = (
            ("snapshot", one["name"] or one["id"]),
            ("id", one["id"]),
            ("taken", f"{clock_text(one['created_at'])} by {one['created_by']}"),
            ("holds", counted(one["keys"], "key")),
        )
        rows = [
            [e["key"], one_line(text_of(e["value"])), str(e["version"])] for e in one["entries"]
        ]
        held = ["", *look.table(("key", "value", "version"), rows, elastic=1)] if rows else []
        return [*fields(about, look), *held]

    return View(document=one, items=as_items([one]), name="id", table=table)
