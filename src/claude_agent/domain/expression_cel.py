"""Write an expression as CEL text over a few values: only what it reads is handed over.

Paths are followed here, not by the library: so `steps['build-image'].outputs` needs no escaping,
a path that leads nowhere means the same everywhere, and a run with ten thousand steps costs
nothing when one of them is read. Texts and fractions become values too, never text of a program.
"""

import json
from collections.abc import Callable

from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.expression_tree import (
    Call,
    Choice,
    Compare,
    Entries,
    Expr,
    Has,
    Index,
    Invoke,
    Items,
    Literal,
    Logic,
    Loop,
    Member,
    Negative,
    Not,
    Operation,
    Path,
    Value,
    Variable,
    fail,
)

ABSENT = object()
"""What following a path gives where it leads nowhere."""
NOWHERE = "_nowhere"
"""The empty mapping whose missing keys are paths that lead nowhere."""
NOW = "now"
"""The key of the context that holds the time, in milliseconds of the Unix epoch."""
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}
_OWN = {"hash": "_hash", "duration": "_duration", "size": "_size", "string": "_string"}
_OWN |= {"bool": "_bool"}


class Writer:
    """Writes one expression for one context."""

    def __init__(
        self,
        context: Data,
        *,
        follow: Callable[[Path], Value],
        outcome: Callable[[str], bool],
        strict: bool,
    ) -> None:
        self.values: JsonObject = {NOWHERE: {}}
        self._context = context
        self._follow = follow
        self._outcome = outcome
        self._strict = strict
        self._names: dict[Path, str] = {}

    def write(self, expr: Expr) -> str:
        """Return the text; `values` holds its variables then."""
        match expr:
            case Literal(value=value):
                return self._literal(value)
            case Path():
                return self._path(expr)
            case Variable(name=name):
                return f"i_{name}"
            case Call(name=name):
                return "true" if self._outcome(name) else "false"
            case Has() | Invoke() | Loop():
                return self._called(expr)
            case Member() | Index() | Items() | Entries():
                return self._built(expr)
            case _:
                return self._operation(expr)

    def _called(self, expr: Has | Invoke | Loop) -> str:
        if isinstance(expr, Has):
            return self._has(expr.operand)
        if isinstance(expr, Invoke):
            return self._invoke(expr)
        bodies = ", ".join(map(self._truth_or_value, expr.bodies))
        return f"{self.write(expr.target)}.{expr.name}(i_{expr.variable}, {bodies})"

    def _built(self, expr: Member | Index | Items | Entries) -> str:
        match expr:
            case Member(target=target, name=name):
                return f"{self.write(target)}[{json.dumps(name)}]"
            case Index(target=target, key=key):
                return f"{self.write(target)}[{self.write(key)}]"
            case Items(values=values):
                return f"[{', '.join(map(self.write, values))}]"
            case Entries(pairs=pairs):
                written = (f"{self.write(key)}: {self.write(value)}" for key, value in pairs)
                return f"{{{', '.join(written)}}}"

    def _operation(self, expr: Expr) -> str:
        match expr:
            case Not(operand=operand):
                return f"(!{self._truth(operand)})"
            case Negative(operand=operand):
                return f"(-{self.write(operand)})"
            case Compare(left=left, right=right, equal=equal):
                return f"({self.write(left)} {'==' if equal else '!='} {self.write(right)})"
            case Operation(sign=sign, left=left, right=right):
                first = self.write(left)
                if isinstance(left, Operation) and _RANK.get(left.sign) == _RANK.get(sign, 0):
                    first = first[1:-1]  # a long row stays flat: the library nests 96 deep
                return f"({first} {sign} {self.write(right)})"
            case Logic(every=every, operands=operands):
                return f"({(' && ' if every else ' || ').join(map(self._truth, operands))})"
            case Choice(condition=condition, then=then, other=other):
                decides = self._truth(condition)
                return f"({decides} ? {self.write(then)} : {self.write(other)})"
            case _:
                return fail("this cannot be evaluated")

    def _truth(self, expr: Expr) -> str:
        """Write a condition: nothing is false, as in plain conditions."""
        written = self.write(expr)
        return "false" if written == "null" else written

    def _truth_or_value(self, expr: Expr) -> str:
        return self._truth(expr) if isinstance(expr, Path) else self.write(expr)

    def _literal(self, value: Value) -> str:
        if isinstance(value, str | float):
            return self._value(value)
        return f"({value})" if isinstance(value, int) and value < 0 else json.dumps(value)

    def _value(self, value: Value) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return name

    def _path(self, path: Path) -> str:
        name = self._names.get(path)
        if name is None:
            name = self._found(path)
            self._names[path] = name
        return name

    def _found(self, path: Path) -> str:
        value = self._follow(path)
        if value is ABSENT:
            return f"{NOWHERE}[{self._value(path.text())}]" if self._strict else "null"
        return "null" if value is None else self._value(value)

    def _has(self, operand: Path | Member) -> str:
        if isinstance(operand, Path):
            return "false" if self._follow(operand) is ABSENT else "true"
        return f"({json.dumps(operand.name)} in {self.write(operand.target)})"

    def _invoke(self, expr: Invoke) -> str:
        if expr.name == "now":
            at = self._context.get(NOW)
            return f"_time({at})" if at is not None else fail("`now()` is not known here")
        given = [self.write(each) for each in expr.arguments]
        if expr.target is not None and expr.name != "size":
            return f"{self.write(expr.target)}.{expr.name}({', '.join(given)})"
        if expr.target is not None:
            given = [self.write(expr.target)]
        return f"{_OWN.get(expr.name, expr.name)}({', '.join(given)})"
