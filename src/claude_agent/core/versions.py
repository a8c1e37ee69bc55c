"""The versions of a workflow, and what changed between two of them."""

import difflib

from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.domain.definition_diff import changes
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.errors import Invalid, NotFound
from claude_agent.storage.database import Reader


class Versions:
    """Reads versions; changes nothing."""

    def __init__(self, executions: ExecutionDesk) -> None:
        self._executions = executions

    def list(self, reader: Reader, name: str) -> JsonObject:
        """Return the versions of a workflow, the newest first. Raises NotFound."""
        slug = self._executions.newest(reader, name)["slug"]
        rows = reader.rows("explain.versions", slug=slug)
        items = [
            {
                "hash": row["hash"],
                "version": self._executions.definition(reader, row["hash"]).version or None,
                "source": row["origin"],
                "created_at": row["created_at"],
                "steps": len(self._executions.definition(reader, row["hash"]).steps),
                "newest": n == 0,
            }
            for n, row in enumerate(rows)
        ]
        return {"workflow": slug, "items": items}

    def diff(self, reader: Reader, name: str, first: str, second: str) -> JsonObject:
        """Return what changed between two versions: in structure, and as text.

        Raises as `pair`.
        """
        before, after = self.pair(reader, name, first, second)
        rows = [reader.row("executions.definition", hash=each) for each in (before, after)]
        texts = [str(row["source"]) if row is not None else "" for row in rows]
        one, two = (self._executions.definition(reader, each) for each in (before, after))
        lines = difflib.unified_diff(
            texts[0].splitlines(), texts[1].splitlines(), before[:12], after[:12], lineterm=""
        )
        return {
            "workflow": two.slug,
            "before": before,
            "after": after,
            "changes": [each.to_data() for each in changes(one, two)],
            "text": "\n".join(lines),
        }

    def pair(self, reader: Reader, name: str, first: str, second: str) -> tuple[str, str]:
        """Return the hashes of two versions, each named by the begin of its hash or its label.

        Empty: the last but one, and the newest. Raises NotFound, `Invalid` for an ambiguous name.
        """
        items = self.list(reader, name)["items"]
        if not first and len(items) < 2:  # noqa: PLR2004 - two to compare
            message = f"There is one version of {name[:80]} only."
            raise NotFound(message, hint=f"List them: claude-agent workflow versions {name[:80]}")
        before = _named(items, first, name) if first else items[1]["hash"]
        return before, _named(items, second, name) if second else items[0]["hash"]


def _named(items: list[JsonObject], text: str, name: str) -> str:
    found = [one["hash"] for one in items if text in (one["version"], one["hash"])]
    found = found[:1] or [one["hash"] for one in items if str(one["hash"]).startswith(text)]
    if len(found) == 1:
        return str(found[0])
    hint = f"List them: claude-agent workflow versions {name[:80]}"
    if found:
        message = f"{len(found)} versions of {name[:80]} begin with {text[:64]}."
        raise Invalid(message, hint=hint)
    message = f"There is no version {text[:64]} of {name[:80]}."
    raise NotFound(message, hint=hint)
