"""Plans, versions and differences of workflows for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.output import View
from claude_agent.cli.text import counted, harmless, one_line
from claude_agent.cli.views.common import as_items, clock_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_agent.cli.look import Look
    from claude_sdk.wire_insight import StepPlanned, WorkflowDiff, WorkflowPlan, WorkflowVersions

_CONDITIONS = {"holds": "if: holds", "fails": "if: fails", "later": "if: known later"}
_FAMILIES = {"added": "ok", "removed": "failed", "changed": "waiting"}


def plan(found: WorkflowPlan) -> View:
    """Show what an execution would do."""
    return View(
        document=found,
        items=as_items(found["steps"]),
        name="id",
        table=lambda look: _plan(found, look),
    )


def _plan(found: WorkflowPlan, look: Look) -> Iterator[str]:
    head = f"{found['workflow']}  hash {found['hash'][:12]}"
    yield f"{head}: {counted(len(found['steps']), 'step')} on {len(found['levels'])} levels"
    for reason in found["waits"]:
        yield f"  {one_line(reason['text'])}"
    rows = [[str(step["level"]), step["id"], _who(step), _remark(step)] for step in found["steps"]]
    yield from look.table(("level", "step", "who", ""), rows, elastic=3)
    if found["undoes"]:
        order = ", ".join(" + ".join(group) for group in found["undoes"])
        when = "" if found["on_failure"] == "compensate" else " (only on request)"
        yield f"undone, if it fails at its end{when}: {order}"
    if found["not_undone"]:
        yield f"not undone: {', '.join(found['not_undone'])}"
    for line in found["missing"]:
        yield look.paint(one_line(line), "failed")
    yield look.paint("Nothing was stored or started.", "dim")


def _who(step: StepPlanned) -> str:
    why = step["routed_by"] or ""
    if why == "the workflow names it":
        return step["agent"] or ""
    return " ".join(filter(None, [step["agent"] or step["kind"], f"({why})" if why else ""]))


def _remark(step: StepPlanned) -> str:
    if step["skipped"]:
        return f"skipped: {step['skipped']}"
    parts = [_CONDITIONS[step["condition"]]] if step["condition"] != "none" else []
    if step["many"]:
        count = step["instances"]
        parts.append("instances: known later" if count is None else counted(count, "instance"))
    parts += [one_line(reason["text"]) for reason in step["waits"]]
    return "; ".join(parts)


def versions(found: WorkflowVersions) -> View:
    """Show the versions of a workflow."""

    def table(look: Look) -> list[str]:
        rows = [
            [
                one["hash"][:12],
                one["version"] or "",
                clock_text(one["created_at"]),
                one["source"],
                str(one["steps"]),
                "newest" if one["newest"] else "",
            ]
            for one in found["items"]
        ]
        return look.table(("hash", "version", "defined", "source", "steps", ""), rows)

    return View(document=found, items=as_items(found["items"]), name="hash", table=table)


def diff(found: WorkflowDiff, *, text: bool) -> View:
    """Show what changed: in structure, and with `text` also line by line."""

    def table(look: Look) -> Iterator[str]:
        yield f"{found['workflow']}  {found['before'][:12]} -> {found['after'][:12]}"
        for one in found["changes"]:
            yield look.paint(one_line(one["text"]), _FAMILIES[one["kind"]])
        if not found["changes"]:
            yield "Nothing changed that counts."
        if text:
            yield from (harmless(line) for line in found["text"].split("\n"))

    return View(document=found, items=as_items(found["changes"]), name="path", table=table)
