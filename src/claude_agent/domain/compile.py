"""Compile a source tree into a Definition, or name everything that is wrong with it at once."""

from collections.abc import Mapping
from typing import Any

from claude_agent.domain.compile_does import Scope
from claude_agent.domain.compile_graph import Graph
from claude_agent.domain.compile_reader import Cursor, Problems
from claude_agent.domain.compile_references import Names, Uses, check_uses
from claude_agent.domain.compile_schemas import inputs
from claude_agent.domain.compile_small import is_small, small_definition
from claude_agent.domain.compile_steps import (
    Compiled,
    StepDefaults,
    compile_steps,
    read_agent,
    read_priority,
    read_workspace,
)
from claude_agent.domain.compile_values import duration, environment, labels, retry, timeouts
from claude_agent.domain.definition import (
    ActionSpec,
    Definition,
    DefinitionError,
    Step,
    Timeouts,
    slug_of,
)
from claude_agent.domain.node import Node
from claude_agent.domain.retry import RetryPolicy

MAX_STEPS = 10_000
"""The most steps of one definition."""
TOP_KEYS = (
    *("name", "description", "version", "labels", "inputs", "env", "priority", "timeout"),
    *("defaults", "on_failure", "on_cancel", "compensation", "steps", "outputs"),
)
TOP_LATER = ("on", "secrets", "concurrency", "budget")
ON_FAILURE = ("fail", "compensate", "continue")
ON_FAILURE_LATER = ("pause",)
_LONGEST_NAME = 200


def compile_definition(
    tree: Node, *, agents: frozenset[str], actions: Mapping[str, ActionSpec]
) -> Definition:
    """Return the definition that `tree` describes.

    `agents` and `actions` are the names that steps may use. Raises DefinitionError with every
    problem, in the order of the source.
    """
    problems = Problems()
    root = Cursor(tree, "", problems)
    if is_small(tree, TOP_KEYS):
        scope = Scope(agents=agents, actions=actions, inputs=None, uses=Uses())
        definition = small_definition(root, scope)
    else:
        definition = _full(root, agents, actions)
    found = problems.in_order()
    if found or definition is None:
        raise DefinitionError(found)
    return definition


def _full(
    root: Cursor, agents: frozenset[str], actions: Mapping[str, ActionSpec]
) -> Definition | None:
    fields = root.fields(TOP_KEYS, TOP_LATER)
    if fields is None:
        return None
    get = fields.get
    uses = Uses()
    scope = Scope(agents=agents, actions=actions, inputs=inputs(get("inputs")), uses=uses)
    compiled = compile_steps(_step_list(root, fields), scope, _defaults(get("defaults"), agents))
    graph = Graph([one.link for one in compiled])
    env = environment(get("env"))
    uses.template(get("env"), "env")
    uses.template(get("outputs"), "outputs")
    outputs = {one.link.id: one.outputs for one in compiled}
    known = None if scope.inputs is None else tuple(scope.inputs)
    check_uses(uses.found, Names(inputs=known, env=tuple(env), outputs=outputs, graph=graph))
    parts = _parts(root, fields) | {"inputs": scope.inputs, "env": env}
    steps = _complete(compiled)
    if root.problems.any or steps is None:
        return None
    undo = any(step.compensate for step in steps)
    parts["on_failure"] = parts["on_failure"] or ("compensate" if undo else "fail")
    return Definition(steps=steps, slug=slug_of(parts["name"]), **parts)


def _complete(compiled: list[Compiled]) -> tuple[Step, ...] | None:
    steps = tuple(one.step for one in compiled if one.step is not None)
    return steps if len(steps) == len(compiled) else None


def _step_list(root: Cursor, fields: Mapping[str, Cursor]) -> list[Cursor]:
    if "steps" not in fields:
        root.fail("the definition has no 'steps'", "list them: steps: [{id: …, action: …}]")
        return []
    cursors = fields["steps"].sequence()
    if cursors is not None and not cursors:
        fields["steps"].fail("'steps' is empty")
    if cursors is not None and len(cursors) > MAX_STEPS:
        fields["steps"].fail(f"'steps' has {len(cursors):,} steps; the limit is {MAX_STEPS:,}")
        return []
    return cursors or []


def _parts(root: Cursor, fields: Mapping[str, Cursor]) -> dict[str, Any]:
    get = fields.get
    order = _compensation_order(get("compensation"))
    outputs = (fields["outputs"].mapping() if "outputs" in fields else None) or {}
    defaults = get("defaults")
    description = fields["description"].text(empty=True) if "description" in fields else None
    version = fields["version"].scalar_text() if "version" in fields else None
    return {
        "name": _name(root, get("name")),
        "description": description or "",
        "version": version or "",
        "labels": labels(get("labels")),
        "priority": read_priority(get("priority")) or "NORMAL",
        "timeout_ms": duration(fields["timeout"], least_ms=1) if "timeout" in fields else None,
        "on_failure": fields["on_failure"].choice(ON_FAILURE, ON_FAILURE_LATER)
        if "on_failure" in fields
        else None,
        "on_cancel": (
            fields["on_cancel"].choice(("stop", "compensate")) if "on_cancel" in fields else None
        )
        or "stop",
        "compensation_order": order,
        "defaults": defaults.node.plain() if defaults is not None else {},
        "outputs": {key: each.node.plain() for key, each in outputs.items()},
    }


def _name(root: Cursor, cursor: Cursor | None) -> str:
    if cursor is None:
        root.fail("the definition has no 'name'", "write name: <what it does>")
        return ""
    name = cursor.text() or ""
    if len(name) > _LONGEST_NAME:
        cursor.fail(f"'name' has {len(name)} characters; the limit is {_LONGEST_NAME}")
    return name.strip()


def _compensation_order(cursor: Cursor | None) -> str:
    fields = cursor.fields(("order",), ("timeout",)) if cursor is not None else None
    if not fields:
        return "reverse"
    return fields["order"].choice(("reverse", "parallel")) or "reverse"


def _defaults(cursor: Cursor | None, agents: frozenset[str]) -> StepDefaults:
    keys = ("retry", "timeout", "agent", "workspace")
    fields = (cursor.fields(keys) if cursor is not None else None) or {}
    return StepDefaults(
        retry=retry(fields.get("retry"), RetryPolicy()),
        timeout=timeouts(fields.get("timeout"), Timeouts()),
        agent=read_agent(fields.get("agent"), agents),
        workspace=read_workspace(fields.get("workspace")),
    )
