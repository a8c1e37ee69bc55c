"""The tree that the text of an expression becomes, and the one error of expressions."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, TypeAlias

from claude_agent.errors import Invalid


class ExpressionError(Invalid):
    """An expression cannot be read or has no value; `position` counts characters from 0."""

    code: ClassVar[str] = "expression_invalid"

    def __init__(self, detail: str, *, position: int = 0, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value written out."""

    value: Any
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


Expr: TypeAlias = Literal | Path | Not | Compare | Logic | Call


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
