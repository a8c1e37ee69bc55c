"""Read the text of an expression into a tree; bounded, so that no text can hang or crash it.

The language is the part of CEL that needs no CEL library: paths, literals, `!`, `==`, `!=`,
`&&`, `||`, parentheses and four functions. What CEL has beyond that is refused by name.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

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
    fail,
)

MAX_LENGTH = 4_096
"""The longest expression, in characters."""
MAX_NESTING = 32
"""The deepest nesting of parentheses and `!`, and the longest path."""
FUNCTIONS = ("success", "failure", "always", "cancelled")
"""The functions there are; none takes an argument."""
LATER_FUNCTIONS = (
    *("hash", "now", "duration", "size", "has", "string", "int", "double", "bool", "type"),
    *("matches", "contains", "startsWith", "endsWith", "all", "exists", "filter", "map"),
)
_LONGEST_NUMBER = 24
_LARGEST_NUMBER = 2**63 - 1
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/"}
_LITERALS = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=1_024)
def parse(text: str) -> Expr:
    """Read an expression without its `${{ }}`; raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        fail(f"an expression may have {MAX_LENGTH} characters, this one has {len(text)}", 0)
    return _Parser(text).whole()


def parse_template(text: str) -> tuple[str | Embedded, ...]:
    """Split a text into plain pieces and its `${{ … }}`; raises ExpressionError."""
    pieces: list[str | Embedded] = []
    at = 0
    while (begin := text.find("${{", at)) >= 0:
        inner = begin + 3
        end = _end_of_expression(text, inner)
        try:
            expr = parse(text[inner:end])
        except ExpressionError as error:
            raise ExpressionError(
                error.detail, position=inner + error.position, hint=error.hint
            ) from error
        pieces += [text[at:begin], Embedded(expr=expr, offset=inner)]
        at = end + 2
    pieces.append(text[at:])
    return tuple(piece for piece in pieces if piece != "")


def strip_braces(text: str) -> str:
    """Return the expression of a text that is one whole `${{ … }}`; else the text itself."""
    bare = text.strip()
    if bare.startswith("${{") and _end_or_none(bare, 3) == len(bare) - 2:
        return bare[3:-2].strip()
    return bare


def _end_of_expression(text: str, begin: int) -> int:
    end = _end_or_none(text, begin)
    if end is None:
        fail("`${{` without its `}}`", begin - 3)
    return end


def _end_or_none(text: str, begin: int) -> int | None:
    """Find `}}` outside of quotes, in one pass."""
    at = begin
    while match := _QUOTE_OR_END.search(text, at):
        if match[0] == "}}":
            return match.start()
        closing = _CLOSING[match[0]].match(text, match.end())
        if closing is None:
            return None
        at = closing.end()
    return None


_QUOTE_OR_END = re.compile(r"['\"]|\}\}")
_CLOSING = {
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL),
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL),
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    | (?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>&&|\|\||==|!=|[!().\[\]])
    | (?P<later><=|>=|[<>+\-*/%?:,{}])
    )""",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Expr:
        if self._next.kind == "end":
            fail("the expression is empty", self._next.position)
        expr = self._logic("||")
        token = self._next
        if token.kind != "end":
            self._refuse(token)
        return expr

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, sign: str) -> bool:
        if self._next.kind == "sign" and self._next.text == sign:
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._refuse(self._next, wanted=f"`{sign}`")

    def _refuse(self, token: _Token, wanted: str = "") -> NoReturn:
        if token.kind == "end":
            fail(f"the expression ends where {wanted or 'a value'} belongs", token.position)
        if token.kind == "later" or token.text == "in":
            hint = "" if token.text != "-" else "a name with a dash is written steps['build-image']"
            fail(f"`{token.text}` is not available yet in expressions", token.position, hint)
        expected = f"; {wanted} belongs here" if wanted else ""
        fail(f"`{token.text}` makes no sense here{expected}", token.position)

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
        left = self._unary()
        for sign in ("==", "!="):
            if self._take(sign):
                result = Compare(left=left, right=self._unary(), equal=sign == "==")
                if self._next.text in {"==", "!="} and self._next.kind == "sign":
                    fail("comparisons in a row need parentheses", self._next.position)
                return result
        return left

    def _unary(self) -> Expr:
        token = self._next
        self._depth += 1
        if self._depth > MAX_NESTING:
            fail(f"the expression is nested deeper than {MAX_NESTING} levels", token.position)
        if self._take("!"):
            expr: Expr = Not(operand=self._unary(), position=token.position)
        elif self._take("("):
            expr = self._logic("||")
            self._expect(")")
        else:
            expr = self._value()
        self._depth -= 1
        return expr

    def _value(self) -> Expr:
        token = self._next
        self._at += 1
        if token.kind == "number":
            return Literal(value=_number(token))
        if token.kind == "later" and token.text == "-" and self._next.kind == "number":
            self._at += 1
            return Literal(value=-_number(self._tokens[self._at - 1]))
        if token.kind == "text":
            return Literal(value=_text(token))
        if token.kind != "name" or token.text == "in":
            self._refuse(token, wanted="a value")
        if token.text in _LITERALS:
            return Literal(value=_LITERALS[token.text])
        if self._take("("):
            return self._call(token)
        return self._path(token)

    def _call(self, token: _Token) -> Expr:
        if token.text in LATER_FUNCTIONS:
            fail(f"`{token.text}()` is not available yet in expressions", token.position)
        if token.text not in FUNCTIONS:
            known = ", ".join(f"{name}()" for name in FUNCTIONS)
            fail(f"there is no function `{token.text}()`", token.position, f"there are {known}")
        if not self._take(")"):
            fail(f"`{token.text}()` takes no argument", self._next.position)
        return Call(name=token.text)

    def _path(self, token: _Token) -> Expr:
        parts: list[str | int] = [token.text]
        while True:
            if self._take("."):
                parts.append(self._name())
            elif self._take("["):
                parts.append(self._index())
                self._expect("]")
            else:
                return Path(parts=tuple(parts), position=token.position)
            if len(parts) > MAX_NESTING:
                fail(f"a path may have {MAX_NESTING} parts", token.position)

    def _name(self) -> str:
        token = self._next
        if token.kind != "name":
            self._refuse(token, wanted="a name")
        self._at += 1
        if self._next.kind == "sign" and self._next.text == "(":
            fail(f"`.{token.text}()` is not available yet in expressions", token.position)
        return token.text

    def _index(self) -> str | int:
        token = self._next
        self._at += 1
        if token.kind == "text":
            return _text(token)
        if token.kind == "name":
            fail("an index that is itself a path is not available yet", token.position)
        number = _number(token) if token.kind == "number" else None
        if not isinstance(number, int):
            self._refuse(token, wanted="a whole number or a quoted name")
        return number


def _tokens(text: str) -> list[_Token]:
    tokens = []
    at = 0
    while match := _TOKEN.match(text, at):
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    at = _space_end(text, at)
    if at < len(text):
        quoted = text[at] in "'\""
        fail("a quoted text has no end" if quoted else f"`{text[at]}` makes no sense here", at)
    tokens.append(_Token("end", "", len(text)))
    return tokens


def _space_end(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _number(token: _Token) -> int | float:
    # The length is looked at first: int() of thousands of digits is slow, then an error.
    number: int | float = _LARGEST_NUMBER + 1
    if len(token.text) <= _LONGEST_NUMBER:
        number = int(token.text) if token.text.isdecimal() else float(token.text)
    too_large = number > _LARGEST_NUMBER if isinstance(number, int) else number == float("inf")
    if too_large:
        fail(f"the number {token.text:.30} is out of range", token.position)
    return number


def _text(token: _Token) -> str:
    def unescape(match: re.Match[str]) -> str:
        sign = match[1]
        if sign[0] == "u" and len(sign) > 1:
            return chr(int(sign[1:], 16))
        if sign not in _ESCAPES:
            fail(f"`\\{sign}` means nothing in a quoted text", token.position + match.start() + 1)
        return _ESCAPES[sign]

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", unescape, token.text[1:-1], flags=re.DOTALL)
