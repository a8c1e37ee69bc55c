"""Write docs/reference/tools.md from the tools of agents at work; `--check` only compares."""

import sys
from pathlib import Path

from claude_agent.api.work_tools import TOOLS, Tool
from claude_agent.domain.definition_parts import Data

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "tools.md"
HEAD = """# Tools of agents at work

Made from `claude_agent.api.work_tools` by `python scripts/tools_page.py`; a test compares. How an
agent gets them and what becomes of what it says: [let agents hand back
results](../how-to/agents-hand-back.md). An argument that does not fit is told to the agent as the
tool's error; an unknown tool is an error of the protocol.
"""


def kind(schema: Data) -> str:
    """Return how an argument's type is called."""
    either = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    found = either[0] if either else schema
    names = {"array": "list", "string": "text", "integer": "whole number", "boolean": "yes or no"}
    return names.get(found.get("type", ""), found.get("type", "any JSON"))


def section(tool: Tool) -> str:
    """Return what the page says about one tool."""
    shown = tool.describe({})
    takes = shown["inputSchema"]
    late = "; also when its run is over: it is kept as late" if tool.late else ""
    lines = [f"\n## {shown['name']}", shown["description"]]
    lines += ["", f"*{'Reads' if tool.reads else 'Counts as a call'}{late}.*", ""]
    lines += ["| argument | type | |", "|---|---|---|"]
    for name, schema in takes["properties"].items():
        named = f"**`{name}`** (required)" if name in takes.get("required", ()) else f"`{name}`"
        lines.append(f"| {named} | {kind(schema)} | {schema.get('description', '')} |")
    return "\n".join(lines)


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD.rstrip(), *(section(tool) for tool in TOOLS.values())]) + "\n"


def main() -> int:
    """Write or compare."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/reference/tools.md is not what scripts/tools_page.py writes", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
