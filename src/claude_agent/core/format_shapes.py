"""The objects of the workflow format: their keys as the compiler knows them, and special shapes."""

from collections.abc import Mapping
from dataclasses import dataclass

from claude_agent.domain import compile as top
from claude_agent.domain import compile_kinds as kinds
from claude_agent.domain import compile_many as many
from claude_agent.domain import compile_start as start
from claude_agent.domain import compile_steps as steps
from claude_agent.domain import compile_values as values
from claude_agent.domain import compile_who as who
from claude_agent.domain import definition_kinds as kind_models
from claude_agent.domain import definition_parts as parts
from claude_agent.domain import definition_start as start_models
from claude_agent.domain.compile_schemas import NAME
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.definition_step import Step
from claude_agent.domain.json_schema import KEYWORDS, TYPES
from claude_agent.domain.priority import NAMES as PRIORITIES
from claude_agent.domain.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One object of the format."""

    name: str
    """What people call it."""
    model: type
    """The dataclass that it is compiled to."""
    keys: tuple[str, ...]
    """Every key, as the compiler knows them."""
    required: tuple[str, ...] = ()
    """Keys that must stand."""


SHAPES = (
    Shape(name="workflow", model=Definition, keys=top.TOP_KEYS, required=("name", "steps")),
    Shape(name="step", model=Step, keys=steps.STEP_KEYS, required=("id",)),
    Shape(name="retry", model=RetryPolicy, keys=(*values.RETRY_KEYS, *values.RETRY_OF_STEPS)),
    Shape(name="timeout", model=parts.Timeouts, keys=values.TIMEOUT_KEYS),
    Shape(name="compensate", model=parts.Compensate, keys=steps.COMPENSATE_KEYS),
    Shape(name="gate", model=parts.Gate, keys=("name", "run"), required=("run",)),
    Shape(name="foreach", model=parts.Foreach, keys=many.FOREACH_KEYS, required=("items",)),
    Shape(name="matrix", model=parts.Matrix, keys=many.MATRIX_KEYS),
    Shape(name="fallback", model=parts.Fallback, keys=who.FALLBACK_KEYS),
    Shape(name="cache", model=parts.Cache, keys=steps.CACHE_KEYS, required=("key",)),
    Shape(name="workspace", model=parts.Workspace, keys=who.WORKSPACE_KEYS, required=("mode",)),
    Shape(name="approval", model=kind_models.Approval, keys=kinds.APPROVAL_KEYS),
    Shape(name="wait", model=kind_models.Wait, keys=kinds.WAIT_KEYS),
    Shape(name="emit", model=kind_models.Emit, keys=kinds.EMIT_KEYS, required=("type",)),
    Shape(name="case", model=kind_models.Case, keys=kinds.CASE_KEYS, required=("then",)),
    Shape(name="on", model=start_models.Triggers, keys=start.TRIGGERS),
    Shape(
        name="schedule", model=start_models.Schedule, keys=start.SCHEDULE_KEYS, required=("cron",)
    ),
    Shape(
        name="webhook",
        model=start_models.Webhook,
        keys=start.WEBHOOK_KEYS,
        required=("path", "secret"),
    ),
    Shape(name="event", model=start_models.EventTrigger, keys=start.EVENT_KEYS, required=("type",)),
    Shape(
        name="concurrency",
        model=start_models.Concurrency,
        keys=start.CONCURRENCY_KEYS,
        required=("key",),
    ),
    Shape(name="budget", model=start_models.Budget, keys=start.BUDGET_KEYS),
)
"""Every object that has a model of its own."""


def ref(name: str) -> JsonObject:
    """Return a reference to a shape."""
    return {"$ref": f"#/$defs/{name}"}


def choice(words: tuple[str, ...]) -> JsonObject:
    """Return the shape of one of some words."""
    return {"enum": list(words)}


def some(items: JsonObject) -> JsonObject:
    """Return the shape of a list that is not empty."""
    return {"type": "array", "items": items, "minItems": 1}


TEXT: JsonObject = {"type": "string", "pattern": r"\S"}
ANY_TEXT: JsonObject = {"type": "string"}
WHOLE = ref("expression")
SHELL: JsonObject = {"type": "string", "pattern": r"^(?![\s\S]*\$\{\{)[\s\S]*\S"}
CONDITION = ref("condition")
SCALAR: JsonObject = {"type": ["string", "number", "boolean"]}
OBJECT: JsonObject = {"type": "object"}
DURATION = ref("duration")
SIMPLE: Mapping[str, JsonObject] = {
    "expression": {
        "type": "string",
        "pattern": r"^\s*\$\{\{[\s\S]*\}\}\s*$",
        "description": "One whole `${{ … }}`.",
    },
    "condition": {
        "anyOf": [TEXT, {"type": "boolean"}],
        "description": "An expression, with or without `${{ }}` around it.",
    },
    "duration": {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": 31_622_400},
            {"type": "string", "pattern": r"^\s*(?:[0-9]+(?:\.[0-9]+)?(?:d|h|ms|m|s)?)+\s*$"},
        ],
        "description": "`250ms`, `30s`, `5m`, `1h30m`, `7d`, or a number of seconds.",
    },
}
"""Values that many keys take."""
_NAMES: JsonObject = {"pattern": f"^{NAME.pattern}$"}
_PRIORITY: JsonObject = {"anyOf": [choice(PRIORITIES), WHOLE]}
_MODE: JsonObject = {"anyOf": [choice(kinds.MODES), WHOLE]}
_PARALLEL: JsonObject = {"type": "integer", "minimum": 1, "maximum": many.MAX_PARALLEL}
_SCHEMAS: JsonObject = {
    "type": "object",
    "propertyNames": _NAMES,
    "additionalProperties": {"anyOf": [ref("schema"), {"type": "null"}]},
}
_KIND: JsonObject = {"type": "string", "pattern": r"^[a-z_]+(?:\.[a-z_]+)*$"}

SPECIAL: Mapping[tuple[str, str], JsonObject] = {
    ("workflow", "version"): SCALAR,
    ("workflow", "name"): TEXT | {"maxLength": 200},
    ("workflow", "description"): ANY_TEXT,
    ("workflow", "labels"): {"type": "object", "additionalProperties": SCALAR},
    ("workflow", "inputs"): {
        "type": "object",
        "propertyNames": _NAMES,
        "additionalProperties": {"anyOf": [ref("input"), {"type": "null"}]},
    },
    ("workflow", "secrets"): some({"type": "string", "pattern": f"^{values.SECRET.pattern}$"}),
    ("workflow", "env"): ref("env"),
    ("workflow", "priority"): _PRIORITY,
    ("workflow", "defaults"): ref("defaults"),
    ("workflow", "on_failure"): choice(top.ON_FAILURE),
    ("workflow", "on_cancel"): choice(top.ON_CANCEL),
    ("workflow", "compensation"): ref("compensation"),
    ("workflow", "steps"): some(ref("step")) | {"maxItems": top.MAX_STEPS},
    ("workflow", "outputs"): OBJECT,
    ("step", "id"): {"type": "string"} | _NAMES,
    ("step", "type"): choice(kind_models.TASKLESS),
    ("step", "run"): SHELL,
    ("step", "verify"): SHELL,
    ("step", "with"): {"type": "object", "propertyNames": {"pattern": "^[A-Za-z_][\\w.-]{0,63}$"}},
    ("step", "agent"): ref("agent"),
    ("step", "priority"): _PRIORITY,
    ("step", "depends_on"): {"type": "array", "items": TEXT, "uniqueItems": True},
    ("step", "when"): choice(steps.WHEN),
    ("step", "if"): CONDITION,
    ("step", "timeout"): {"anyOf": [DURATION, ref("timeout")]},
    ("step", "env"): ref("env"),
    ("step", "outputs"): _SCHEMAS,
    ("step", "gates"): {"type": "array", "items": {"anyOf": [SHELL, ref("gate")]}},
    ("step", "on_uncertain"): choice(steps.ON_UNCERTAIN),
    ("step", "workspace"): {"anyOf": [choice(who.WORKSPACES), ref("workspace")]},
    ("step", "foreach"): {"anyOf": [WHOLE, {"type": "array", "minItems": 1}, ref("foreach")]},
    ("step", "switch"): some(ref("case")),
    ("step", "fallback"): some(ref("fallback")),
    ("step", "secrets"): some(TEXT),
    ("retry", "max_attempts"): {"type": "integer", "minimum": 1, "maximum": values.MAX_ATTEMPTS},
    ("retry", "factor"): {"type": "number", "minimum": 1, "maximum": 100},
    ("retry", "jitter"): {"type": "number", "minimum": 0, "maximum": 1},
    ("retry", "on"): {"type": "array", "items": _KIND},
    ("retry", "not_on"): {"type": "array", "items": _KIND},
    ("retry", "exit_codes"): {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": 255},
    },
    ("retry", "if"): CONDITION,
    ("compensate", "run"): SHELL,
    ("compensate", "timeout"): {"anyOf": [DURATION, ref("timeout")]},
    ("compensate", "on"): choice(steps.ON),
    ("gate", "run"): SHELL,
    ("foreach", "items"): {"anyOf": [WHOLE, {"type": "array", "minItems": 1}]},
    ("foreach", "max_parallel"): _PARALLEL,
    ("matrix", "include"): {"type": "array", "items": OBJECT | {"minProperties": 1}},
    ("matrix", "exclude"): {"type": "array", "items": OBJECT | {"minProperties": 1}},
    ("matrix", "max_parallel"): _PARALLEL,
    ("fallback", "agent"): ref("agent"),
    ("fallback", "run"): SHELL,
    ("workspace", "mode"): choice(who.WORKSPACES),
    ("workspace", "setup"): SHELL,
    ("workspace", "copy"): some({"type": "string", "pattern": r"^(?!/)(?!.*(^|/)\.\.(/|$))"}),
    ("approval", "mode"): _MODE,
    ("approval", "approvers"): some(TEXT),
    ("approval", "quorum"): {"type": "integer", "minimum": 1, "maximum": 100},
    ("approval", "on_expire"): choice(kinds.ON_EXPIRE),
    ("approval", "on_reject"): choice(kinds.ON_REJECT),
    ("approval", "show"): some(TEXT),
    ("approval", "form"): _SCHEMAS,
    ("wait", "for"): {"anyOf": [DURATION, WHOLE]},
    ("wait", "event"): {"type": "string", "pattern": f"^{kinds.EVENT.pattern}$"},
    ("wait", "signal"): {"type": "string", "pattern": f"^{kinds.SIGNAL.pattern}$"},
    ("wait", "or_signal"): {"type": "string", "pattern": f"^{kinds.SIGNAL.pattern}$"},
    ("wait", "if"): CONDITION,
    ("emit", "type"): {"type": "string", "pattern": f"^{kinds.EVENT.pattern}$"},
    ("case", "if"): CONDITION,
    ("case", "then"): {"anyOf": [TEXT, some(TEXT)]},
    ("on", "schedule"): some(ref("schedule")),
    ("on", "webhook"): some(ref("webhook")),
    ("on", "event"): some(ref("event")),
    ("schedule", "overlap"): choice(start_models.OVERLAPS),
    ("webhook", "path"): {"type": "string", "pattern": f"^{start.PATH.pattern}$"},
    ("webhook", "auth"): choice(start.AUTHS),
    ("webhook", "if"): CONDITION,
    ("event", "type"): {"type": "string", "pattern": f"^{kinds.EVENT.pattern}$"},
    ("event", "if"): CONDITION,
    ("concurrency", "limit"): {"type": "integer", "minimum": 1, "maximum": 10_000},
    ("concurrency", "on_conflict"): choice(start_models.ON_CONFLICT),
    ("budget", "usd"): {"type": "number", "minimum": 0},
    ("budget", "tokens"): {"type": "integer", "minimum": 0},
    ("budget", "minutes"): {"type": "number", "minimum": 0},
    ("budget", "on_exceed"): choice(start_models.ON_EXCEED),
}
"""Where the type of the model's field does not say it all."""

WORDS: Mapping[tuple[str, str], str] = {
    ("workflow", ""): "What is done, in which order, and how it is undone.",
    ("step", ""): "One thing to do: an action, a script, a prompt, a workflow, or a `type`.",
    ("timeout", ""): "How long a step may take; one duration instead of the mapping is its `run`.",
    ("budget", ""): "What an execution may use, at least one of the three.",
    ("schedule", "overlap"): "What follows while the last execution is still open.",
    ("concurrency", "on_conflict"): "What follows where the key is taken.",
    ("budget", "on_exceed"): "What follows where it is used up.",
    ("workflow", "name"): "For people; in lower case it names the workflow in commands.",
    ("workflow", "version"): "A label; the hash of the content is the version.",
    ("workflow", "inputs"): "A JSON Schema each; without it any parameters are accepted.",
    ("workflow", "priority"): "How urgent; an expression may read `inputs`.",
    ("workflow", "defaults"): "What steps take where they say nothing.",
    ("workflow", "on_failure"): "Without it `compensate` where a step says it, else `fail`.",
    ("workflow", "on_cancel"): "What a cancel does where it does not say.",
    ("workflow", "compensation"): "In which order everything is undone, and for how long at most.",
    ("workflow", "steps"): "In any order; `depends_on` says what comes first.",
    ("step", "id"): "Unique within the file.",
    ("step", "type"): "What it is, where no task does it; the key of this name says more.",
    ("step", "when"): "How the steps before must have ended.",
    ("step", "if"): "A condition; decided once, before the instances of a `matrix`.",
    ("step", "with"): "The action's parameters, a workflow's inputs, a command's environment.",
    ("step", "agent"): "Who does it; without it the step is routed by its words.",
    ("step", "priority"): "How urgent; without it as the file says.",
    ("step", "workspace"): "Where it works; without it in the execution's workspace.",
    ("step", "on_uncertain"): "What follows where nobody can say how an attempt ended.",
    ("step", "secrets"): "Names of secrets; each fills the environment variable of its name.",
    ("step", "prompt"): "What a coding agent is asked; may hold expressions.",
    ("compensate", "with"): "Values, with expressions; `self` is the step that is undone.",
    ("wait", "for"): "A duration, or an expression that gives one.",
    ("case", "if"): "The condition; only the last case may do without.",
}
"""Where people need other words than the readers of the model."""

SCHEMA_KEYS: JsonObject = {key: {} for key in KEYWORDS} | {
    "type": {"anyOf": [choice(tuple(TYPES)), some(choice(tuple(TYPES)))]},
    "properties": {"type": "object", "additionalProperties": ref("schema")},
    "items": ref("schema"),
    "additionalProperties": {"anyOf": [{"type": "boolean"}, ref("schema")]},
    "enum": {"type": "array", "minItems": 1},
}
"""The part of JSON Schema that inputs, outputs and forms may use."""
