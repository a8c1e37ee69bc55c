"""Compile the steps: each with its defaults resolved, all its problems noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from claude_agent.domain.compile_does import Does, Scope, gates, shell_text, what
from claude_agent.domain.compile_graph import Link
from claude_agent.domain.compile_kinds import read_kind
from claude_agent.domain.compile_many import read_foreach, read_matrix
from claude_agent.domain.compile_reader import Cursor
from claude_agent.domain.compile_schemas import check_name, schemas
from claude_agent.domain.compile_secrets import step_environment
from claude_agent.domain.compile_values import (
    RetryScope,
    duration,
    own_timeouts,
    retry,
    timeouts,
)
from claude_agent.domain.compile_who import (
    Who,
    read_fallbacks,
    read_priority,
    read_who,
    read_workspace,
)
from claude_agent.domain.definition import Compensate, Step, Timeouts
from claude_agent.domain.definition_kinds import TASKLESS
from claude_agent.domain.definition_parts import Cache, Data, JsonObject, Workspace
from claude_agent.domain.retry import RetryPolicy

ALWAYS_KEYS = ("id", "type", "depends_on", "when", "if")
TASK_KEYS = (
    *("action", "run", "prompt", "with", "agent", "queue", "priority", "retry", "timeout", "env"),
    *("outputs", "gates", "verify", "idempotent", "on_uncertain", "compensate", "workspace"),
    *("matrix", "foreach", "fallback", "lock", "cache", "secrets"),
)
WORKFLOW_KEYS = (
    *("workflow", "with", "priority", "timeout", "outputs", "compensate", "matrix", "foreach"),
)
STEP_KEYS = (*ALWAYS_KEYS, *TASK_KEYS, "workflow", *TASKLESS)
KINDS = ("action", "run", "prompt", "workflow")
WHEN = ("success", "failure", "always", "cancelled")
ON_UNCERTAIN = ("verify", "retry", "fail", "ask")
COMPENSATE_KEYS = ("action", "run", "with", "retry", "timeout", "on")
ON = ("succeeded", "attempted")
CACHE_KEYS = ("key", "ttl")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDefaults:
    """What steps take where they say nothing."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """Under the step's own keys, one by one."""
    timeout: Timeouts = field(default_factory=Timeouts)
    """Under the step's own keys, one by one."""
    who: Who = field(default_factory=Who)
    """Who does a step that names nobody."""
    workspace: Workspace | None = None
    """Where a step works that names no place."""
    secrets: tuple[str, ...] = ()
    """The secrets that the definition declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A step as it was read."""

    link: Link
    """Its place in the graph."""
    place: Cursor
    """Where it stands."""
    step: Step | None
    """None where it does nothing that is known; then there is a problem."""
    outputs: tuple[str, ...] = ()
    """The names of the outputs that it declares."""
    many: tuple[str, ...] | None = None
    """The axes of its matrix, nothing for `foreach`; None: it is one."""


def compile_steps(
    cursors: Sequence[Cursor], scope: Scope, defaults: StepDefaults
) -> list[Compiled]:
    """Read every step of the list form."""
    return [one for each in cursors if (one := _compile_step(each, scope, defaults)) is not None]


def _compile_step(cursor: Cursor, scope: Scope, defaults: StepDefaults) -> Compiled | None:
    fields = cursor.fields(STEP_KEYS)
    if fields is None:
        return None
    name = _id(cursor, fields)
    kind, does = _kind(cursor, fields, scope, name or "")
    needs = tuple(
        (need, each)
        for each in _sequence(fields.get("depends_on"))
        if (need := each.text()) is not None
    )
    parts = _always(fields, scope, name or "")
    if kind == "workflow":  # its own steps have defaults of their own
        defaults = StepDefaults(secrets=defaults.secrets)
    if kind not in TASKLESS:
        parts |= _parts(fields, scope, defaults, does if isinstance(does, Does) else None)
    many = None
    if fields.keys() & {"matrix", "foreach"} and kind not in TASKLESS:
        matrix = fields.get("matrix")
        axes = matrix.node.entries if matrix is not None else ()
        includes = [one for entry in axes if entry.key == "include" for one in entry.node.items]
        more = [entry.key for one in includes for entry in one.entries]
        many = tuple(dict.fromkeys([*(entry.key for entry in axes), *more]))
    if name is None:
        return None
    return Compiled(
        link=Link(id=name, place=fields.get("id", cursor), needs=needs),
        place=cursor,
        step=_step(name, kind, does, tuple(dict.fromkeys(need for need, _ in needs)), parts),
        outputs=tuple(parts.get("outputs", ())),
        many=many,
    )


def _step(
    name: str, kind: str, does: Does | Data | None, needs: tuple[str, ...], parts: JsonObject
) -> Step | None:
    if does is None:
        return None
    if isinstance(does, Does):
        named: JsonObject = {kind: does.text, "with_": does.with_ or {}}
    else:
        named = dict(does)
    return Step(id=name, kind=kind, depends_on=needs, **named, **parts)


def _id(cursor: Cursor, fields: Mapping[str, Cursor]) -> str | None:
    if "id" not in fields:
        cursor.fail(f"{cursor.path} has no 'id'", "give it a short name, like id: build")
        return None
    name = fields["id"].text()
    if name is not None and not check_name(name, "a step", fields["id"]):
        return None
    return name


def _kind(
    cursor: Cursor, fields: Mapping[str, Cursor], scope: Scope, name: str
) -> tuple[str, Does | Data | None]:
    """Read what the step does; note every key that means nothing for its kind."""
    if "type" in fields:
        kind = fields["type"].choice(TASKLESS)
        if kind is None:
            return "", None
        timed = ("timeout",) if kind == "wait" else ()
        _only(fields, (*ALWAYS_KEYS, kind, *timed), f"a step of type {kind}")
        return kind, read_kind(kind, fields.get(kind), cursor, scope, name)
    for key in TASKLESS:
        if key in fields:
            fields[key].fail(f"'{key}' without its type", f"write type: {key} beside it")
            return "", None
    does = what(cursor, fields, KINDS, scope)
    if does is None:
        return "", None
    if does.kind == "workflow":
        _only(fields, (*ALWAYS_KEYS, *WORKFLOW_KEYS), "a step that runs a workflow")
    return does.kind, does


def _only(fields: Mapping[str, Cursor], known: tuple[str, ...], who: str) -> None:
    for key, each in fields.items():
        if key not in known:
            others = ", ".join(one for one in known if one != "type")
            each.fail(f"'{key}' means nothing for {who}", f"it takes {others}")


def _always(fields: Mapping[str, Cursor], scope: Scope, name: str) -> JsonObject:
    timed = "timeout" in fields and "type" in fields
    found: JsonObject = {
        "when": fields["when"].choice(WHEN) or "success" if "when" in fields else "success",
        "if_": scope.uses.condition(fields["if"], "before", name) if "if" in fields else None,
    }
    if timed:
        found["timeout"] = own_timeouts(fields["timeout"], "a wait")
        times = fields["wait"].node.entries if "wait" in fields else ()
        if any(entry.key in ("for", "until") for entry in times):
            hint = "remove it: the wait ends by its time"
            fields["timeout"].fail("'timeout' means nothing for a wait for a time", hint)
    return found


def _parts(
    fields: Mapping[str, Cursor], scope: Scope, defaults: StepDefaults, does: Does | None
) -> JsonObject:
    get = fields.get
    name = str(fields["id"].node.value) if "id" in fields else ""
    for key in ("with", "prompt", "lock"):
        scope.uses.template(get(key), "step", name)
    verify = shell_text(fields["verify"]) if "verify" in fields else None
    idempotent = _idempotent(get("idempotent"), does)
    who = read_who(fields["agent"], scope.agents) if "agent" in fields else defaults.who
    env, secrets = step_environment(fields, scope, defaults.secrets, name)
    if "matrix" in fields and "foreach" in fields:
        fields["foreach"].fail("a step has a matrix or a foreach, not both")
    return _place(fields, scope, defaults, name) | {
        "agent": who.agent,
        "agents": who.agents,
        "capabilities": who.capabilities,
        "queue": fields["queue"].text() if "queue" in fields else None,
        "priority": read_priority(get("priority"), scope, ("step", name)),
        "retry": retry(get("retry"), defaults.retry, _retries(scope, name)),
        "timeout": own_timeouts(fields["timeout"], "a sub-workflow")
        if does is not None and does.kind == "workflow" and "timeout" in fields
        else timeouts(get("timeout"), defaults.timeout),
        "env": env,
        "secrets": secrets,
        "outputs": schemas(get("outputs")),
        "gates": gates(get("gates")),
        "verify": verify,
        "idempotent": idempotent,
        "on_uncertain": _on_uncertain(get("on_uncertain"), verify, idempotent=idempotent),
        "compensate": _compensate(get("compensate"), scope, defaults, name),
        "matrix": read_matrix(get("matrix"), scope, name),
        "foreach": read_foreach(get("foreach"), scope, name),
        "fallback": read_fallbacks(get("fallback"), scope, name),
        "lock": fields["lock"].text() if "lock" in fields else None,
        "cache": _cache(get("cache"), scope, name),
    }


def _place(
    fields: Mapping[str, Cursor], scope: Scope, defaults: StepDefaults, name: str
) -> JsonObject:
    found = defaults.workspace
    if "workspace" in fields:
        found = read_workspace(fields["workspace"], scope, name)
    if found is None:
        return {}
    whole = found if found != Workspace(mode=found.mode) else None
    return {"workspace": found.mode, "place": whole}


def _retries(scope: Scope, name: str) -> RetryScope:
    return RetryScope(uses=scope.uses, agents=scope.agents, step=name)


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
    fields = cursor.fields(COMPENSATE_KEYS) if cursor is not None else None
    if cursor is None or fields is None:
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
        on=(fields["on"].choice(ON) if "on" in fields else None) or "succeeded",
    )


def _cache(cursor: Cursor | None, scope: Scope, name: str) -> Cache | None:
    fields = cursor.fields(CACHE_KEYS) if cursor is not None else None
    if cursor is None or fields is None:
        return None
    if "key" not in fields:
        hint = 'write key: "build-${{ steps.clone.outputs.sha }}"'
        cursor.fail(f"{cursor.path} has no 'key'", hint)
        return None
    scope.uses.template(fields["key"], "cache", name)
    ttl = duration(fields["ttl"], least_ms=1) if "ttl" in fields else None
    return Cache(key=fields["key"].text() or "", ttl_ms=ttl)


def _sequence(cursor: Cursor | None) -> list[Cursor]:
    return (cursor.sequence() if cursor is not None else None) or []
