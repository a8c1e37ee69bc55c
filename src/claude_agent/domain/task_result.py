"""The result that a task owes: one JSON object that fits its schema."""

import json

from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.json_schema import check_value
from claude_agent.domain.task_spec import TaskSpec

_FENCE = "```"
_LISTED = 5


def schema_of(spec: TaskSpec) -> JsonObject:
    """Return the schema of everything that a task must deliver, empty where it owes nothing.

    It is the task's own `result_schema`, with each of its `outputs` as a property more.
    """
    if not spec.outputs:
        return dict(spec.result_schema)
    whole = spec.result_schema or {"type": "object"}
    required = dict.fromkeys((*whole.get("required", ()), *spec.outputs))
    properties = {**whole.get("properties", {}), **spec.outputs}
    return {**whole, "properties": properties, "required": list(required)}


def misfits(spec: TaskSpec, result: Data) -> list[str]:
    """Return in which places a result does not fit what the task owes; empty: it fits."""
    schema = schema_of(spec)
    # Not by a library: `$ref` names files elsewhere, `pattern` may backtrack for ever.
    found = check_value(schema, result) if schema else []
    told = [f"result{place} {wrong}" for place, wrong in found[:_LISTED]]
    return [*told, f"and {len(found) - _LISTED} more"] if len(found) > _LISTED else told


def object_in(text: str) -> Data | None:
    """Return the JSON object that a final text is, alone or in one fenced block; None: no such."""
    inner = text.strip()
    match inner.split(_FENCE):
        case [_, block, _]:
            inner = block.removeprefix("json")
        case _:
            pass
    try:
        found = json.loads(inner)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
