"""Bound what an expression may cost before it is handed to the library, which cannot be stopped."""

from collections.abc import Mapping

from claude_agent.domain.expression_tree import (
    Expr,
    Items,
    Loop,
    Operation,
    Path,
    Value,
    Variable,
    fail,
    parts,
    walk,
)

MAX_ROUNDS = 100_000
"""The most rounds of all loops of an expression together (about half a second)."""
MAX_WEIGHT = 4_194_304
"""The most characters and values that an expression may read."""
MAX_CARRIED = 67_108_864
"""The most characters and values that its loops may take up, each round counted."""


class Cost:
    """Measures one expression over the values that it reads."""

    def __init__(self, expr: Expr, values: Mapping[Path, Value]) -> None:
        self._sizes: dict[Path, int] = {}
        self._weights: dict[Path, int] = {}
        self._longest = 1
        room = MAX_WEIGHT
        for path, value in values.items():
            weight, longest = weigh(value, room)
            room -= weight
            self._weights[path] = weight
            self._sizes[path] = len(value) if isinstance(value, list | tuple | Mapping) else 1
            self._longest = max(self._longest, longest)
        nodes = walk(expr)
        lists = [len(each.values) for each in nodes if isinstance(each, Items)]
        sums = sum(isinstance(each, Operation) and each.sign == "+" for each in nodes)
        # Value list in it: one that is read, one that is written out, or a sum of such.
        self._longest = (max([self._longest, *lists]) + sum(lists)) * (1 + sums)
        self._carried = 0
        self._total = sum(self._weights.values())

    def check(self, expr: Expr) -> None:
        """Raise ExpressionError where the expression could take too long or too much room."""
        rounds = self._rounds(expr, 1, 0)
        if rounds > MAX_ROUNDS:
            said = f"it could take {rounds:,} rounds"
            fail(f"the loops of an expression may take {MAX_ROUNDS:,} rounds; {said}")
        if self._carried > MAX_CARRIED:
            fail("the loops of an expression would copy too much", 0, "read less in their bodies")

    def _rounds(self, expr: Expr, times: int, depth: int) -> int:
        if isinstance(expr, Path) and times > 1:
            self._carried += times * self._weights.get(expr, 1)
        if isinstance(expr, Variable) and depth > 1:
            self._carried += times * self._total
        if not isinstance(expr, Loop):
            return sum(self._rounds(each, times, depth) for each in parts(expr))
        target = self._rounds(expr.target, times, depth)
        size = self._longest
        if isinstance(expr.target, Path):
            size = self._sizes.get(expr.target, 1)
        inner = min(times * max(size, 1), MAX_ROUNDS * MAX_ROUNDS)
        bodies = sum(self._rounds(each, inner, depth + 1) for each in expr.bodies)
        return target + inner + bodies


def weigh(value: Value, room: int) -> tuple[int, int]:
    """Return (characters and values, the longest list or mapping) of a value.

    Raises ExpressionError where it weighs more than `room`.
    """
    weight, longest = 0, 0
    waiting = [value]
    while waiting:
        each = waiting.pop()
        weight += 1 + (len(each) if isinstance(each, str) else 0)
        if isinstance(each, Mapping):
            waiting += each.values()
            weight += sum(map(len, each))
            longest = max(longest, len(each))
        elif isinstance(each, list | tuple):
            waiting += each
            longest = max(longest, len(each))
        if weight > room:
            fail(f"an expression may read {MAX_WEIGHT:,} characters; this one reads more")
    return weight, longest


def check_cost(expr: Expr, values: Mapping[Path, Value]) -> None:
    """Raise ExpressionError where evaluating could take too long or too much room."""
    Cost(expr, values).check(expr)
