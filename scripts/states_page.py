"""Write docs/reference/states.md from the tables in the code; `--check` only compares."""

import sys
from collections.abc import Mapping
from pathlib import Path

from claude_agent.domain import vocabulary
from claude_agent.domain.states import (
    EXECUTION_ALLOWED,
    EXECUTION_TERMINAL,
    STEP_ALLOWED,
    STEP_CLOSED,
    TASK_ALLOWED,
    TASK_TERMINAL,
)

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "states.md"
HEAD = """# States

Made from the tables in `claude_agent.domain.states` and `claude_agent.domain.vocabulary` by
`python scripts/states_page.py`; a test compares. The database refuses every other state.
"""


def table(
    title: str,
    allowed: Mapping[str, frozenset[str]],
    words: Mapping[str, vocabulary.Term],
    ends: frozenset[str],
) -> str:
    """Return one section: each state, how it is shown, what may follow."""
    lines = [f"\n## {title}", "| state | shown as | family | may become |", "|---|---|---|---|"]
    for state, following in allowed.items():
        term = words[str(state)]
        then = ", ".join(sorted(map(str, following))) or "nothing: it is at rest"
        if state in ends and following:
            then += " (only by a person)"
        lines.append(f"| `{state}` | {term.sign} {term.word} | {term.family} | {then} |")
    return "\n".join([*lines, "", *diagram(allowed)])


def diagram(allowed: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the same table as a mermaid diagram; what stays the same is not drawn."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for state, following in allowed.items():
        lines += [
            f"    {state} --> {each}" for each in sorted(map(str, following)) if each != state
        ]
        lines += [] if following else [f"    {state} --> [*]"]
    return [*lines, "```"]


def page() -> str:
    """Return the whole page."""
    closed = STEP_CLOSED - {"succeeded", "failed", "cancelled"}
    return (
        "\n".join(
            [
                HEAD.rstrip(),
                table("Task", TASK_ALLOWED, vocabulary.TASK, TASK_TERMINAL),
                table("Step", STEP_ALLOWED, vocabulary.STEP, frozenset(closed)),
                table("Execution", EXECUTION_ALLOWED, vocabulary.EXECUTION, EXECUTION_TERMINAL),
            ]
        )
        + "\n"
    )


def main() -> int:
    """Write or compare."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE} is not what the code says: run python scripts/states_page.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
