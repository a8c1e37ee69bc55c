"""Compile what a step or its compensation does: an action with its values, shell text, a prompt."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from claude_agent.domain.compile_reader import Cursor, nearest
from claude_agent.domain.compile_references import Uses
from claude_agent.domain.compile_schemas import literal_fits
from claude_agent.domain.definition import ActionSpec, Gate, InputSchema
from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.expression_parser import parse_template
from claude_agent.domain.expression_tree import Embedded, ExpressionError, Path
from claude_agent.domain.json_schema import TYPES, types_of

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the whole definition knows while its steps are read."""

    agents: Mapping[str, Collection[str]]
    """The agents there are, each with what it can do."""
    actions: Mapping[str, ActionSpec]
    """The actions there are."""
    inputs: Mapping[str, InputSchema] | None
    """The declared inputs; None: any parameters."""
    uses: Uses
    """Collects what expressions read."""
    workflows: Collection[str] | None = None
    """The workflows there are, by slug; None: not known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Does:
    """What is done."""

    kind: str = "run"
    """The key that says it."""
    text: str = ""
    """The action's name, the shell text or the prompt."""
    with_: Data | None = None
    """Its values."""
    spec: ActionSpec | None = None
    """The action, where it is a known one."""


def what(
    cursor: Cursor, fields: Mapping[str, Cursor], kinds: tuple[str, ...], scope: Scope
) -> Does | None:
    """Read the one key of `kinds` that says what is done, with its `with`."""
    given = [kind for kind in kinds if kind in fields]
    if len(given) != 1:
        said = f"says both {' and '.join(given)}" if given else "does nothing"
        cursor.fail(f"{cursor.path} {said}", f"give it exactly one of {', '.join(kinds)}")
        return None
    kind = given[0]
    place = fields[kind]
    if kind == "run":
        text = shell_text(place)
    elif kind == "prompt":
        text = place.text()
    elif kind == "workflow":
        text = _workflow(place, scope)
    else:
        text = place.name_of("action", scope.actions)
    with_ = _values(fields.get("with"))
    spec = scope.actions.get(text or "") if kind == "action" else None
    if spec is not None:
        with_ |= _fit_action(place, fields.get("with"), spec, scope.inputs)
    return Does(kind=kind, text=text or "", with_=with_, spec=spec)


def _workflow(place: Cursor, scope: Scope) -> str | None:
    if scope.workflows is None:
        return place.text()
    given = place.text()
    if given is not None:
        for same in (given, given.replace("_", "-"), given.replace("-", "_")):
            if same in scope.workflows:
                return given
    return place.name_of("workflow", scope.workflows) if given is not None else None


def _values(cursor: Cursor | None) -> JsonObject:
    cursors = (cursor.mapping() if cursor is not None else None) or {}
    for key, each in cursors.items():
        if not _KEY.fullmatch(key):
            each.fail(f"'{key:.70}' cannot be a key of `with`", "use letters, digits, '_' and '-'")
    return {key: each.node.plain() for key, each in cursors.items()}


def _fit_action(
    place: Cursor, values: Cursor | None, spec: ActionSpec, inputs: Mapping[str, InputSchema] | None
) -> dict[str, str]:
    """Check the values against the parameters; return those that inputs fill in."""
    known = {} if values is None or values.node.kind != "map" else values.mapping() or {}
    for name, each in known.items():
        parameter = spec.parameters.get(name)
        if parameter is None:
            near = nearest(name, spec.parameters)
            hint = f"did you mean '{near}'?" if near else _takes(spec)
            each.fail(f"action '{spec.name}' has no parameter '{name:.60}'", hint)
        elif not _has_expression(each):
            literal_fits(each, parameter.type)
        elif inputs is not None:
            _input_fits(each, parameter.type, inputs)
    filled = {}
    for name, parameter in spec.parameters.items():
        if name in known or not parameter.required:
            continue
        source = parameter.from_input or name
        if inputs is None or source in inputs:
            filled[name] = f"${{{{ {Path(parts=('inputs', source)).text()} }}}}"
        else:
            place.fail(f"action '{spec.name}' needs '{name}'", f"write with: {{{name}: …}}")
    return filled


def _input_fits(place: Cursor, wanted: str, inputs: Mapping[str, InputSchema]) -> None:
    """Note an input that is handed on whole and can never be of the parameter's type."""
    text = place.node.value
    try:
        pieces = parse_template(text.strip()) if isinstance(text, str) else ()
    except ExpressionError:
        return  # noted where the expressions are collected
    only = pieces[0] if len(pieces) == 1 else None
    if not isinstance(only, Embedded) or not isinstance(only.expr, Path):
        return
    root, *rest = only.expr.parts
    if root != "inputs" or len(rest) != 1 or rest[0] not in inputs or wanted not in TYPES:
        return
    given = types_of(inputs[str(rest[0])].schema)
    alike = {"integer", "number"}
    if given and wanted not in given and not (wanted in alike and alike & set(given)):
        said = " or ".join(given)
        place.fail(f"'{place.path}' takes a value of type {wanted}; the input is of type {said}")


def _takes(spec: ActionSpec) -> str:
    return f"it takes {', '.join(sorted(spec.parameters)) or 'no parameters'}"


def _has_expression(cursor: Cursor) -> bool:
    waiting = [cursor.node]
    while waiting:
        node = waiting.pop()
        if isinstance(node.value, str) and "${{" in node.value:
            return True
        waiting += node.items
        waiting += [entry.node for entry in node.entries]
    return False


def shell_text(cursor: Cursor) -> str | None:
    """Read shell text; expressions are refused in it, with the lines to write instead."""
    text = cursor.text()
    at = text.find("${{") if text is not None else -1
    if text is not None and at >= 0:
        expression, variable = _first_expression(text[at:])
        cursor.fail_inside(
            at,
            f"'{cursor.path}': an expression never becomes shell text",
            f'write env: {{{variable}: "{expression}"}} and use "${variable}" here',
        )
    return text


def _first_expression(text: str) -> tuple[str, str]:
    try:
        piece = parse_template(text)[0]
    except ExpressionError:
        return "${{ … }}", "VALUE"
    if not isinstance(piece, Embedded) or not isinstance(piece.expr, Path):
        return "${{ … }}", "VALUE"
    last = re.sub(r"[^A-Z0-9_]", "_", str(piece.expr.parts[-1]).upper())
    variable = last if last[:1].isalpha() else "VALUE"
    return f"${{{{ {piece.expr.text()} }}}}", variable


def gates(cursor: Cursor | None) -> tuple[Gate, ...]:
    """Read the commands that must pass; each is a text or `{name, run}`."""
    found: dict[str, Gate] = {}
    for number, each in enumerate((cursor.sequence() if cursor is not None else None) or (), 1):
        gate = _gate(each, number)
        if gate is not None and gate.name in found:
            each.fail(f"two gates are called '{gate.name}'")
        elif gate is not None:
            found[gate.name] = gate
    return tuple(found.values())


def _gate(cursor: Cursor, number: int) -> Gate | None:
    name = f"gate-{number}"
    if cursor.node.kind == "scalar":
        run = shell_text(cursor)
        return Gate(name=name, run=run) if run is not None else None
    fields = cursor.fields(("name", "run"))
    if fields is None:
        return None
    if "run" not in fields:
        cursor.fail(f"{cursor.path} has no 'run'")
        return None
    run = shell_text(fields["run"])
    given = fields["name"].text() if "name" in fields else name
    return Gate(name=given, run=run) if given is not None and run is not None else None
