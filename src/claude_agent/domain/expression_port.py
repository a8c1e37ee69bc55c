"""Where the CEL library is plugged in: the domain knows what it asks, not who answers."""

from collections.abc import Callable
from typing import TypeAlias

from claude_agent.domain.definition_parts import Data
from claude_agent.domain.expression_tree import Value, fail

Calculator: TypeAlias = Callable[[str, Data], Value]
"""CEL text and the values of its variables in, a plain JSON value out; raises ExpressionError.

Beside CEL's own it knows `_hash(x)`, `_time(milliseconds)`, `_duration(text)`, `_size(x)`,
`_string(x)` and `_bool(x)`.
"""
_installed: dict[str, Calculator] = {}


def install(calculator: Calculator) -> None:
    """Make `calculator` the one that evaluates what is more than plain paths."""
    _installed["cel"] = calculator


def calculate(text: str, values: Data) -> Value:
    """Evaluate CEL text. Raises ExpressionError, also where nobody was installed."""
    calculator = _installed.get("cel")
    if calculator is None:
        return fail("this expression needs the CEL library, which is not plugged in here")
    return calculator(text, values)
