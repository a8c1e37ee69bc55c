"""What an expression means: evaluated against contexts, without I/O, clock or chance.

Contexts are a mapping of plain JSON data (`inputs`, `env`, `steps`, `execution`, `self`, …) plus
`outcome` (`success`, `failure` or `cancelled`) for `success()` and its like, and `now`
(milliseconds) for `now()`; no path sees those two.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.expression_cel import ABSENT, NOW, Writer
from claude_agent.domain.expression_cost import check_cost
from claude_agent.domain.expression_parser import parse, parse_template, strip_braces
from claude_agent.domain.expression_port import calculate
from claude_agent.domain.expression_tree import (
    Call,
    Compare,
    Embedded,
    Expr,
    ExpressionError,
    Literal,
    Logic,
    Not,
    Path,
    Value,
    fail,
    walk,
)
from claude_agent.domain.json_schema import same, shown

__all__ = [
    "Expr",
    "ExpressionError",
    "Path",
    "as_text",
    "condition",
    "evaluate",
    "parse",
    "parse_template",
    "paths",
    "references",
    "render",
    "render_with",
    "strip_braces",
]

OUTCOME = "outcome"
"""The key of the context that the functions read; where it is absent, all went well."""
HIDDEN = (OUTCOME, NOW)
"""Keys of the context that no path sees."""
MAX_RENDERED = 1_048_576
"""The longest text that rendering may give, in characters."""


def evaluate(expr: Expr, context: Data, *, strict: bool = False) -> Value:
    """Return the value of `expr`.

    A path that leads nowhere is null, or an ExpressionError that names it where `strict`.
    """
    try:
        return _Evaluation(context, strict=strict).value(expr)
    except RecursionError:
        fail("a value is nested too deeply to be read")


def condition(text: str, context: Data) -> bool:
    """Return whether the condition `text` holds; null is false, other types are an error."""
    return _truth(evaluate(parse(strip_braces(text)), context), 0)


def render(value: Value, context: Data) -> Value:
    """Return `value` with every `${{ … }}` in it replaced.

    A text that is one whole expression takes the type of its value; an embedded one becomes
    text (objects and lists: JSON, null: nothing). Raises ExpressionError, also for a path that
    leads nowhere.
    """
    try:
        return _render(value, context)
    except RecursionError:
        fail("a value is nested too deeply to be rendered")


def render_with(values: Data, context: Data, *, open_inputs: bool) -> JsonObject:
    """Return the `with` values of a step, rendered.

    `open_inputs`: the definition declares no inputs, so every parameter reaches every step; a
    parameter is data and is never rendered itself.
    """
    given = context.get("inputs") or {}
    base = dict(given) if open_inputs else {}
    rendered = render(dict(values), context)
    return base | {str(key): value for key, value in rendered.items()}


def references(value: Value) -> tuple[Path, ...]:
    """Return every path that the expressions in `value` read; raises ExpressionError."""
    found: list[Path] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            for piece in parse_template(each):
                if isinstance(piece, Embedded):
                    found += paths(piece.expr)
        elif isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list | tuple):
            waiting += each
    return tuple(found)


def paths(expr: Expr) -> Iterator[Path]:
    """Yield every path in `expr`."""
    return (each for each in walk(expr) if isinstance(each, Path))


class _Evaluation:
    """Evaluates expressions in one context; all but plain ones are handed to the CEL library."""

    def __init__(self, context: Data, *, strict: bool) -> None:
        self._context = context
        self._strict = strict

    def value(self, expr: Expr) -> Value:
        match expr:
            case Literal(value=value):
                return value
            case Path():
                return self._read(expr)
            case Not(operand=operand, position=position):
                return not _truth(self.value(operand), position)
            case Compare(left=left, right=right, equal=equal):
                return same(self.value(left), self.value(right)) == equal
            case Logic():
                return self._logic(expr)
            case Call(name=name):
                return self._holds(name)
            case _:
                return self._calculated(expr)

    def _logic(self, expr: Logic) -> bool:
        """As CEL has it: what decides, decides, also beside an operand without a value."""
        refused: ExpressionError | None = None
        for operand in expr.operands:
            try:
                if _truth(self.value(operand), expr.position) != expr.every:
                    return not expr.every
            except ExpressionError as error:
                refused = refused or error
        if refused is not None:
            raise refused
        return expr.every

    def _holds(self, name: str) -> bool:
        return name == "always" or self._context.get(OUTCOME, "success") == name

    def _read(self, path: Path) -> Value:
        value = self._follow(path)
        if value is ABSENT:
            if self._strict:
                fail(f"`{path.text()}` has no value", path.position)
            return None
        return value

    def _follow(self, path: Path) -> Value:
        value: Value = self._context if path.parts[0] not in HIDDEN else None
        for part in path.parts:
            if not _has(value, part):
                return ABSENT
            value = value[part]
        return value

    def _calculated(self, expr: Expr) -> Value:
        read = {path: self._follow(path) for path in paths(expr)}
        check_cost(expr, read)
        known = {path: _plain(value) for path, value in read.items()}
        writer = Writer(
            self._context, follow=known.__getitem__, outcome=self._holds, strict=self._strict
        )
        return calculate(writer.write(expr), writer.values)


def _has(value: Value, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)


def _plain(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _truth(value: Value, position: int) -> bool:
    if value is not None and not isinstance(value, bool):
        hint = "compare it, for example: inputs.env == 'prod'"
        fail(f"{shown(value)} is neither true nor false", position, hint)
    return bool(value)


def _render(value: Value, context: Data) -> Value:
    if isinstance(value, str):
        return _render_text(value, context)
    if isinstance(value, Mapping):
        return {key: _render(each, context) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_render(each, context) for each in value]
    return value


def _render_text(text: str, context: Data) -> Value:
    if "${{" not in text:
        return text
    pieces = parse_template(text)
    whole = parse_template(text.strip()) if len(pieces) <= 3 else pieces  # noqa: PLR2004 - spaces
    if len(whole) == 1 and isinstance(whole[0], Embedded):
        return evaluate(whole[0].expr, context, strict=True)
    rendered: list[str] = []
    room = MAX_RENDERED
    for piece in pieces:
        part = piece
        if isinstance(part, Embedded):
            part = as_text(evaluate(part.expr, context, strict=True))
        room -= len(part)
        if room < 0:
            fail(f"the text is longer than {MAX_RENDERED} characters")
        rendered.append(part)
    return "".join(rendered)


def as_text(value: Value) -> str:
    """Return a value as it stands within a text: objects and lists as JSON, null as nothing.

    Raises ExpressionError for what JSON cannot hold.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        fail(f"{shown(value)} cannot be written as text")


def hash_of(value: Value) -> str:
    """Return what `hash(value)` gives: 64 hex digits, the same for the same JSON."""
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
