"""Events as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import one_line
from claude_agent.cli.views.common import as_items, clock_text

if TYPE_CHECKING:
    from claude_agent.cli.look import Look
    from claude_sdk.wire import Frame, Frames


def events(page: Frames) -> View:
    """Show events."""
    return View(
        document=page,
        items=as_items(page["items"]),
        name="pos",
        table=lambda look: [frame_line(frame, look) for frame in page["items"]],
    )


def frame_line(frame: Frame, look: Look) -> str:
    """Return one event on one line."""
    data = " ".join(
        f"{name}={value}"
        for name, value in frame["data"].items()
        if isinstance(value, str | int | float) and value != ""
    )
    head = f"{clock_text(frame['at'])}  {frame['pos']:>6}  "
    rest = one_line(f"{frame['type']:<26}{_short(frame)}  {data}")
    return head + (rest[: max(10, look.columns - len(head))] if look.terminal else rest)


def _short(frame: Frame) -> str:
    data = frame["data"]
    name = data.get("ref") or data.get("step") or data.get("step_id") or data.get("agent")
    return str(name) if name else frame["id"].rpartition("/")[2][-8:]
