"""Compile a source tree into a Definition, or name everything that is wrong with it at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from claude_agent.domain.compile_does import Scope
from claude_agent.domain.compile_graph import Graph
from claude_agent.domain.compile_reach import check_reach
from claude_agent.domain.compile_reader import Cursor, Problems
from claude_agent.domain.compile_references import Names, Uses, check_named, check_uses
from claude_agent.domain.compile_schemas import inputs
from claude_agent.domain.compile_small import is_small, small_definition
from claude_agent.domain.compile_start import (
    Surroundings,
    read_budget,
    read_concurrency,
    read_secrets,
    read_triggers,
)
from claude_agent.domain.compile_steps import Compiled, StepDefaults, compile_steps
from claude_agent.domain.compile_values import (
    RetryScope,
    duration,
    environment,
    labels,
    retry,
    timeouts,
)
from claude_agent.domain.compile_who import read_priority, read_who, read_workspace
from claude_agent.domain.definition import (
    ActionSpec,
    Definition,
    DefinitionError,
    Step,
    Timeouts,
    slug_of,
)
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.node import Node
from claude_agent.domain.retry import RetryPolicy

MAX_STEPS = 10_000
"""The most steps of one definition."""
TOP_KEYS = (
    *("name", "description", "version", "labels", "on", "inputs", "secrets", "env"),
    *("concurrency", "priority", "timeout", "budget", "defaults", "on_failure", "on_cancel"),
    "siblings",
    *("compensation", "steps", "outputs"),
)
ON_FAILURE = ("fail", "compensate", "continue", "pause")
ON_CANCEL = ("stop", "compensate")
SIBLINGS = ("stop", "finish")
ORDERS = ("reverse", "parallel")
COMPENSATION_KEYS = ("order", "timeout")
DEFAULTS_KEYS = ("retry", "timeout", "agent", "workspace")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that a definition may use."""

    agents: Mapping[str, Collection[str]]
    """The agents, each with what it can do."""
    actions: Mapping[str, ActionSpec]
    """The actions."""
    workflows: Collection[str] | None = None
    """The workflows by slug; None: any name is taken."""
    is_zone: Callable[[str], bool] | None = None
    """Whether there is a time zone of this name; None: any name is taken."""
    cron_problem: Callable[[str, str], str] | None = None
    """What is wrong with a cron expression in a time zone; None: only its form is looked at."""


def compile_definition(
    tree: Node,
    *,
    agents: Collection[str] | Mapping[str, Collection[str]],
    actions: Mapping[str, ActionSpec],
    workflows: Collection[str] | None = None,
    is_zone: Callable[[str], bool] | None = None,
    cron_problem: Callable[[str, str], str] | None = None,
) -> Definition:
    """Return the definition that `tree` describes.

    The rest are the names that it may use (see `Known`). Raises DefinitionError with every
    problem, in the order of the source.
    """
    able = agents if isinstance(agents, Mapping) else dict.fromkeys(agents, ())
    known = Known(
        agents=able,
        actions=actions,
        workflows=workflows,
        is_zone=is_zone,
        cron_problem=cron_problem,
    )
    problems = Problems()
    root = Cursor(tree, "", problems)
    if is_small(tree, TOP_KEYS):
        scope = Scope(agents=able, actions=actions, inputs=None, uses=Uses())
        definition = small_definition(root, scope)
    else:
        definition = _full(root, known)
    found = problems.in_order()
    if found or definition is None:
        raise DefinitionError(found)
    return definition


def _full(root: Cursor, known: Known) -> Definition | None:
    fields = root.fields(TOP_KEYS)
    if fields is None:
        return None
    get = fields.get
    uses = Uses()
    scope = Scope(
        agents=known.agents,
        actions=known.actions,
        inputs=inputs(get("inputs")),
        uses=uses,
        workflows=known.workflows,
    )
    secrets = read_secrets(get("secrets"))
    around = Surroundings(
        scope=scope, secrets=secrets, is_zone=known.is_zone, cron_problem=known.cron_problem
    )
    defaults = _defaults(get("defaults"), scope, secrets)
    compiled = compile_steps(_step_list(root, fields), scope, defaults)
    env = environment(get("env"))
    uses.template(get("env"), "env")
    uses.template(get("outputs"), "outputs")
    parts = _parts(root, fields, scope) | {
        "inputs": scope.inputs,
        "env": env,
        "on": read_triggers(get("on"), around),
        "secrets": secrets,
    }
    _check_graph(compiled, scope, env)
    _refuse_itself(compiled, slug_of(parts["name"]))
    steps = _complete(compiled)
    if root.problems.any or steps is None:
        return None
    undo = any(step.compensate for step in steps)
    parts["on_failure"] = parts["on_failure"] or ("compensate" if undo else "fail")
    return Definition(steps=steps, slug=slug_of(parts["name"]), **parts)


def _check_graph(compiled: list[Compiled], scope: Scope, env: Collection[str]) -> None:
    graph = Graph([one.link for one in compiled])
    names = Names(
        inputs=None if scope.inputs is None else tuple(scope.inputs),
        env=tuple(env),
        outputs={one.link.id: one.outputs for one in compiled},
        graph=graph,
        agents=sorted(scope.agents),
        many={one.link.id: one.many for one in compiled if one.many is not None},
    )
    check_uses(scope.uses.found, names)
    check_named(scope.uses.named, graph)
    check_reach(compiled, graph)


def _refuse_itself(compiled: list[Compiled], slug: str) -> None:
    for one in compiled:
        if one.step is not None and one.step.workflow and slug_of(one.step.workflow) == slug:
            one.place.fail("a workflow cannot run itself", "loop with foreach, or retry the step")


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


def _parts(root: Cursor, fields: Mapping[str, Cursor], scope: Scope) -> JsonObject:
    get = fields.get
    outputs = (fields["outputs"].mapping() if "outputs" in fields else None) or {}
    defaults = get("defaults")
    description = fields["description"].text(empty=True) if "description" in fields else None
    version = fields["version"].scalar_text() if "version" in fields else None
    return {
        "name": _name(root, get("name")),
        "description": description or "",
        "version": version or "",
        "labels": labels(get("labels")),
        "priority": read_priority(get("priority"), scope, ("start", "")) or "NORMAL",
        "timeout_ms": duration(fields["timeout"], least_ms=1) if "timeout" in fields else None,
        "on_failure": fields["on_failure"].choice(ON_FAILURE) if "on_failure" in fields else None,
        "on_cancel": (fields["on_cancel"].choice(ON_CANCEL) if "on_cancel" in fields else None)
        or "stop",
        "siblings": (fields["siblings"].choice(SIBLINGS) if "siblings" in fields else None)
        or "stop",
        "concurrency": read_concurrency(get("concurrency"), scope),
        "budget": read_budget(get("budget")),
        **_compensation(get("compensation")),
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


def _compensation(cursor: Cursor | None) -> JsonObject:
    fields = (cursor.fields(COMPENSATION_KEYS) if cursor is not None else None) or {}
    return {
        "compensation_order": (fields["order"].choice(ORDERS) if "order" in fields else None)
        or "reverse",
        "compensation_timeout_ms": duration(fields["timeout"], least_ms=1)
        if "timeout" in fields
        else None,
    }


def _defaults(cursor: Cursor | None, scope: Scope, secrets: tuple[str, ...]) -> StepDefaults:
    fields = (cursor.fields(DEFAULTS_KEYS) if cursor is not None else None) or {}
    retries = RetryScope(uses=scope.uses, agents=scope.agents, step="")
    return StepDefaults(
        retry=retry(fields.get("retry"), RetryPolicy(), retries),
        timeout=timeouts(fields.get("timeout"), Timeouts()),
        who=read_who(fields.get("agent"), scope.agents),
        workspace=read_workspace(fields.get("workspace"), scope, ""),
        secrets=secrets,
    )
