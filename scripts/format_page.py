"""Write docs/reference/workflow-format.md from the models; `--check` only compares."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from claude_agent.core.definition_source import MAX_ALIASES, MAX_BYTES, MAX_VALUES
from claude_agent.core.format_schema import format_schema
from claude_agent.core.format_shapes import SHAPES, SIMPLE
from claude_agent.domain.compile import MAX_STEPS
from claude_agent.domain.compile_references import (
    AGENT_NAMES,
    EXECUTION_NAMES,
    FAILURE_NAMES,
    SCOPES,
    STEP_NAMES,
)
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.expression_cost import MAX_ROUNDS
from claude_agent.domain.expression_grammar import FUNCTIONS, GLOBAL, LOOPS, METHODS
from claude_agent.domain.expression_parser import MAX_LENGTH
from claude_agent.domain.node import MAX_DEPTH

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "workflow-format.md"
HEAD = """# The workflow format

Made from the models by `python scripts/format_page.py`; a test compares. The same as JSON Schema:
`claude-agent workflow schema`, `GET /workflows/schema`. Check a file, with all its problems at
once: `claude-agent workflow validate FILE`.

A file is YAML 1.2 or JSON. The smallest form maps steps to agents, one after the other:
`{"clone_repo": "backend-api", "run_tests": "testing"}`; each step runs the action of its name or
gives its name and the parameters to its agent as a prompt. Everything else is below. Keys that
begin with `x-` are ignored everywhere; a key without a value is as if it were not there; unknown
keys are refused with the nearest known one.
"""
TITLES = {
    "workflow": "The file",
    "step": "A step",
    "case": "switch: a case",
    "on": "on",
    "event": "on.event",
    "schedule": "on.schedule",
    "webhook": "on.webhook",
}
PLACES = {
    "env": "`env` at the top",
    "start": "`priority` at the top, `concurrency.key`",
    "trigger": "`on`: `if`, `inputs`",
    "before": "a step's `if`, `foreach` and the axes of its `matrix`",
    "step": "everything else of a step",
    "cache": "`cache.key`",
    "failure": "`retry.if`, `retry.prompt`, `fallback`",
    "wait": "`wait.if`",
    "undo": "`compensate.with`",
    "show": "`approval.show` (paths alone)",
    "outputs": "`outputs` at the top",
}


def kind(shape: JsonObject) -> str:
    """Return in a few words what a value may be."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return name if name in SIMPLE else f"[{name}](#{anchor(name)})"
    if "enum" in shape:
        return " ".join(f"`{word}`" for word in shape["enum"])
    if "anyOf" in shape:
        return " or ".join(dict.fromkeys(map(kind, shape["anyOf"])))
    if shape.get("type") == "array":
        return f"list of {kind(shape.get('items', {}))}"
    words = {"string": "text", "integer": "whole number", "boolean": "true, false", "object": "map"}
    types = shape.get("type", "any value")
    listed = [types] if isinstance(types, str) else types
    return " or ".join(words.get(one, one) for one in listed)


def anchor(name: str) -> str:
    """Return where the section of a shape begins."""
    return TITLES.get(name, name).lower().replace(" ", "-").replace(".", "").replace(":", "")


def section(name: str, shape: JsonObject) -> str:
    """Return the table of one object."""
    lines = [f"\n## {TITLES.get(name, name)}", shape.get("description", ""), ""]
    lines += ["| key | takes | default | |", "|---|---|---|---|"]
    needed = shape.get("required", ())
    for key, value in shape["properties"].items():
        written = json.dumps(value.get("default", "")).strip('"')
        default = f"`{written}`" if written else ""
        star = " *" if key in needed else ""
        said = value.get("description", "").replace("|", "\\|")
        lines.append(f"| `{key}`{star} | {kind(value)} | {default} | {said} |")
    if name == "matrix":
        lines += ["", "Every other key is an axis: a list, or one expression that gives a list."]
    return "\n".join(lines)


def expressions() -> str:
    """Return what expressions are and may read."""
    names = "; ".join(
        [
            f"`execution`: {words(EXECUTION_NAMES)}",
            f"`steps.<id>` and `self`: {words(STEP_NAMES)}",
            f"`failure`: {words(FAILURE_NAMES)}",
            f"`agents.<name>`: {words(AGENT_NAMES)}",
        ]
    )
    rows = [f"| {PLACES[place]} | {words(roots)} |" for place, roots in SCOPES.items()]
    calls = [*FUNCTIONS, *GLOBAL, *(f"x.{name}" for name in (*METHODS, *LOOPS))]
    return "\n".join(
        [
            "\n## Expressions",
            "`${{ … }}` holds [CEL](https://cel.dev). A value that is one whole expression keeps",
            "its type; embedded ones become text (objects and lists: JSON). In conditions what is",
            "not there is false; in values it is an error, unless `has()` asks first. A step with",
            "`matrix` or `foreach` is a list: `steps.test.all(t, t.outputs.failed == 0)`. A step",
            "reads only steps that it waits for. `run`, `gates` and `verify` hold no expressions:",
            "values reach them as environment variables.",
            "",
            "| in | can be read |",
            "|---|---|",
            *rows,
            "",
            f"{names}. `ready`: its queue is not paused, its breaker is closed, and so is one of",
            "its accounts at least.",
            "",
            f"Functions: {words(f'{name}()' for name in calls)}. `now()` is the time of the event",
            "that is decided upon; `hash()` gives 64 hex digits, the same for the same JSON.",
            f"Limits: {MAX_LENGTH:,} characters; the loops together {MAX_ROUNDS:,} rounds.",
            "",
            "Secrets are named at the top (`secrets: [TOKEN]`) and in the step that needs them:",
            '`secrets: [TOKEN]`, or `env: {VARIABLE: "${{ secrets.TOKEN }}"}`; nothing else can',
            "read them.",
        ]
    )


def words(names: Iterable[str]) -> str:
    """Return names for a line of text."""
    return ", ".join(f"`{name}`" for name in names)


def limits() -> str:
    """Return how large a file may be."""
    return "\n".join(
        [
            "\n## Limits",
            f"{MAX_BYTES:,} bytes, {MAX_STEPS:,} steps, {MAX_VALUES:,} values, {MAX_DEPTH} levels",
            f"of nesting, {MAX_ALIASES} aliases. What a version reads and does not run yet is",
            "stored, and refused at start; `workflow validate` names it.",
        ]
    )


def page() -> str:
    """Return the whole page."""
    defs = format_schema()["$defs"]
    names = [shape.name for shape in SHAPES]
    at = names.index("step") + 1
    names[at:at] = ["defaults", "compensation"]
    simple = ["\n## Values"] + [f"- {name}: {one['description']}" for name, one in SIMPLE.items()]
    simple += [f'- <a id="agent"></a>agent: {defs["agent"]["description"]}']
    simple += ['- <a id="env"></a>env: names of variables with texts, numbers, true or false.']
    schema = ", ".join(f"`{key}`" for key in defs["schema"]["properties"])
    simple += [f'- <a id="schema"></a>schema: a JSON Schema with {schema}.']
    simple += ['- <a id="input"></a>input: a schema; `required` unless it has a `default`.']
    parts = [HEAD.rstrip(), *(section(name, defs[name]) for name in names)]
    return "\n".join([*parts, *simple, expressions(), limits()]) + "\n"


def main() -> int:
    """Write or compare."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE} is not what the code says: run python scripts/format_page.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
