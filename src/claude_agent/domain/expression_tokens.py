"""The tokens of an expression: names, numbers, quoted texts, signs."""

import re
from dataclasses import dataclass

from claude_agent.domain.expression_tree import fail

_LONGEST_NUMBER = 24
_LARGEST_NUMBER = 2**63 - 1
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/"}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    | (?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>&&|\|\||==|!=|<=|>=|[!().\[\]<>+\-*/%?:,{}])
    )""",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of an expression."""

    kind: str
    """`number`, `text`, `name`, `sign` or `end`."""
    text: str
    """As it is written."""
    position: int
    """Where it begins, in characters from 0."""


def tokens(text: str) -> list[Token]:
    """Split an expression; the last token is `end`. Raises ExpressionError."""
    found = []
    at = 0
    while match := _TOKEN.match(text, at):
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    at = _space_end(text, at)
    if at < len(text):
        quoted = text[at] in "'\""
        fail("a quoted text has no end" if quoted else f"`{text[at]}` makes no sense here", at)
    found.append(Token("end", "", len(text)))
    return found


def _space_end(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def number_of(token: Token) -> int | float:
    """Return the value of a number."""
    # The length is looked at first: int() of thousands of digits is slow, then an error.
    number: int | float = _LARGEST_NUMBER + 1
    if len(token.text) <= _LONGEST_NUMBER:
        number = int(token.text) if token.text.isdecimal() else float(token.text)
    too_large = number > _LARGEST_NUMBER if isinstance(number, int) else number == float("inf")
    if too_large:
        fail(f"the number {token.text:.30} is out of range", token.position)
    return number


def text_of(token: Token) -> str:
    """Return the value of a quoted text."""

    def unescape(match: re.Match[str]) -> str:
        sign = match[1]
        if sign[0] == "u" and len(sign) > 1:
            return chr(int(sign[1:], 16))
        if sign not in _ESCAPES:
            fail(f"`\\{sign}` means nothing in a quoted text", token.position + match.start() + 1)
        return _ESCAPES[sign]

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", unescape, token.text[1:-1], flags=re.DOTALL)
