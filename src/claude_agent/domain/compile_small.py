"""Compile the ordered map of step to agent, `{"clone_repo": "backend-api", …}`: a chain."""

from collections.abc import Collection

from claude_agent.domain.compile_does import Scope
from claude_agent.domain.compile_reader import Cursor
from claude_agent.domain.compile_schemas import check_name
from claude_agent.domain.definition import ActionSpec, Definition, Step, slug_of
from claude_agent.domain.expression_tree import Path
from claude_agent.domain.node import Node


def is_small(tree: Node, top_keys: Collection[str]) -> bool:
    """Say whether a tree is the small form: a mapping of names to names, and no known key."""
    return (
        tree.kind == "map"
        and any(isinstance(entry.node.value, str) for entry in tree.entries)
        and not any(entry.key in top_keys for entry in tree.entries)
    )


def small_definition(root: Cursor, scope: Scope) -> Definition | None:
    """Read the small form; each step runs the action of its name, else prompts its agent."""
    steps: list[Step] = []
    for entry in root.node.entries:
        place = root.at(entry.key, entry.node)
        check_name(entry.key, "a step", place)
        agent = place.name_of("agent", scope.agents)
        before = (steps[-1].id,) if steps else ()
        steps.append(_step(entry.key, agent, before, scope))
    if root.problems.any:
        return None
    name = _name(root.node.file) or f"{steps[0].id} to {steps[-1].id}"
    return Definition(name=name, slug=slug_of(name), steps=tuple(steps))


def _step(name: str, agent: str | None, before: tuple[str, ...], scope: Scope) -> Step:
    action = scope.actions.get(name)
    if action is None:
        words = name.replace("_", " ")
        prompt = f"{words}\n\nParameters: ${{{{ inputs }}}}"
        return Step(id=name, kind="prompt", prompt=prompt, agent=agent, depends_on=before)
    return Step(
        id=name,
        kind="action",
        action=name,
        agent=agent,
        depends_on=before,
        with_=_from_inputs(action),
        idempotent=action.idempotent,
        on_uncertain="retry" if action.idempotent else "ask",
    )


def _from_inputs(action: ActionSpec) -> dict[str, str]:
    return {
        name: f"${{{{ {Path(parts=('inputs', parameter.from_input or name)).text()} }}}}"
        for name, parameter in action.parameters.items()
        if parameter.required
    }


def _name(file: str) -> str:
    """Return the stem of a file's name, as `deploy` of `flows/deploy.json`."""
    last = file.rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    return stem if stem != "-" else ""
