"""The grammar of expressions: CEL without bytes, unsigned numbers, messages and types as values.

The names of functions and methods are checked here, so that a mistake is found before anything
runs; depth is bounded, so that no text can exhaust the stack.
"""

import difflib
from collections.abc import Callable, Sequence
from typing import NoReturn

from claude_agent.domain.expression_tokens import Token, number_of, text_of, tokens
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
    Variable,
    fail,
)

MAX_NESTING = 32
"""The deepest nesting of parentheses and `!`, and the longest path."""
MAX_TERMS = 100
"""The longest sum or product."""
FUNCTIONS = ("success", "failure", "always", "cancelled")
"""How things stand; none takes an argument."""
GLOBAL = {
    "hash": 1,
    "now": 0,
    "duration": 1,
    "timestamp": 1,
    "size": 1,
    "string": 1,
    "int": 1,
    "double": 1,
    "bool": 1,
    "has": 1,
}
"""The other functions with the number of their arguments."""
METHODS = {
    "size": 0,
    "contains": 1,
    "startsWith": 1,
    "endsWith": 1,
    "matches": 1,
    "getFullYear": 0,
    "getMonth": 0,
    "getDayOfMonth": 0,
    "getDayOfWeek": 0,
    "getDate": 0,
    "getDayOfYear": 0,
    "getHours": 0,
    "getMinutes": 0,
    "getSeconds": 0,
    "getMilliseconds": 0,
}
"""The methods with the number of their arguments."""
LOOPS = ("all", "exists", "exists_one", "filter", "map")
"""Methods that take a variable and look at each item."""
_LITERALS = {"true": True, "false": False, "null": None}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "in"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)


class Parser:
    """Reads one expression, once."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._variables: list[str] = []

    def whole(self) -> Expr:
        """Return the tree. Raises ExpressionError."""
        if self._next.kind == "end":
            fail("the expression is empty", self._next.position)
        expr = self._choice()
        token = self._next
        if token.kind != "end":
            self._refuse(token)
        return expr

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, sign: str) -> bool:
        if self._next.kind == "sign" and self._next.text == sign:
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._refuse(self._next, wanted=f"`{sign}`")

    def _refuse(self, token: Token, wanted: str = "") -> NoReturn:
        if token.kind == "end":
            fail(f"the expression ends where {wanted or 'a value'} belongs", token.position)
        expected = f"; {wanted} belongs here" if wanted else ""
        fail(f"`{token.text}` makes no sense here{expected}", token.position)

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            fail(f"the expression is nested deeper than {MAX_NESTING} levels", token.position)

    # From the weakest operator to the strongest ------------------------------------------------

    def _choice(self) -> Expr:
        condition = self._logic("||")
        if not self._take("?"):
            return condition
        self._deeper(self._next)
        then = self._logic("||")
        self._expect(":")
        found = Choice(condition=condition, then=then, other=self._choice())
        self._depth -= 1
        return found

    def _logic(self, sign: str) -> Expr:
        begin = self._next.position
        operands = [self._operand_of(sign)]
        while self._take(sign):
            operands.append(self._operand_of(sign))
        if len(operands) == 1:
            return operands[0]
        return Logic(every=sign == "&&", operands=tuple(operands), position=begin)

    def _operand_of(self, sign: str) -> Expr:
        return self._logic("&&") if sign == "||" else self._comparison()

    def _comparison(self) -> Expr:
        left = self._sum()
        token = self._next
        if token.kind not in {"sign", "name"} or token.text not in _COMPARISONS:
            return left
        self._at += 1
        right = self._sum()
        if self._next.kind != "text" and self._next.text in _COMPARISONS:
            fail("comparisons in a row need parentheses", self._next.position)
        if token.text in {"==", "!="}:
            return Compare(left=left, right=right, equal=token.text == "==")
        return Operation(sign=token.text, left=left, right=right)

    def _sum(self) -> Expr:
        return self._row(("+", "-"), self._product)

    def _product(self) -> Expr:
        return self._row(("*", "/", "%"), self._unary)

    def _row(self, signs: tuple[str, ...], operand: Callable[[], Expr]) -> Expr:
        left = operand()
        count = 1
        while self._next.kind == "sign" and self._next.text in signs:
            token = self._next
            self._at += 1
            count += 1
            if count > MAX_TERMS:
                fail(f"more than {MAX_TERMS} values in a row of `{token.text}`", token.position)
            left = Operation(sign=token.text, left=left, right=operand())
        return left

    def _unary(self) -> Expr:
        token = self._next
        self._deeper(token)
        if self._take("!"):
            expr: Expr = Not(operand=self._unary(), position=token.position)
        elif self._take("-"):
            expr = self._negative()
        else:
            expr = self._followed(self._value())
        self._depth -= 1
        return expr

    def _negative(self) -> Expr:
        if self._next.kind == "number":
            self._at += 1
            return self._followed(Literal(value=-number_of(self._tokens[self._at - 1])))
        return Negative(operand=self._unary())

    # Values ------------------------------------------------------------------------------------

    def _value(self) -> Expr:
        token = self._next
        self._at += 1
        match token.kind:
            case "number":
                return Literal(value=number_of(token))
            case "text":
                return Literal(value=text_of(token))
            case "name" if token.text in _LITERALS:
                return Literal(value=_LITERALS[token.text])
            case "name" if token.text not in _RESERVED:
                return self._named(token)
            case "sign" if token.text == "(":
                expr = self._choice()
                self._expect(")")
                return expr
            case "sign" if token.text == "[":
                return Items(values=self._listed("]"))
            case "sign" if token.text == "{":
                return self._entries()
        return self._refuse(token, wanted="a value")

    def _named(self, token: Token) -> Expr:
        if self._take("("):
            return self._function(token)
        if token.text in self._variables:
            return Variable(name=token.text)
        return self._path(token)

    def _path(self, token: Token) -> Path:
        parts: list[str | int] = [token.text]
        while len(parts) <= MAX_NESTING:
            ahead = self._tokens[self._at : self._at + 3]
            signs = [each.text if each.kind == "sign" else each.kind for each in ahead]
            if signs[:2] == [".", "name"] and signs[2:] != ["("]:
                parts.append(ahead[1].text)
                self._at += 2
            elif signs in (["[", "text", "]"], ["[", "number", "]"]):
                is_text = ahead[1].kind == "text"
                parts.append(text_of(ahead[1]) if is_text else _whole(ahead[1]))
                self._at += 3
            else:
                return Path(parts=tuple(parts), position=token.position)
        return fail(f"a path may have {MAX_NESTING} parts", token.position)

    def _followed(self, expr: Expr) -> Expr:
        count = 0
        while True:
            count += 1
            if count > MAX_NESTING:
                fail(f"a path may have {MAX_NESTING} parts", self._next.position)
            if self._take("."):
                expr = self._member(expr)
            elif self._take("["):
                expr = Index(target=expr, key=self._choice())
                self._expect("]")
            else:
                return expr

    def _member(self, expr: Expr) -> Expr:
        token = self._next
        if token.kind != "name":
            self._refuse(token, wanted="a name")
        self._at += 1
        if not self._take("("):
            return Member(target=expr, name=token.text)
        if token.text in LOOPS:
            return self._loop(token, expr)
        if token.text not in METHODS:
            fail(
                f"there is no method `.{token.text}()`",
                token.position,
                _near(token.text, (*METHODS, *LOOPS)),
            )
        arguments = self._listed(")")
        _count(token, len(arguments), METHODS[token.text])
        return Invoke(name=token.text, target=expr, arguments=arguments)

    def _loop(self, token: Token, target: Expr) -> Expr:
        name = self._next
        if name.kind != "name" or name.text in _LITERALS or name.text in _RESERVED:
            fail(f"`.{token.text}()` needs a variable first", name.position, "like all(t, t > 0)")
        self._at += 1
        self._expect(",")
        self._variables.append(name.text)
        bodies = self._listed(")")
        self._variables.pop()
        if len(bodies) not in ((1, 2) if token.text == "map" else (1,)):
            fail(f"`.{token.text}()` takes a variable and an expression", token.position)
        return Loop(name=token.text, target=target, variable=name.text, bodies=bodies)

    def _function(self, token: Token) -> Expr:
        if token.text not in FUNCTIONS and token.text not in GLOBAL:
            hint = _near(token.text, (*FUNCTIONS, *GLOBAL))
            fail(f"there is no function `{token.text}()`", token.position, hint)
        arguments = self._listed(")")
        _count(token, len(arguments), GLOBAL.get(token.text, 0))
        if token.text in FUNCTIONS:
            return Call(name=token.text)
        if token.text != "has":
            return Invoke(name=token.text, arguments=arguments)
        asked = arguments[0]
        if not isinstance(asked, Path | Member) or (
            isinstance(asked, Path) and not isinstance(asked.parts[-1], str)
        ):
            fail("`has()` takes a path", token.position, "like has(inputs.note)")
        return Has(operand=asked)

    def _listed(self, end: str) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while not self._take(end):
            if found:
                self._expect(",")
                if end != ")" and self._take(end):  # a comma may stand behind the last one
                    break
            found.append(self._choice())
        return tuple(found)

    def _entries(self) -> Expr:
        pairs: list[tuple[Expr, Expr]] = []
        while not self._take("}"):
            if pairs:
                self._expect(",")
                if self._take("}"):
                    break
            token = self._next
            key = self._choice()
            if not isinstance(key, Literal) or not isinstance(key.value, str):
                fail("the key of a mapping is a quoted text", token.position)
            self._expect(":")
            pairs.append((key, self._choice()))
        return Entries(pairs=tuple(pairs))


def _whole(token: Token) -> int:
    number = number_of(token)
    if not isinstance(number, int):
        fail(f"`{token.text}` is no number of an item", token.position)
    return number


def _count(token: Token, given: int, wanted: int) -> None:
    if given != wanted:
        takes = f"takes {wanted or 'no'} argument{'' if wanted == 1 else 's'}"
        fail(f"`{token.text}()` {takes.replace('no arguments', 'no argument')}", token.position)


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name[:40], known, n=1)
    if near:
        return f"did you mean {near[0]}()?"
    return "there are " + ", ".join(f"{each}()" for each in known)
