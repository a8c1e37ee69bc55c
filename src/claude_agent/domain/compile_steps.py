"""Compile the steps: each with its defaults resolved, all its problems noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain.compile_does import Does, Scope, gates, shell_text, what
from claude_agent.domain.compile_graph import Link
from claude_agent.domain.compile_reader import Cursor
from claude_agent.domain.compile_schemas import check_name, schemas
from claude_agent.domain.compile_values import environment, retry, timeouts
from claude_agent.domain.definition import Compensate, Step, Timeouts
from claude_agent.domain.priority import NAMES as PRIORITIES
from claude_agent.domain.retry import RetryPolicy

STEP_KEYS = (
    *("id", "action", "run", "prompt", "with", "agent", "queue", "priority", "depends_on", "when"),
    *("if", "retry", "timeout", "env", "outputs", "gates", "verify", "idempotent", "on_uncertain"),
    *("compensate", "workspace"),
)
STEP_LATER = (
    *("workflow", "type", "approval", "wait", "emit", "switch", "matrix", "foreach", "cache"),
    *("max_parallel", "fail_fast", "fallback", "lock", "secrets", "budget", "concurrency"),
)
KINDS = ("action", "run", "prompt")
_OTHER_KINDS = frozenset({"workflow", "type"})
WHEN = ("success", "failure", "always", "cancelled")
ON_UNCERTAIN = ("verify", "retry", "fail", "ask")
WORKSPACES = ("none", "shared")
WORKSPACES_LATER = ("worktree",)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDefaults:
    """What steps take where they say nothing."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """Under the step's own keys, one by one."""
    timeout: Timeouts = field(default_factory=Timeouts)
    """Under the step's own keys, one by one."""
    agent: str | None = None
    """Who does a step that names nobody."""
    workspace: str | None = None
    """Where a step works that names no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A step as it was read."""

    link: Link
    """Its place in the graph."""
    step: Step | None
    """None where it does nothing that is known; then there is a problem."""
    outputs: tuple[str, ...] = ()
    """The names of the outputs that it declares."""


def compile_steps(
    cursors: Sequence[Cursor], scope: Scope, defaults: StepDefaults
) -> list[Compiled]:
    """Read every step of the list form."""
    return [one for each in cursors if (one := _compile_step(each, scope, defaults)) is not None]


def _compile_step(cursor: Cursor, scope: Scope, defaults: StepDefaults) -> Compiled | None:
    fields = cursor.fields(STEP_KEYS, STEP_LATER)
    if fields is None:
        return None
    place = fields.get("id", cursor)
    name = _id(cursor, fields)
    does = None if _is_of_another_kind(cursor) else what(cursor, fields, KINDS, scope)
    _collect_uses(fields, scope, name or "")
    needs = tuple(
        (need, each)
        for each in _sequence(fields.get("depends_on"))
        if (need := each.text()) is not None
    )
    parts = _parts(fields, scope, defaults, does, name or "")
    if name is None:
        return None
    step = None
    if does is not None:
        named: dict[str, Any] = {does.kind: does.text}
        depends_on = tuple(dict.fromkeys(need for need, _ in needs))
        step = Step(
            id=name, kind=does.kind, with_=does.with_ or {}, depends_on=depends_on, **named, **parts
        )
    link = Link(id=name, place=place, needs=needs)
    return Compiled(link=link, step=step, outputs=tuple(parts["outputs"]))


def _id(cursor: Cursor, fields: Mapping[str, Cursor]) -> str | None:
    if "id" not in fields:
        cursor.fail(f"{cursor.path} has no 'id'", "give it a short name, like id: build")
        return None
    name = fields["id"].text()
    if name is not None and not check_name(name, "a step", fields["id"]):
        return None
    return name


def _is_of_another_kind(cursor: Cursor) -> bool:
    keys = {entry.key for entry in cursor.node.entries}
    return not keys.isdisjoint(_OTHER_KINDS) and keys.isdisjoint(KINDS)


def _collect_uses(fields: Mapping[str, Cursor], scope: Scope, name: str) -> None:
    for key in ("with", "env", "prompt"):
        scope.uses.template(fields.get(key), "step", name)


def _parts(
    fields: Mapping[str, Cursor],
    scope: Scope,
    defaults: StepDefaults,
    does: Does | None,
    name: str,
) -> dict[str, Any]:
    get = fields.get
    verify = shell_text(fields["verify"]) if "verify" in fields else None
    idempotent = _idempotent(get("idempotent"), does)
    agent = read_agent(get("agent"), scope.agents)
    workspace = read_workspace(get("workspace"))
    return {
        "agent": agent if "agent" in fields else defaults.agent,
        "queue": fields["queue"].text() if "queue" in fields else None,
        "priority": read_priority(get("priority")),
        "when": fields["when"].choice(WHEN) or "success" if "when" in fields else "success",
        "if_": scope.uses.condition(fields["if"], "step", name) if "if" in fields else None,
        "retry": retry(get("retry"), defaults.retry),
        "timeout": timeouts(get("timeout"), defaults.timeout),
        "env": environment(get("env")),
        "outputs": schemas(get("outputs")),
        "gates": gates(get("gates")),
        "verify": verify,
        "idempotent": idempotent,
        "on_uncertain": _on_uncertain(get("on_uncertain"), verify, idempotent=idempotent),
        "compensate": _compensate(get("compensate"), scope, defaults, name),
        "workspace": workspace if "workspace" in fields else defaults.workspace,
    }


def _idempotent(cursor: Cursor | None, does: Does | None) -> bool:
    if cursor is not None:
        return bool(cursor.flag())
    return does is not None and does.spec is not None and does.spec.idempotent


def _on_uncertain(cursor: Cursor | None, verify: str | None, *, idempotent: bool) -> str:
    if cursor is None:
        if verify is not None:
            return "verify"
        return "retry" if idempotent else "ask"
    found = cursor.choice(ON_UNCERTAIN)
    if found == "verify" and verify is None:
        cursor.fail("on_uncertain: verify needs a probe", "write verify: <a command>")
    return found or "ask"


def _compensate(
    cursor: Cursor | None, scope: Scope, defaults: StepDefaults, name: str
) -> Compensate | None:
    if cursor is None:
        return None
    fields = cursor.fields(("action", "run", "with", "retry", "timeout", "on"))
    if fields is None:
        return None
    scope.uses.template(fields.get("with"), "undo", name)
    does = what(cursor, fields, ("action", "run"), scope)
    if does is None:
        return None
    return Compensate(
        kind=does.kind,
        action=does.text if does.kind == "action" else None,
        run=does.text if does.kind == "run" else None,
        with_=does.with_ or {},
        retry=retry(fields.get("retry"), defaults.retry),
        timeout=timeouts(fields.get("timeout"), defaults.timeout),
        on=(fields["on"].choice(("succeeded", "attempted")) if "on" in fields else None)
        or "succeeded",
    )


def read_agent(cursor: Cursor | None, agents: frozenset[str]) -> str | None:
    """Read the name of an agent."""
    if cursor is None:
        return None
    if cursor.node.kind != "scalar":
        what_is_given = "a list of agents" if cursor.node.kind == "list" else "a choice by mapping"
        cursor.fail(f"'{cursor.path}': {what_is_given} is not available yet", "name one agent")
        return None
    if _is_expression(cursor):
        return None
    return cursor.name_of("agent", agents)


def read_priority(cursor: Cursor | None) -> str | None:
    """Read the name of a priority."""
    if cursor is None or _is_expression(cursor):
        return None
    return cursor.choice(PRIORITIES)


def read_workspace(cursor: Cursor | None) -> str | None:
    """Read where a step works."""
    if cursor is None:
        return None
    if cursor.node.kind == "map":
        cursor.fail(f"'{cursor.path}': a mapping is not available yet", "write none or shared")
        return None
    return cursor.choice(WORKSPACES, WORKSPACES_LATER)


def _is_expression(cursor: Cursor) -> bool:
    value = cursor.node.value
    if isinstance(value, str) and "${{" in value:
        cursor.fail(f"'{cursor.path}': an expression is not available yet here", "write the name")
        return True
    return False


def _sequence(cursor: Cursor | None) -> list[Cursor]:
    return (cursor.sequence() if cursor is not None else None) or []
