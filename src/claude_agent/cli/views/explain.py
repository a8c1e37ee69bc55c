"""Explanations for people: why it waits, what follows, what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import one_line
from claude_agent.cli.views.common import as_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_agent.cli.look import Look
    from claude_sdk.wire_insight import (
        ExecutionExplained,
        IfFailed,
        IfWell,
        Reason,
        StepExplained,
        TaskExplained,
    )


def execution(found: ExecutionExplained) -> View:
    """Show why each step waits."""
    return View(
        document=found,
        items=as_items(found["steps"]),
        name="id",
        table=lambda look: _execution(found, look),
    )


def task(found: TaskExplained) -> View:
    """Show why a task waits."""

    def table(look: Look) -> Iterator[str]:
        yield f"task {found['ref']}  {found['shown']['word']}"
        yield from _reasons(found["reasons"], look, "  ")
        if found["ended"]:
            yield f"  It has ended. Its result: claude-agent task result {found['ref']}"

    return View(document=found, items=as_items(found["reasons"]), name="code", table=table)


def _execution(found: ExecutionExplained, look: Look) -> Iterator[str]:
    yield f"execution {found['ref']}  {found['shown']['word']}"
    yield from _reasons(found["reasons"], look, "  ")
    if found["ended"]:
        yield f"  It has ended. How it went: claude-agent execution show {found['ref']}"
    for step in found["steps"]:
        yield from _step(step, look)
    left = found["total"] - len(found["steps"])
    if left > 0:
        yield f"  and {left} more; ask for one: claude-agent execution explain {found['ref']} STEP"


def _step(step: StepExplained, look: Look) -> Iterator[str]:
    ref = f"  task {step['task_ref']}" if step["task_ref"] else ""
    yield f"  {look.paint(step['id'], 'bold')}  {step['state']}{ref}"
    yield from _reasons(step["reasons"], look, "    ")
    well, failed = step["if_well"], step["if_failed"]
    if well is not None and (text := _if_well(well)):
        yield f"    then: {text}"
    if failed is not None and (text := _if_failed(failed)):
        yield f"    if it failed: {text}"


def _reasons(reasons: list[Reason], look: Look, indent: str) -> Iterator[str]:
    for reason in reasons:
        yield f"{indent}{one_line(reason['text'])}"
        if reason["command"]:
            yield f"{indent}  {look.paint(one_line(reason['command']), 'dim')}"


def _if_well(well: IfWell) -> str:
    parts = []
    if well["starts"]:
        parts.append(f"{', '.join(well['starts'])} starts")
    if well["cached"]:
        parts.append(f"from the cache: {', '.join(well['cached'])}")
    if well["skips"]:
        skipped = (f"{one['step']} ({one['reason']})" for one in well["skips"])
        parts.append(f"skipped: {', '.join(skipped)}")
    if well["undecided"]:
        parts.append(f"its outputs decide about {', '.join(well['undecided'])}")
    if well["ends"]:
        parts.append(f"the execution has {well['ends']}")
    return "; ".join(parts)


def _if_failed(failed: IfFailed) -> str:
    parts = []
    for word, names in (
        ("stopped", failed["stops"]),
        ("started", failed["starts"]),
        ("not run", failed["skips"]),
        ("undone", [" + ".join(group) for group in failed["undoes"]]),
        ("not undone", failed["not_undone"]),
    ):
        if names:
            parts.append(f"{word}: {', '.join(names)}")
    if failed["ends"]:
        parts.append(f"the execution is {failed['ends']}")
    return "; ".join(parts)
