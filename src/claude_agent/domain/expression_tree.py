"""The tree that the text of an expression becomes, and the one error of expressions."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, TypeAlias

from claude_agent.errors import Invalid

Value: TypeAlias = Any
"""What an expression reads and gives: plain JSON."""


class ExpressionError(Invalid):
    """An expression cannot be read or has no value; `position` counts characters from 0."""

    code: ClassVar[str] = "expression_invalid"

    def __init__(self, detail: str, *, position: int = 0, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value written out."""

    value: Value
    """Text, a number, true, false or null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A name in a context, like `steps.build.outputs.image`."""

    parts: tuple[str | int, ...]
    """The names and list indexes; the first is the context."""
    position: int = 0
    """Where it begins in the text."""

    def text(self) -> str:
        """Return it as people write it."""
        shown = str(self.parts[0])
        for part in self.parts[1:]:
            plain = isinstance(part, str) and re.fullmatch(r"[A-Za-z_]\w*", part)
            shown += f".{part}" if plain else f"[{part!r}]"
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """`!x`."""

    operand: "Expr"
    """What is negated."""
    position: int = 0
    """Where it begins in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """`a == b` or `a != b`."""

    left: "Expr"
    """The first value."""
    right: "Expr"
    """The second value."""
    equal: bool
    """True for `==`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic:
    """`a && b && …` or `a || b || …`."""

    every: bool
    """True for `&&`."""
    operands: "tuple[Expr, ...]"
    """Two or more; read from the left until the result is known."""
    position: int = 0
    """Where it begins in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One of `FUNCTIONS`."""

    name: str
    """Its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`a + b` and its like: an operator between two values."""

    sign: str
    """One of `< <= > >= in + - * / %`."""
    left: "Expr"
    """The first value."""
    right: "Expr"
    """The second value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """`-x`."""

    operand: "Expr"
    """What is negated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`condition ? then : other`."""

    condition: "Expr"
    """Decides."""
    then: "Expr"
    """The value where it is true."""
    other: "Expr"
    """The value where it is false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """The variable of the `all`, `exists`, `filter` or `map` around it."""

    name: str
    """Its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`x.name` of a value that is no plain path."""

    target: "Expr"
    """The value."""
    name: str
    """What is read of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """`x[key]` of a value that is no plain path, or with a key that is computed."""

    target: "Expr"
    """The value."""
    key: "Expr"
    """What is read of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """A function or a method with its arguments."""

    name: str
    """Its name."""
    target: "Expr | None" = None
    """What the method belongs to; None: a function."""
    arguments: "tuple[Expr, ...]" = ()
    """The arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """`has(x.name)`."""

    operand: "Path | Member"
    """What is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """`x.all(v, body)` and its like."""

    name: str
    """One of `all exists exists_one filter map`."""
    target: "Expr"
    """The list, or the mapping whose keys are taken."""
    variable: str
    """The name of each item."""
    bodies: "tuple[Expr, ...]"
    """One, or for `map` also two: a condition and a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """`[a, b]`."""

    values: "tuple[Expr, ...]"
    """The items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """`{'a': b}`."""

    pairs: "tuple[tuple[Expr, Expr], ...]"
    """Keys and values."""


Beyond: TypeAlias = (
    Operation
    | Negative
    | Choice
    | Variable
    | Member
    | Index
    | Invoke
    | Has
    | Loop
    | Items
    | Entries
)
"""What needs the CEL library to be evaluated."""
Expr: TypeAlias = Literal | Path | Not | Compare | Logic | Call | Beyond


def parts(expr: Expr) -> "tuple[Expr, ...]":
    """Return the expressions that an expression is directly made of."""
    match expr:
        case Not(operand=operand) | Negative(operand=operand) | Has(operand=operand):
            return (operand,)
        case Compare(left=left, right=right) | Operation(left=left, right=right):
            return (left, right)
        case Logic(operands=operands) | Items(values=operands):
            return operands
        case Choice(condition=condition, then=then, other=other):
            return (condition, then, other)
        case Member(target=target):
            return (target,)
        case Index(target=target, key=key):
            return (target, key)
        case Invoke(target=owner, arguments=arguments):
            return arguments if owner is None else (owner, *arguments)
        case Loop(target=target, bodies=bodies):
            return (target, *bodies)
        case Entries(pairs=pairs):
            return tuple(each for pair in pairs for each in pair)
        case _:
            return ()


def walk(expr: Expr) -> list[Expr]:
    """Return an expression and everything in it, from the outside in."""
    found = [expr]
    for each in found:  # grows while it is read
        found += parts(each)
    return found


def is_plain(expr: Expr) -> bool:
    """Say whether it is evaluated without the CEL library."""
    return not any(isinstance(each, Beyond) for each in walk(expr))


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """One `${{ … }}` within a text."""

    expr: Expr
    """What stands between the braces."""
    offset: int
    """Where the text between the braces begins, in characters from 0."""


def fail(message: str, position: int = 0, hint: str = "") -> NoReturn:
    """Raise an ExpressionError; `position` counts characters from 0."""
    raise ExpressionError(message, position=position, hint=hint)
