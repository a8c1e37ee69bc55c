"""Write docs/reference/actions.md from the registry of actions; `--check` only compares."""

import sys
from pathlib import Path

from claude_agent.actions.registry import ACTIONS, ActionInfo
from claude_agent.domain.compensation import LEAVES_NOTHING

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "actions.md"
HEAD = """# Actions

Made from `claude_agent.actions.registry` by `python scripts/actions_page.py`; a test compares.

A step names one with `action: NAME` and gives its parameters in `with`. It runs as
`python -m claude_agent.actions NAME` in the workspace, under the shim, with the environment names
that its agent lets through; those marked *in the worker* need no process of their own. All may be
run again after a lost run: they leave the same state. A workflow without `inputs` hands every
`--params` value to the parameter of the same name.

*Leaves an effect*: after a failure the step is undone by its `compensate`, or reported as not
undone. What an action changes it writes down first, so an undo without `with` knows the way back
(`on: attempted` undoes a half-made one too).
"""
UNDONE_BY = {
    "setup_database": "migrate_down",
    "migrate": "migrate_down",
    "deploy_local": "rollback_local",
    "deploy_k8s": "rollback_k8s",
}


def section(info: ActionInfo) -> str:
    """Return what the page says about one action."""
    marks = ["idempotent" if info.idempotent else "not idempotent"]
    marks += ["in the worker"] if info.in_worker else []
    effect = "leaves nothing to undo"
    if info.name not in LEAVES_NOTHING:
        effect = "leaves an effect"
        if info.name in UNDONE_BY:
            effect += f", undone by `{UNDONE_BY[info.name]}`"
    lines = [f"\n## {info.name}", info.description, f"*{'; '.join(marks)}; {effect}.*", ""]
    if info.parameters:
        lines += ["| parameter | type | |", "|---|---|---|"]
    for name, parameter in info.parameters.items():
        shown = f"**`{name}`** (required)" if parameter.required else f"`{name}`"
        source = f" From the input `{parameter.from_input}`." if parameter.from_input else ""
        lines.append(f"| {shown} | {parameter.type} | {parameter.doc}{source} |")
    told = ", ".join(f"`{name}` ({kind})" for name, kind in info.outputs.items())
    return "\n".join([*lines, "", f"Outputs: {told or 'none'}."])


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD.rstrip(), *(section(info) for info in ACTIONS.values())]) + "\n"


def main() -> int:
    """Write or compare."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE} is not what the code says: run python scripts/actions_page.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
